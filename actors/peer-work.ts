import type { Observable } from 'rxjs/internal/Observable';
import { Subject } from 'rxjs/internal/Subject';
import type { AnyActorRef, SnapshotFrom } from 'xstate';
import { noticeJob } from '../machines/notice-job.ts';
import type { LinkState } from '../machines/link.ts';
import type { peerMachine, PeerContext, PeerEvent } from '../machines/peer.ts';
import { lineEchoes } from '../transport/codecs/damage.ts';
import { quote, VirtagentError } from '../transport/errors.ts';
import type { Codec, IncomingMessage } from '../transport/messages.ts';
import type { Protocol, ProtocolName } from '../transport/protocols.ts';
import { checkedRandom, secureRandom, steadyRandom } from '../transport/random.ts';
import type { Session } from '../transport/session/session.ts';
import type { TransportCounters, TransportInput } from '../transport/transport-input.ts';
import type { Transport } from '../transport/transport.ts';
import { EarlyCalls } from './early-calls.ts';
import type { Greeting, GreetingHost } from './greeting.ts';
import { Detection } from './detection.ts';
import { greetingOf } from './greetings.ts';
import { Incoming, type IncomingHost } from './incoming.ts';
import type { Kind } from './kinds.ts';
import { Manager } from './manager.ts';
import type { ManagerOptions } from './manager-options.ts';
import { methodNamed, type MethodDefinition, type Methods } from './methods.ts';
import { Outgoing } from './outgoing.ts';
import type { CheckedPeerOptions } from './peer-options.ts';
import { isThenable, type Schema } from './schema.ts';
import { SessionGreeting } from './session-greeting.ts';

/** A message that crossed the line, for traces. */
export interface TracedMessage {
  readonly direction: 'in' | 'out';
  readonly message: object;
  /** What it took on the line. */
  readonly bytes: number;
}

/** What a peer has seen and done. */
export interface PeerCounters extends Readonly<TransportCounters> {
  /** Events that broke the contract: see {@link Manager.violations}; the link's among them. */
  readonly violations: number;
  /** Notifications, progress and answers without an id of the peer that nobody took. */
  readonly unclaimed: number;
  /** Answers to calls that had been cancelled, or whose deadline had passed: dropped. */
  readonly late: number;
}

/** One-way messages: before requests (refusals, cancels, progress), or among them (notifications). */
const noticeKind: Kind = { name: 'notice', chart: noticeJob, class: 'server', slots: ['send'], ownsTag: false };
const notificationKind: Kind = { name: 'notification', chart: noticeJob, class: 'client', slots: ['send'], ownsTag: false };

/** Until it is known what is spoken: nothing is, and what is read is kept elsewhere. */
const undecidedCodec: Codec = {
  buffered: 0,
  push: () => [],
  end: () => [],
  encode: ({ type }) => {
    throw new VirtagentError('UNSUPPORTED', `it is not known yet what the other side speaks: no ${type} can be sent`);
  },
};

const works = new WeakMap<AnyActorRef, PeerWork>();

/** The work of the peer that an actor runs. */
export function workOf(ref: AnyActorRef): PeerWork {
  return works.get(ref) as PeerWork;
}

/**
 * What a peer's parts do for one another: the manager's jobs, the transport's line, the protocol's greeting, and the calls both ways.
 * What it is to do when, its chart says (`machines/peer.ts`); what callers see of it is {@link Peer}.
 */
export class PeerWork implements IncomingHost, GreetingHost {
  readonly ref: AnyActorRef;
  readonly outgoing: Outgoing;
  readonly tagPrefix: string;
  readonly stopChild: (child: AnyActorRef) => void;
  /** Notifications, progress and answers that nobody took. */
  unclaimed = 0;
  /** Answers to calls that had been given up. */
  late = 0;
  isStopped = false;
  #options: CheckedPeerOptions;
  readonly #incoming: Incoming;
  readonly #traced = new Subject<TracedMessage>();
  #greeting: Greeting | undefined;
  /** With `protocol: 'auto'`. */
  #detection: Detection | undefined;
  /** The same, until the protocol is known. */
  #early: EarlyCalls | undefined;
  #manager: Manager | undefined;
  #transport: Transport | undefined;
  #owesMuch = false;
  /** What is drawn from; what fails is told and made up for. */
  readonly random: () => number;

