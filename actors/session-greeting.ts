import { createActor, type ActorRefFrom, type AnyActorRef } from 'xstate';
import { sessionMachine, type SessionEvent, type SessionState } from '../machines/session.ts';
import { byeCodes } from '../transport/session/ends.ts';
import { Session, type SessionOptions } from '../transport/session/session.ts';
import { backoff, durations, type Timer } from '../transport/timers.ts';
import { ChartEffects } from './chart-effects.ts';
import type { Greeting, GreetingHost } from './greeting.ts';
import type { Methods } from './methods.ts';
import { watched } from './watched-chart.ts';

/** The session of virtagent-2: its chart (`machines/session.ts`) at work on what the wire says (`transport/session/`). */
export class SessionGreeting implements Greeting {
  readonly methods: Methods = {};
  readonly remoteMethods = undefined;
  readonly #host: GreetingHost;
  readonly #options: SessionOptions;
  readonly #effects = new ChartEffects();
  #session: Session | undefined;
  #actor: ActorRefFrom<typeof sessionMachine> | undefined;
  #isOpen = false;
  #isClosed = false;
  #timer: Timer | undefined;
  #keeping: Timer | undefined;
  /** Told when the other side has all that was said, or can't be asked any more. */
  #confirmed: (() => void) | undefined;

  constructor(host: GreetingHost, options: SessionOptions) {
    this.#host = host;
    this.#options = options;
  }

  get session(): Session {
    const host = this.#host;
    this.#session ??= new Session(
      {
        timers: host.manager.timers,
        random: host.random,
        get isFlushed() {
          return host.transport.isFlushed;
        },
        write: (bytes, taken) => host.transport.writeBytes(bytes, taken),
        tell: (event) => this.#send(event),
        credit: ({ requests, bytes }) => host.manager.credit(requests, bytes),
        discard: () => host.transport.discard(),
        silent: (reason) => host.transport.silent(reason),
      },
      this.#options,
    );
    return this.#session;
  }

  begin(): void {
    // Until both have agreed, nothing is sent: also no answer.
    this.#host.manager.gate('none');
    // Of a line that is open: the chart itself wants it greeted anew, and does.
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#actor ??= this.#start();
    this.session.lineOpened();
    this.#send({ type: 'opened' });
  }

  /** True if what is on the line outlives it. */
  end(): boolean {
    this.#isOpen = false;
    this.session.lineClosed();
    this.#send({ type: 'closed' });
    this.#confirmed?.();
    return this.#state === 'interrupted';
  }

  /** What a plain session said is on its way, and arrives. A reliable one waits until it is confirmed, as long as there is a line. */
  confirm(done: () => void): void {
    const { manager } = this.#host;
    this.#confirmed = () => {
      this.#confirmed = undefined;
      manager.timers.cancel(giveUp);
      done();
    };
    const giveUp = manager.timers.start(durations.confirm, () => this.#confirmed?.());
    if (this.#state === 'open' || this.#state === 'meeting') this.session.whenConfirmed(() => this.#confirmed?.());
    else this.#confirmed();
  }

  /** The line is closed by this side: the other is told that nothing comes any more. */
  closing(): void {
    this.session.bye(byeCodes.stopping, '');
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#disarm();
    this.#stopKeeping();
    this.#session?.close();
    if (this.#actor !== undefined) this.#host.stopChild(this.#actor as unknown as AnyActorRef);
    this.#actor = undefined;
  }

  // What the chart asks for.

  #hold(): void {
    this.#host.manager.gate('none');
    this.#host.transport.resync();
  }

  #hello(hellos: number): void {
    if (!this.#isOpen) return;
    this.#arm(backoff(hellos, durations.helloFirst, durations.helloLast, () => 0));
    this.session.hello();
  }

  /** From when it lost the line on which both had last agreed. */
  #keep(): void {
    this.#keeping ??= this.#host.manager.timers.start(this.session.keepMs, () => {
      this.#keeping = undefined;
      this.#send({ type: 'expired' });
    });
  }

  #stopKeeping(): void {
    this.#host.manager.timers.cancel(this.#keeping);
    this.#keeping = undefined;
  }

  #endSession(): void {
    this.session.renew();
    this.#host.manager.lineLost();
  }

  // The rest.

  #arm(ms: number): void {
    this.#disarm();
    this.#timer = this.#host.manager.timers.start(ms, () => this.#send({ type: 'repeat' }));
  }

  #disarm(): void {
    this.#host.manager.timers.cancel(this.#timer);
    this.#timer = undefined;
  }

  #start(): ActorRefFrom<typeof sessionMachine> {
    const { after } = this.#effects;
    const chart = sessionMachine.provide({
      actions: {
        hold: () => after(() => this.#hold()),
        hello: (_, { hellos }) => after(() => this.#hello(hellos)),
        disarm: () => after(() => this.#disarm()),
        tellLimits: (_, { again }) => after(() => this.session.tellLimits(again)),
        armRepeat: () => after(() => this.#arm(durations.limitsAgain)),
        admit: () => after(() => this.#host.transport.greeted()),
        keep: () => after(() => this.#keep()),
        stopKeeping: () => after(() => this.#stopKeeping()),
        endSession: () => after(() => this.#endSession()),
        fail: (_, { reason }) => after(() => this.#host.transport.fail(reason)),
        report: () => after(() => this.#host.onUnclaimed()),
      },
    });
    const actor = createActor(watched(chart, 'session'), { id: 'session', parent: this.#host.ref as never });
    actor.start();
    return actor;
  }

  get #state(): SessionState {
    return this.#actor?.getSnapshot().value ?? 'off';
  }

  #send(event: SessionEvent): void {
    this.#actor?.send(event);
    this.#effects.run();
  }
}
