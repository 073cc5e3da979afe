import { createActor, type ActorRefFrom, type AnyActorRef } from 'xstate';
import { qemuGaMachine, type QemuGaEvent, type QemuGaState } from '../machines/qemu-ga.ts';
import type { QemuGaCodec } from '../transport/codecs/qemu-ga.ts';
import { isOfParser, refusesIds } from '../transport/codecs/qemu-ga-errors.ts';
import { quote, type RemoteProtocolError } from '../transport/errors.ts';
import type { IncomingMessage, WireError } from '../transport/messages.ts';
import { backoff, durations, type Timer } from '../transport/timers.ts';
import type { CallResult } from './call.ts';
import { ChartEffects } from './chart-effects.ts';
import type { Greeting, GreetingHost } from './greeting.ts';
import type { Methods } from './methods.ts';
import { changesList, isSilentByName, readList, type Command } from './qemu-ga-list.ts';
import { watched } from './watched-chart.ts';

/** The one command that is on the line. */
interface OnLine {
  readonly tag: string;
  readonly method: string;
  /** Whether it is answered only if it fails. */
  readonly isSilent: boolean;
  /** What it comes to unless its answer is here before the next sync's. */
  error?: WireError;
}

/** Of a command whose answer was dropped with what came before a sync's, or never came. */
const unheard: WireError = {
  code: 'INVALID_RESPONSE',
  message: "the agent's answer was not heard before it was synced with anew",
  known: 'perhaps-executed',
};

/**
 * The session with a qemu-guest-agent: its chart (`machines/qemu-ga.ts`) at work. A sync is not a call: it is no job, takes no slot
 * and is in nobody's way.
 */
export class QemuGaGreeting implements Greeting {
  readonly methods: Methods = {};
  readonly #host: GreetingHost;
  /** From the first line on. */
  #actor: ActorRefFrom<typeof qemuGaMachine> | undefined;
  readonly #effects = new ChartEffects();
  #commands: ReadonlyMap<string, Command> | undefined;
  /** When the list came, or was last doubted. */
  #listedAt = 0;
  /** Whether file systems were frozen on this line: few commands are enabled until they are thawed. */
  #isFrozen = false;
  #onLine: OnLine | undefined;
  /** The number of the last sync, and whether the stream has not taken it. */
  #number = 0;
  #drawn = 0;
  #isWriting = false;
  /** Whether the last sync flushes: what came before its answer was dropped, but for answers with the id of the call that is out. */
  #isFlushed = false;
  /** Whether the sync behind a silent command was answered after all, too late: the agent had read the command. */
  #isReadLate = false;
  #timer: Timer | undefined;
  /** The question for the list that is out. */
  #asking: AbortController | undefined;
  #isOpen = false;
  #isStopping = false;
  #watching: { unsubscribe(): void } | undefined;

  constructor(host: GreetingHost) {
    this.#host = host;
  }