  constructor(ref: AnyActorRef, options: CheckedPeerOptions, stopChild: (child: AnyActorRef) => void) {
    works.set(ref, this);
    this.ref = ref;
    this.stopChild = stopChild;
    this.#options = options;
    this.tagPrefix = tagPrefix(checkedRandom(options.random));
    this.random = steadyRandom(options.random, secureRandom, (error) => this.onUserError(error, 'random'));
    this.outgoing = new Outgoing(this);
    this.#incoming = new Incoming(this);
    this.#incoming.onOwed = () => this.#weighOwed();
    this.#greeting = options.detected === undefined ? greetingOf(this.#options, this) : this.#detect();
  }

  /** As they were given; with `protocol: 'auto'` those of the protocol, once it is known. */
  get options(): CheckedPeerOptions {
    return this.#options;
  }

  get manager(): Manager {
    return this.#manager as Manager;
  }

  get transport(): Transport {
    return this.#transport as Transport;
  }

  get greeting(): Greeting | undefined {
    return this.#greeting;
  }

  get early(): EarlyCalls | undefined {
    return this.#early;
  }

  /** With virtagent-2: the session that outlives lines. */
  get session(): Session | undefined {
    return this.#greeting instanceof SessionGreeting ? this.#greeting.session : undefined;
  }

  get protocol(): Protocol {
    return this.#options.protocol;
  }

  get timeoutMs(): number {
    return this.#options.timeoutMs;
  }

  get resultSchemas(): Readonly<Record<string, Schema>> {
    return this.#options.results;
  }

  get maxNestedCalls(): number {
    return this.#options.maxNestedCalls;
  }

  get maxOwedBytes(): number {
    return this.#options.maxOwedBytes;
  }

  get maxServerBytes(): number {
    return this.#options.managerLimits.maxServerBytes;
  }

  get messages$(): Observable<TracedMessage> {
    return this.#traced.asObservable();
  }

  get isTraced(): boolean {
    return this.#traced.observed;
  }

  trace(direction: 'in' | 'out', message: object, bytes: number): void {
    this.#traced.next({ direction, message, bytes });
  }

