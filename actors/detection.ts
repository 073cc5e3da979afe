import { createActor, type ActorRefFrom, type AnyActorRef } from 'xstate';
import { detectMachine, type DetectEvent, type DetectState, type Probe } from '../machines/detect.ts';
import { cleanLine, isOfProbe, probeBytes, probeNonce } from '../transport/detect/probes.ts';
import { Recogniser } from '../transport/detect/recogniser.ts';
import { VirtagentError } from '../transport/errors.ts';
import type { IncomingMessage } from '../transport/messages.ts';
import type { ProtocolName } from '../transport/protocols.ts';
import { backoff, durations, type Timer } from '../transport/timers.ts';
import { ChartEffects } from './chart-effects.ts';
import type { Greeting, GreetingHost } from './greeting.ts';
import type { Methods } from './methods.ts';
import { watched } from './watched-chart.ts';

/**
 * `protocol: 'auto'`: its chart (`machines/detect.ts`) at work. It is the peer's greeting until the protocol is known; then another
 * takes its place, and it only looks on while later lines are greeted.
 */
export class Detection implements Greeting {
  readonly methods: Methods = {};
  readonly remoteMethods = undefined;
  readonly #host: GreetingHost;
  readonly #decided: (protocol: ProtocolName) => void;
  readonly #effects = new ChartEffects();
  #actor: ActorRefFrom<typeof detectMachine> | undefined;
  /** What is heard on the present line while it is not up. */
  #recogniser: Recogniser | undefined;
  #hearing: { unsubscribe(): void } | undefined;
  #hasAsked = false;
  /** What all HELLOs on the present line say. */
  #line = '';
  #timer: Timer | undefined;

  /** @param decided - it is known: from now on the peer speaks it, on this line too. */
  constructor(host: GreetingHost, decided: (protocol: ProtocolName) => void) {
    this.#host = host;
    this.#decided = decided;
  }

  /** A line is open, whoever greets on it. */
  begin(): void {
    if (this.#recogniser !== undefined) return;
    this.#actor ??= this.#start();
    this.#hasAsked = false;
    this.#line = probeNonce(() => this.#drawn());
    const recogniser = new Recogniser(this.#line);
    this.#recogniser = recogniser;
    this.#hearing = this.#host.transport.chunks$.subscribe((chunk) => this.#hear(recogniser, chunk));
    this.#send({ type: 'opened' });
  }

  /** Nothing else needs to be looked for on this line. */
  up(): void {
    this.#hearing?.unsubscribe();
    this.#hearing = undefined;
  }

  end(): boolean {
    this.up();
    this.#recogniser = undefined;
    this.#send({ type: 'closed' });
    return false;
  }

  close(): void {
    this.end();
    this.#disarm();
    if (this.#actor !== undefined) this.#host.stopChild(this.#actor as unknown as AnyActorRef);
    this.#actor = undefined;
  }

  take(): undefined {
    return undefined;
  }

  /**
   * Questions that come back, and answers to questions, are nobody's calls. In JSON-RPC those are errors without an id: questions in
   * other protocols are no messages.
   */
  isOwn(message: IncomingMessage): boolean {
    if (message.type === 'request') return isOfProbe(message.tag);
    if (message.type !== 'response') return false;
    return isOfProbe(message.tag) || (this.#hasAsked && message.tag === null && !message.answer.ok);
  }

  #hear(recogniser: Recogniser, chunk: Uint8Array): void {
    const recognised = recogniser.push(chunk);
    if (this.#recogniser !== recogniser) return;
    if (recognised === undefined) return this.#send({ type: 'noise' });
    this.#send('protocol' in recognised ? { type: 'heard', ...recognised } : { type: 'foreign', ...recognised });
  }

  // What the chart asks for.

  #probe(protocol: Probe): void {
    if (this.#recogniser === undefined) return;
    this.#arm(durations.detectTry);
    this.#hasAsked = true;
    this.#host.transport.writeBytes(
      probeBytes(protocol, () => this.#drawn(), this.#line),
      () => {},
    );
  }

  #decide(protocol: ProtocolName): void {
    const { transport } = this.#host;
    const recogniser = this.#recogniser;
    this.up();
    const clean = this.#hasAsked ? cleanLine(protocol) : undefined;
    if (clean !== undefined) transport.writeBytes(clean, () => {});
    this.#decided(protocol);
    if (recogniser !== undefined && recogniser === this.#recogniser) transport.reads(recogniser.read);
  }

  #refuse(what: string): void {
    const protocol = this.#actor?.getSnapshot().context.protocol;
    const known = protocol === undefined ? '' : `, and was ${protocol} before`;
    this.#host.transport.fail(new VirtagentError('PROTOCOL_MISMATCH', `what is at the other end is ${what}${known}`));
  }

  // The rest.

  /** 48 random bits. */
  #drawn(): string {
    const { random } = this.#host;
    return Array.from({ length: 12 }, () => Math.floor(random() * 16).toString(16)).join('');
  }

  #arm(ms: number): void {
    this.#disarm();
    this.#timer = this.#host.manager.timers.start(ms, () => this.#send({ type: 'passed' }));
  }

  #disarm(): void {
    this.#host.manager.timers.cancel(this.#timer);
    this.#timer = undefined;
  }

  get state(): DetectState {
    return this.#actor?.getSnapshot().value ?? 'off';
  }

  #start(): ActorRefFrom<typeof detectMachine> {
    const { after } = this.#effects;
    const chart = detectMachine.provide({
      actions: {
        listen: () => after(() => this.#arm(durations.detectListen)),
        probe: (_, { protocol }) => after(() => this.#probe(protocol)),
        pause: (_, { rounds }) => after(() => this.#arm(backoff(rounds, durations.detectPauseFirst, durations.detectPauseLast, () => 0))),
        disarm: () => after(() => this.#disarm()),
        decide: (_, { protocol }) => after(() => this.#decide(protocol as ProtocolName)),
        refuse: (_, { what }) => after(() => this.#refuse(what)),
        report: () => after(() => this.#host.onUnclaimed()),
      },
    });
    const actor = createActor(watched(chart, 'detect'), { id: 'detect', parent: this.#host.ref as never });
    actor.start();
    return actor;
  }

  #send(event: DetectEvent): void {
    this.#actor?.send(event);
    this.#effects.run();
  }
}