  get remoteMethods(): ReadonlySet<string> | undefined {
    if (this.#commands === undefined) return undefined;
    return new Set([...this.#commands].filter(([, { enabled }]) => enabled).map(([name]) => name));
  }

  begin(): void {
    // Of a line that is open: the chart itself wants it greeted anew, or somebody else does.
    if (this.#isOpen) return this.#state === 'ready' ? this.#send({ type: 'out_of_step' }) : undefined;
    this.#watching ??= this.#host.transport.damage$.subscribe((error) => this.#damaged(error));
    this.#actor ??= this.#start();
    this.#isOpen = true;
    this.#forget();
    this.#send({ type: 'opened' });
  }

  end(): boolean {
    this.#isOpen = false;
    this.#forget();
    this.#send({ type: 'closed' });
    return false;
  }

  stop(): void {
    this.#isStopping = true;
    if (!this.#isAwaited()) this.#endList();
  }

  close(): void {
    this.end();
    this.#disarm();
    this.#watching?.unsubscribe();
    if (this.#actor !== undefined) this.#host.stopChild(this.#actor as unknown as AnyActorRef);
    this.#actor = undefined;
  }

  refusal(method: string, isNext: boolean): string | undefined {
    // Before its turn the list may be another: a thaw may be among those before it, or the agent be one that has restarted.
    if (!isNext && (this.#isFrozen || this.#state !== 'ready')) return undefined;
    const command = this.#commands?.get(method);
    if (this.#commands === undefined || command?.enabled === true) return undefined;
    if (command === undefined) {
      if (!isNext) this.#doubtList();
      return `the agent has no command ${quote(method)}`;
    }
    return `the agent has the command ${quote(method)}, and it is disabled there`;
  }

  sending(tag: string, method: string, frame: Uint8Array): Uint8Array {
    const isSilent = this.#commands === undefined ? isSilentByName(method) : this.#commands.get(method)?.answers === false;
    this.#onLine = { tag, method, isSilent };
    return this.#hasIds ? frame : this.#codec.withoutId(frame, tag);
  }

  sent(tag: string): void {
    if (this.#onLine?.tag === tag && this.#onLine.isSilent) this.#send({ type: 'silent' });
  }

  givenUp(tag: string): void {
    if (this.#onLine?.tag !== tag) return;
    this.#onLine = undefined;
    this.#send({ type: 'out_of_step' });
  }

  take(message: IncomingMessage): IncomingMessage | undefined {
    // The codec gives nothing else.
    if (message.type !== 'response') return undefined;
    const { tag, answer } = message;
    if (typeof tag === 'number') {
      if (tag === this.#number) this.#send({ type: 'synced' });
      else this.#isReadLate = true;
      return undefined;
    }
    const onLine = this.#onLine;
    if (tag === undefined) {
      if (onLine === undefined || this.#state === 'syncing') return this.#unclaimed();
      if (!answer.ok && (this.#hasIds || isOfParser(answer.error))) return this.#notUnderstood(answer.error);
      if (this.#hasIds) return this.#unclaimed();
    } else if (tag !== onLine?.tag) return message;
    this.#onLine = undefined;
    // Before the answer is handed on: nothing may be sent in between. Without ids an error may be of anything that was read.
    if (answer.ok) this.#noteChange(onLine.method);
    else if (tag === undefined) this.#send({ type: 'out_of_step' });
    return { ...message, tag: onLine.tag };
  }

  // What the chart asks for.

  #hold(): void {
    this.#host.manager.gate('exempt');
    this.#host.transport.resync();
  }

  #sync(flushes: boolean, syncs: number): void {
    // What a call's callback did meanwhile may have ended the peer; so below.
    if (!this.#isOpen) return;
    const { random, transport } = this.#host;
    this.#isFlushed = flushes;
    if (!flushes) this.#isReadLate = false;
    this.#startTimer(backoff(syncs, durations.qemuGaSyncFirst, durations.qemuGaSyncLast, random), { type: 'late' });
    // The stream is full, perhaps of the last one: more of them tell the agent no more.
    if (this.#isWriting) return;
    // No other session's, and none of this one's: whatever the source of randomness.
    const drawn = Math.floor(random() * 0x10_0000) * 0x1_0000_0000 + Math.floor(random() * 0x1_0000_0000);
    this.#number = drawn + ++this.#drawn;
    const kept = this.#hasIds ? this.#onLine?.tag : undefined;
    const frame = this.#codec.sync(this.#number, flushes, kept);
    const message = { type: 'request', tag: this.#number, method: 'guest-sync-delimited', params: { id: this.#number } };
    if (this.#host.isTraced) this.#host.trace('out', message, frame.length);
    this.#isWriting = true;
    transport.write(frame, () => (this.#isWriting = false));
  }

  /** The call that is out has had its chance: the agent is done with all that came before the sync. */
  #settle(): void {
    const onLine = this.#onLine;
    this.#onLine = undefined;
    if (onLine === undefined) return;
    const { tag, isSilent, error } = onLine;
    // It is known not to have failed only if it was read, and its error would have been heard.
    const isHeard = !this.#isFlushed || (this.#isReadLate && this.#hasIds);
    const hasSucceeded = error === undefined && isSilent && isHeard;
    this.#host.manager.readDone(tag, hasSucceeded ? { ok: true, value: undefined } : { ok: false, error: error ?? unheard });
  }

  #list(): void {
    if (!this.#isOpen || (this.#isStopping && !this.#isAwaited())) return;
    const asking = new AbortController();
    this.#asking = asking;
    this.#commands = undefined;
    const options = { urgency: 2, timeoutMs: durations.qemuGaList, signal: asking.signal } as const;
    this.#host.outgoing.start('guest-info', undefined, options, true, (result) => {
      if (asking.signal.aborted) return;
      this.#asking = undefined;
      this.#heardList(result);
    });
  }

  /** What damaged a name in the list was not noticed, as nothing there is checked: it is asked for anew, for the calls after this one. */
  #doubtList(): void {
    const now = this.#host.manager.timers.clock.now();
    if (now - this.#listedAt < durations.qemuGaList) return;
    this.#listedAt = now;
    queueMicrotask(() => {
      if (this.#isOpen && this.#state === 'ready') this.#send({ type: 'changed' });
    });
  }

  #heardList(result: CallResult): void {
    if (!result.ok && result.error.code === 'QUEUE_FULL') return this.#startTimer(durations.qemuGaListAgain, { type: 'list_again' });
    // It was not answered: given up, or the line is gone. The chart hears of that by itself.
    if (!result.ok && result.error.known !== 'executed' && result.error.known !== 'refused') return;
    this.#commands = result.ok ? readList(result.value) : undefined;
    this.#listedAt = this.#host.manager.timers.clock.now();
    this.#send({ type: 'listed' });
  }

  #endList(): void {
    const asking = this.#asking;
    this.#asking = undefined;
    if (asking === undefined) return;
    this.#onLine = undefined;
    asking.abort();
  }

  // The rest.

  #noteChange(method: string): void {
    const freezes = changesList(method);
    if (freezes === undefined) return;
    this.#isFrozen = freezes === 'frozen';
    this.#send({ type: 'changed' });
  }

  #notUnderstood(error: WireError): undefined {
    const onLine = this.#onLine as OnLine;
    if (onLine.error !== undefined) return this.#unclaimed();
    const message = `the agent did not understand what reached it: ${error.message}`;
    // Without ids an answer to it could not be told from the rest, so it is not waited for.
    onLine.error = { ...error, code: 'PARSE_ERROR', message, known: this.#hasIds ? undefined : 'perhaps-executed' };
    this.#send({ type: 'not_understood', refusesIds: refusesIds(error) });
  }

  /** What was dropped may have been the answer that a call waits for. */
  #damaged({ message }: RemoteProtocolError): void {
    const onLine = this.#onLine;
    // Among what was dropped before the sync's answer, which is told when that is here, may be the error of a silent command.
    if (this.#state === 'syncing') this.#isReadLate = false;
    if (onLine === undefined || onLine.error !== undefined || this.#state === 'syncing') return;
    onLine.error = { code: 'INVALID_RESPONSE', message: `the agent's answer can not be read: ${message}`, known: 'perhaps-executed' };
    this.#send({ type: 'not_understood', refusesIds: false });
  }

  #unclaimed(): undefined {
    this.#host.onUnclaimed();
  }

  #forget(): void {
    this.#commands = undefined;
    this.#onLine = undefined;
    this.#isWriting = this.#isFrozen = false;
  }

  /** Whether calls of ours wait for the greeting, besides its own. */
  #isAwaited(): boolean {
    return this.#host.manager.slots.client.count > (this.#asking === undefined ? 0 : 1);
  }

  #startTimer(ms: number, event: QemuGaEvent): void {
    this.#disarm();
    this.#timer = this.#host.manager.timers.start(ms, () => this.#send(event));
  }

  #disarm(): void {
    this.#host.manager.timers.cancel(this.#timer);
    this.#timer = undefined;
  }

  #start(): ActorRefFrom<typeof qemuGaMachine> {
    const { after } = this.#effects;
    const chart = qemuGaMachine.provide({
      actions: {
        hold: () => after(() => this.#hold()),
        sync: (_, { flushes, syncs }) => after(() => this.#sync(flushes, syncs)),
        disarm: () => after(() => this.#disarm()),
        settle: () => after(() => this.#settle()),
        list: () => after(() => this.#list()),
        endList: () => after(() => this.#endList()),
        admit: () => after(() => this.#host.transport.greeted()),
        report: () => after(() => this.#host.onUnclaimed()),
      },
    });
    const actor = createActor(watched(chart, 'qemu-ga'), { id: 'qemu-ga', parent: this.#host.ref as never });
    actor.start();
    return actor;
  }

  get #state(): QemuGaState {
    return this.#actor?.getSnapshot().value ?? 'closed';
  }

  get #hasIds(): boolean {
    return this.#actor?.getSnapshot().context.ids ?? true;
  }

  get #codec(): QemuGaCodec {
    return this.#host.transport.codec as QemuGaCodec;
  }

  #send(event: QemuGaEvent): void {
    this.#actor?.send(event);
    this.#effects.run();
  }
}