  methodNamed(name: string): MethodDefinition | undefined {
    const all = [this.#options.methods, this.#greeting?.methods ?? {}] as const;
    // Whoever does not know the protocol can't know either which of its own methods the greeting has.
    const [first, second] = this.#detection === undefined ? all : all.toReversed();
    return methodNamed(first as Methods, name) ?? methodNamed(second as Methods, name);
  }

  /** All that {@link methodNamed} knows. */
  get served(): Methods {
    return { ...this.#greeting?.methods, ...this.#options.methods };
  }

  onUnclaimed(): void {
    this.unclaimed++;
  }

  onUserError(error: unknown, method: string): void {
    try {
      const told: unknown = this.#options.onError?.(error, method);
      if (isThenable(told)) void Promise.resolve(told).then(undefined, () => {});
    } catch {
      // Nobody is left to tell; thrown on, it would keep the handler's slot for ever.
    }
  }

  // Its children.

  /** As they are made: before they are used, and kept after they have ended. */
  adopt(child: Manager | Transport): void {
    if (child instanceof Manager) this.#manager = child;
    else this.#transport = child;
  }

  managerOptions(): ManagerOptions {
    const { managerLimits, interpretCharts, clock } = this.#options;
    return {
      ...managerLimits,
      credits: this.#options.protocol.greeting === 'session',
      kinds: [noticeKind, notificationKind],
      interpretCharts,
      clock,
      random: this.random,
      onError: (error, operation) => this.onUserError(error, operation),
      onSettled: () => this.transport.settled(),
    };
  }

  transportInput(): TransportInput {
    const { createChannel, retries, clock, stallTimeoutMs, managerLimits } = this.#options;
    return {
      channel: createChannel(),
      createCodec: () => this.#createCodec(),
      session: () => this.session,
      retries,
      clock,
      random: this.random,
      stallTimeoutMs,
      // The part of the queue that is neither for what waits nor for what runs.
      mostNestedBytes: managerLimits.maxServerBytes / 4,
      onMessage: (message) => this.#take(message),
      onOpen: () => this.#opened(),
      onUp: () => {
        this.#detection?.up();
        this.manager.gate('all');
      },
      onUnwritable: () => this.manager.gate('none'),
      onInputEnded: () => {
        // A request could not be answered any more: it waits, and is known not to have been sent.
        this.manager.gate('exempt');
        this.#weighFinishing();
      },
      onClosing: () => this.#greeting?.closing?.(),
      onDown: () => this.#lineDown(),
      onState: (state, { reason, session }) => this.#tell({ type: 'link', state, reason, session }),
    };
  }

  // What the peer's chart asks for.

  /** No call is taken any more; those that wait until it is known what is spoken are begun, or end. */
  beginCalls(): void {
    const begun = (): void => {
      if (!this.isStopped) this.#tell({ type: 'begun' });
    };
    if (this.#early === undefined) begun();
    else void this.#early.stop().then(begun);
  }

  endGreeting(): void {
    this.#greeting?.stop?.();
  }

  /** Waits until the other side has all that was said, where that is known and the line may have lost it. */
  confirm(): void {
    const confirmed = (): void => this.#tell({ type: 'confirmed' });
    if (this.#greeting?.confirm === undefined) confirmed();
    else this.#greeting.confirm(confirmed);
  }

  /** The link has ended for good: calls that wait for another end with it. */
  endCalls(reason: unknown): void {
    if (reason === undefined) return this.#end(undefined);
    // Who called is to know that no other attempt will do.
    const code = reason instanceof VirtagentError && reason.code === 'PROTOCOL_MISMATCH' ? reason.code : 'LINE_LOST';
    const error = new VirtagentError(code, `the link has ended: ${asError(reason).message}`, { cause: reason });
    this.#end(error);
  }

  /** Ends at once, whatever it is doing. */
  stop(): void {
    this.#end(undefined);
  }

  #end(error = new VirtagentError('STOPPED', 'stopped')): void {
    if (this.isStopped) return;
    this.isStopped = true;
    // What a session lets go of frees send slots; nobody else is to have them.
    this.manager.gate('none');
    this.#greeting?.close();
    this.#detection?.close();
    this.#early?.close(error);
    this.manager.kill(error);
    this.outgoing.close(error);
    // Also a transport that failed: its actor is over, its stream is not.
    this.#transport?._stop();
    this.#traced.complete();
  }

  // The line.

  #opened(): void {
    // A session says itself when it is agreed: before that nothing of it can be sent.
    if (this.session === undefined) this.manager.gate('exempt');
    this.#detection?.begin();
    if (this.#greeting === undefined) this.transport.greeted();
    else this.#greeting.begin();
    // What is owed of a session outlives its line, and another line is no way around the limit.
    if (this.#owesMuch) this.transport.owed(true);
  }

  #lineDown(): void {
    if (this.#detection !== this.#greeting) this.#detection?.end();
    if (this.#greeting?.end() === true) {
      // What is on the line waits for the next.
      this.manager.gate('none');
      return this.transport.settled();
    }
    // A manager that has closed has no jobs to end, and will not say so.
    if (this.manager.ref.getSnapshot().status === 'active') this.manager.lineLost();
    else this.transport.settled();
  }

  #detect(): Greeting {
    this.#early = new EarlyCalls(() => this.manager.timers, this.#options.managerLimits.maxClientJobs);
    this.#detection = new Detection(this, (protocol) => this.#decided(protocol));
    return this.#detection;
  }

  /** It has become known what is spoken: on the line that is open, and on all later ones. */
  #decided(protocol: ProtocolName): void {
    const options = (this.#options.detected as (name: ProtocolName) => CheckedPeerOptions)(protocol);
    this.#options = options;
    this.manager.terms({ window: options.managerLimits.window, credits: options.protocol.greeting === 'session' });
    this.#greeting = greetingOf(this.#options, this);
    const early = this.#early;
    this.#early = undefined;
    this.transport.renewCodec();
    this.#opened();
    early?.release();
  }

  #createCodec(): Codec {
    if (this.#early !== undefined) return undecidedCodec;
    const { protocol, codecLimits } = this.#options;
    return this.session ?? protocol.createCodec(codecLimits);
  }

  #take(came: IncomingMessage): void {
    if (this.#detection?.isOwn(came) === true) return undefined;
    if (this.isTraced) this.trace('in', came, came.bytes);
    // Served here it would be answered by this side to itself, and the call succeed with nobody there. A session knows its own frames.
    if (came.type === 'request' && this.session === undefined && this.outgoing.isEcho(came))
      return this.transport.disown(lineEchoes, came.bytes);
    const message = this.#greeting?.take === undefined ? came : this.#greeting.take(came);
    if (message === undefined) return undefined;
    switch (message.type) {
      case 'request':
      case 'notification':
        return this.#incoming.take(message);
      case 'rejected':
        return this.#incoming.reject(message);
      case 'response': {
        const { tag } = message;
        if (typeof tag === 'string' && this.outgoing.isLate(tag)) {
          this.late++;
          return undefined;
        }
        const answer = typeof tag === 'string' ? this.outgoing.answer(tag, message.answer, message.items) : message.answer;
        const busy = !answer.ok && answer.error.code === 'BUSY';
        this.manager.readDone(typeof tag === 'string' ? tag : '', answer.ok ? answer : { ok: false, error: answer.error }, busy);
        return undefined;
      }
      case 'cancel':
        return this.#incoming.cancel(message.tag);
      case 'item':
        if (!this.outgoing.item(message.tag, message.at, message.value, message.bytes)) this.unclaimed++;
        return undefined;
      case 'more':
        return this.#incoming.more(message.tag, message.items, message.itemBytes);
      case 'status':
        return this.#incoming.tellStatus(message.tag, message.of);
      case 'limits':
        return undefined;
      case 'progress':
        if (!this.outgoing.progress(message.token, message.value)) this.unclaimed++;
        return undefined;
    }
  }

  /** Rule 11: reading stops only while the answers owed are over their limit; it goes on at half of it. */
  #weighOwed(): void {
    const { owedBytes } = this.#incoming;
    const { maxOwedBytes } = this.#options;
    const much = this.#owesMuch ? owedBytes > maxOwedBytes / 2 : owedBytes > maxOwedBytes;
    if (much !== this.#owesMuch) this.transport.owed((this.#owesMuch = much));
    if (this.#link === 'finishing') this.#weighFinishing();
  }

  /** The peer says no more: the line is done with once all that it asked is answered. */
  #weighFinishing(): void {
    queueMicrotask(() => {
      if (!this.isStopped && this.#link === 'finishing' && this.manager.slots.server.count === 0) this.transport.finished();
    });
  }

  get #link(): LinkState {
    return ((this.ref.getSnapshot() as SnapshotFrom<typeof peerMachine>).context as PeerContext).link;
  }

  #tell(event: PeerEvent): void {
    this.ref.send(event);
  }
}

/** Eight characters that differ from those of any earlier session. */
function tagPrefix(random: () => number): string {
  return Array.from({ length: 8 }, () => Math.floor(random() * 36).toString(36)).join('');
}

/** Why a link ended, as an error. */
export function asError(reason: unknown): Error {
  if (reason instanceof Error) return reason;
  return new VirtagentError('LINE_LOST', reason === undefined ? 'the peer was stopped' : quote(reason));
}
