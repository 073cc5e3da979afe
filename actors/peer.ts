import { Observable, Subject } from 'rxjs';
import type { ActorLogic, ActorRefFromLogic, ActorSystem, ActorSystemInfo, AnyActorRef, SnapshotFrom } from 'xstate';
import { noticeJob } from '../machines/notice-job.ts';
import type { LinkState } from '../machines/link.ts';
import type { peerMachine, PeerContext, PeerEmitted, PeerEvent, PeerOutput } from '../machines/peer.ts';
import { invalidOption, quote, RemoteProtocolError, VirtagentError } from '../transport/errors.ts';
import { sessionBounds } from '../transport/limits.ts';
import type { Codec, IncomingMessage } from '../transport/messages.ts';
import type { ProtocolName } from '../transport/protocols.ts';
import type { Session } from '../transport/session/session.ts';
import type { Transport, TransportCounters, TransportInput } from '../transport/transport.ts';
import { Incoming, type IncomingHost } from './incoming.ts';
import { jobStates, type JobStateEvent } from './job-events.ts';
import type { Kind } from './kinds.ts';
import { Manager, type SlotReport } from './manager.ts';
import type { ManagerOptions } from './manager-options.ts';
import {
  methodNamed,
  type AnyMethods,
  type Methods,
  type CallArguments,
  type Caller,
  type CallResultOf,
  type CallOptions,
  type CallStatus,
  type ItemOf,
  type MethodTypes,
  type StreamOptions,
} from './methods.ts';
import type { Call, CallResult } from './call.ts';
import type { CallStream } from './call-stream.ts';
import { Outgoing, unattended } from './outgoing.ts';
import type { CheckedPeerOptions, PeerOptions } from './peer-options.ts';
import type { Greeting } from './greeting.ts';
import { Detection } from './detection.ts';
import { EarlyCalls } from './early-calls.ts';
import { QemuGaGreeting, type QemuGaHost } from './qemu-ga-greeting.ts';
import { SessionGreeting, type SessionGreetingHost } from './session-greeting.ts';
import { V7Greeting } from './v7-greeting.ts';

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

/** The call behind a promise, for questions about it (virtagent-2). A WeakMap of all calls would cost the collector more than they do. */
const callOf = Symbol('call');
type Asked = Promise<unknown> & { [callOf]?: Call };

/** A peer's snapshot: its `context` has the link's state. */
export type PeerSnapshot = SnapshotFrom<typeof peerMachine> & { output: PeerOutput | undefined };

/** The type of the logic `peer`, for an app's `setup`. */
export type PeerLogic = ActorLogic<PeerSnapshot, PeerEvent, PeerOptions, ActorSystem<ActorSystemInfo>, PeerEmitted>;

const peers = new WeakMap<AnyActorRef, Peer>();

/**
 * The peer that an actor of {@link peer} runs. `Remote` is the other side's methods.
 *
 * In a machine that invokes one as `agent`: `peerOf(snapshot.children.agent).call('ping')`.
 */
export function peerOf<Remote extends MethodTypes = AnyMethods>(ref: AnyActorRef | undefined): Peer<Remote> {
  const found = ref === undefined ? undefined : peers.get(ref);
  if (found === undefined) invalidOption('ref', ref?.id, 'an actor that runs the logic `peer`');
  return found as unknown as Peer<Remote>;
}

/** One end of a line, for callers: methods in both directions. Made by {@link createPeer} or found by {@link peerOf}. */
export class Peer<Remote extends MethodTypes = AnyMethods> implements Caller<Remote> {
  /** The peer's actor; its children are `manager` and `transport`. */
  readonly ref: ActorRefFromLogic<PeerLogic>;
  #options: CheckedPeerOptions;
  readonly #incoming: Incoming;
  readonly #outgoing: Outgoing;
  #greeting: Greeting | undefined;
  readonly #traced = new Subject<TracedMessage>();
  readonly #host: IncomingHost;
  readonly #stopChild: (child: AnyActorRef) => void;
  /** With `protocol: 'auto'`. */
  #detection: Detection | undefined;
  /** The same, until the protocol is known. */
  #early: EarlyCalls | undefined;
  #manager: Manager | undefined;
  #transport: Transport | undefined;
  #unclaimed = 0;
  #owesMuch = false;
  #stopped = false;

  /** @internal */
  constructor(ref: AnyActorRef, options: CheckedPeerOptions, stopChild: (child: AnyActorRef) => void) {
    peers.set(ref, this as unknown as Peer);
    this.ref = ref as ActorRefFromLogic<PeerLogic>;
    this.#options = options;
    this.#host = this.#hostOf(options);
    this.#outgoing = new Outgoing(this.#host);
    this.#incoming = new Incoming(this.#host);
    this.#incoming.onOwed = () => this.#weighOwed();
    this.#stopChild = stopChild;
    this.#greeting = options.detected === undefined ? this.#greetingOf(options) : this.#detect(options);
  }

  /** Calls a method of the other side: see {@link Caller.call}. */
  call<M extends keyof Remote & string>(method: M, ...rest: CallArguments<Remote[M]>): Promise<CallResultOf<Remote[M]>> {
    const [params, options = {}] = rest as unknown as [unknown, CallOptions?];
    let made: Call | undefined;
    const called = new Promise<CallResultOf<Remote[M]>>((resolve, reject) => {
      if (this.#stopped) throw new VirtagentError('STOPPED', `${method}: this peer has ended`, { known: 'not-sent', method });
      const settle = (result: CallResult): void => (result.ok ? resolve(result.value as CallResultOf<Remote[M]>) : reject(result.error));
      made = this.#outgoing.start(method, params, options, false, settle);
    });
    if (made !== undefined && (this.#session !== undefined || this.#early !== undefined)) (called as Asked)[callOf] = made;
    return called;
  }

  /**
   * Calls a method whose result comes in items (virtagent-2): an async iterable, with an observable beside it. The call is made when it is
   * first read; the handler returns an async iterable or an observable. Rejects as {@link call} does, after the items that came.
   */
  stream<M extends keyof Remote & string>(
    method: M,
    params?: CallArguments<Remote[M]>[0],
    options: StreamOptions<ItemOf<Remote[M]>> = {},
  ): CallStream<ItemOf<Remote[M]>> {
    return this.#outgoing.stream(method, params, options) as CallStream<ItemOf<Remote[M]>>;
  }

  /**
   * What is known of a call that {@link call} made: also of one that has ended, such as with LINE_LOST, whose request the other side may
   * have. Asks the other side, where it is not known here (virtagent-2). `unknown`: it never came there, or that side was restarted, or has
   * answered more than a thousand since.
   */
  statusOf(call: Promise<unknown> | string, options: Pick<CallOptions, 'signal' | 'timeoutMs'> = {}): Promise<CallStatus> {
    const made = typeof call === 'string' ? undefined : (call as Asked)[callOf];
    if (typeof call !== 'string' && made === undefined) invalidOption('call', call, 'what call() of this peer returned, or a tag');
    if (made?.localStatus === 'unsent') return Promise.resolve('unsent');
    return new Promise((resolve, reject) => {
      if (this.#stopped) throw new VirtagentError('STOPPED', 'this peer has ended', { known: 'not-sent' });
      this.#outgoing.statusOf(made?.tag ?? (call as string), options, (result) => {
        if (result.ok) resolve((result.value as { status?: CallStatus } | null)?.status ?? 'unknown');
        else reject(result.error);
      });
    });
  }

  /** Sends a request without response: see {@link Caller.notify}. */
  notify<M extends keyof Remote & string>(method: M, params?: CallArguments<Remote[M]>[0]): Promise<void> {
    const sent = new Promise<void>((resolve, reject) => {
      if (this.#stopped) throw new VirtagentError('STOPPED', `${method}: this peer has ended`, { known: 'not-sent', method });
      this.#outgoing.notify(method, params, (error) => (error === undefined ? resolve() : reject(error)));
    });
    return unattended(sent);
  }

  /**
   * Finishes what runs, takes nothing new, then closes the line. Resolves when it has ended.
   *
   * @param options - `timeoutMs`: milliseconds after which what still runs is ended at once; default none.
   */
  async stop({ timeoutMs = Infinity }: { readonly timeoutMs?: number } = {}): Promise<void> {
    if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0)) invalidOption('timeoutMs', timeoutMs, 'milliseconds from 0, or Infinity');
    const cut = this.#stopped ? undefined : this.manager.timers.start(timeoutMs, () => this.close());
    const ended = this.ended();
    // Calls that wait until it is known what is spoken are finished too.
    if (this.#early !== undefined) await Promise.race([this.#early.stop(), ended]);
    if (!this.#stopped) this.ref.send({ type: 'stop' });
    await ended;
    if (cut !== undefined) this.manager.timers.cancel(cut);
  }

  /** Ends at once: every call with its outcome, handlers aborted, the stream closed. Of a peer that an app invoked: leave the state. */
  close(): void {
    this._stop();
    if ((this.ref as { _parent?: unknown })._parent === undefined) (this.ref as unknown as { stop(): void }).stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /**
   * Tries to open the line now, where it waits before another attempt; the pauses begin anew. In every other state it does
   * nothing: a line that is there is kept.
   */
  reconnect(): void {
    if (!this.#stopped) this.transport.open();
  }

  /** Resolves when requests can be sent; rejects with the reason if the link ends before. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (context: PeerContext, isOver: boolean): boolean => {
        if (context.link === 'up') resolve();
        else if (isOver) reject(asError(context.reason));
        else return false;
        return true;
      };
      const now = this.ref.getSnapshot() as PeerSnapshot;
      if (look(now.context, this.#isOver())) return;
      const watching = this.ref.subscribe({
        next: (snapshot: PeerSnapshot) => {
          if (look(snapshot.context, snapshot.status !== 'active')) watching.unsubscribe();
        },
        complete: () => look({ ...this.#context(), link: 'ended' }, true),
        error: (reason: unknown) => reject(asError(reason)),
      });
    });
  }

  /** Resolves, with the reason, when the peer has ended: its link for good, or by stop or close. */
  ended(): Promise<unknown> {
    return new Promise((resolve) => {
      if (this.#isOver()) return resolve(this.#context().reason);
      this.ref.subscribe({ complete: () => resolve(this.#context().reason), error: resolve });
    });
  }

  /** The link's state now. */
  get link(): LinkState {
    return this.#stopped ? 'ended' : this.#context().link;
  }

  /** The link's states, the present one first and `ended` last. */
  get link$(): Observable<{ readonly state: LinkState; readonly reason: unknown }> {
    return new Observable((subscriber) => {
      let last: LinkState | undefined;
      const tell = (state: LinkState, reason: unknown): void => {
        if (state !== 'ended' || last !== 'ended') subscriber.next({ state: (last = state), reason });
      };
      const end = (): void => {
        tell('ended', this.#context().reason);
        subscriber.complete();
      };
      if (this.#isOver()) return end();
      const emitted = this.ref.on('link' as never, (event: { state: LinkState; reason: unknown }) => tell(event.state, event.reason));
      const watching = this.ref.subscribe({ complete: end, error: end });
      tell(this.link, this.#context().reason);
      return () => {
        emitted.unsubscribe();
        watching.unsubscribe();
      };
    });
  }

  /** Every state that every job enters: see {@link jobStates} for its cost. */
  get jobs$(): Observable<JobStateEvent> {
    return jobStates(this.manager);
  }

  /** Every message, both ways. */
  get messages$(): Observable<TracedMessage> {
    return this.#traced.asObservable();
  }

  /** What was dropped of what the peer sent, and why. */
  get damage$(): Observable<RemoteProtocolError> {
    return this.transport.damage$;
  }

  /** Slots and queues now. */
  get slots(): SlotReport {
    const { slots } = this.manager;
    if (this.#early === undefined) return slots;
    // What they take is known when it is known how they are written.
    const { count } = this.#early;
    return { ...slots, client: { ...slots.client, count }, send: { ...slots.send, waiting: count } };
  }

  /** What has crossed the line, and what was wrong with it. */
  get counters(): PeerCounters {
    const { counters } = this.transport;
    return { ...counters, violations: counters.violations + this.manager.violations, unclaimed: this.#unclaimed };
  }

  /** The manager under this peer. */
  get manager(): Manager {
    return this.#manager as Manager;
  }

  /** With virtagent-2: the session that outlives lines. */
  get #session(): Session | undefined {
    return this.#greeting instanceof SessionGreeting ? this.#greeting.session : undefined;
  }

  /** The transport under this peer. */
  get transport(): Transport {
    return this.#transport as Transport;
  }

  /** What is spoken on the line; with `protocol: 'auto'` undefined until it is known. */
  get protocol(): ProtocolName | undefined {
    return this.#early === undefined ? (this.#options.protocol.name as ProtocolName) : undefined;
  }

  /**
   * How many sessions there have been: with virtagent-2 those that both sides agreed on, which outlive lines; else lines. When it has
   * changed, what was begun with the other side is over.
   */
  get sessions(): number {
    return this.#session?.number ?? this.#context().session;
  }

  /** The methods that the other side listed, where the protocol has it list them (v7; qemu-ga: those that are enabled). */
  get remoteMethods(): readonly string[] | undefined {
    const listed = this.#greeting?.remoteMethods;
    return listed === undefined ? undefined : [...listed];
  }

  /** @internal Its children, as they are made: before it is used, and kept after they have ended. */
  _adopt(child: Manager | Transport): void {
    if (child instanceof Manager) this.#manager = child;
    else this.#transport = child;
  }

  /** @internal */
  _endGreeting(): void {
    this.#greeting?.stop();
  }

  /** @internal */
  _managerOptions(): ManagerOptions {
    const { managerLimits, interpretCharts, clock, random } = this.#options;
    return {
      ...managerLimits,
      credits: this.#options.protocol.greeting === 'session',
      kinds: [noticeKind, notificationKind],
      interpretCharts,
      clock,
      random,
      onError: (error, operation) => this.#options.onError?.(error, operation),
      onSettled: () => this.transport.settled(),
    };
  }

  /** @internal */
  _transportInput(): TransportInput {
    const { createChannel, retries, clock, random, stallTimeoutMs } = this.#options;
    return {
      channel: createChannel(),
      createCodec: () => this.#createCodec(),
      session: () => this.#session,
      retries,
      clock,
      random,
      stallTimeoutMs,
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
      onDown: () => {
        if (this.#detection !== this.#greeting) this.#detection?.end();
        if (this.#greeting?.end() === true) {
          // What is on the line waits for the next.
          this.manager.gate('none');
          this.transport.settled();
          return;
        }
        // A manager that has closed has no jobs to end, and will not say so.
        if (this.manager.ref.getSnapshot().status === 'active') this.manager.lineLost();
        else this.transport.settled();
      },
      onState: (state, { reason, session }) => this.ref.send({ type: 'link', state, reason, session }),
    };
  }

  /** @internal The link has ended for good: calls that wait for another end with it. */
  _endCalls(reason: unknown): void {
    const error =
      reason === undefined
        ? undefined
        : new VirtagentError('LINE_LOST', `the link has ended: ${asError(reason).message}`, { cause: reason });
    this.#end(error);
  }

  /** @internal */
  _stop(): void {
    this.#end(undefined);
  }

  #end(error = new VirtagentError('STOPPED', 'stopped')): void {
    if (this.#stopped) return;
    this.#stopped = true;
    // What a session lets go of frees send slots; nobody else is to have them.
    this.manager.gate('none');
    this.#greeting?.close();
    this.#detection?.close();
    this.#early?.close(error);
    this.manager.kill(error);
    this.#outgoing.close(error);
    // Also a transport that failed: its actor is over, its stream is not.
    this.#transport?._stop();
    this.#traced.complete();
  }

  #isOver(): boolean {
    return this.#stopped || (this.ref.getSnapshot() as PeerSnapshot).status !== 'active';
  }

  #opened(): void {
    this.manager.gate('exempt');
    this.#detection?.begin();
    if (this.#greeting === undefined) this.transport.greeted();
    else this.#greeting.begin();
    // What is owed of a session outlives its line, and another line is no way around the limit.
    if (this.#owesMuch) this.transport.owed(true);
  }

  /** It has become known what is spoken: on the line that is open, and on all later ones. */
  #decided(protocol: ProtocolName): void {
    const options = (this.#options.detected as (name: ProtocolName) => CheckedPeerOptions)(protocol);
    this.#options = options;
    this.manager.terms({ window: options.managerLimits.window, credits: options.protocol.greeting === 'session' });
    this.#greeting = this.#greetingOf(options);
    const early = this.#early;
    this.#early = undefined;
    this.transport.renewCodec();
    this.#opened();
    early?.release();
  }

  #createCodec(): Codec {
    if (this.#early !== undefined) return undecidedCodec;
    const { protocol, codecLimits } = this.#options;
    return this.#session ?? protocol.createCodec(codecLimits);
  }

  #take(came: IncomingMessage): void {
    if (this.#detection?.isOwn(came) === true) return undefined;
    if (this.#host.isTraced) this.#host.trace('in', came, came.bytes);
    const message = this.#greeting === undefined ? came : this.#greeting.take(came);
    if (message === undefined) return undefined;
    switch (message.type) {
      case 'request':
      case 'notification':
        return this.#incoming.take(message);
      case 'rejected':
        return this.#incoming.refuse(message.tag, message.error);
      case 'response': {
        const { tag, answer } = message;
        const busy = !answer.ok && answer.error.code === 'BUSY';
        this.manager.readDone(typeof tag === 'string' ? tag : '', answer.ok ? answer : { ok: false, error: answer.error }, busy);
        return undefined;
      }
      case 'cancel':
        return this.#incoming.cancel(message.tag);
      case 'item':
        if (!this.#outgoing.item(message.tag, message.value, message.bytes)) this.#unclaimed++;
        return undefined;
      case 'more':
        return this.#incoming.more(message.tag, message.items, message.itemBytes);
      case 'status':
        return this.#incoming.tellStatus(message.tag, message.of);
      case 'limits':
        return undefined;
      case 'progress':
        if (!this.#outgoing.progress(message.token, message.value)) this.#unclaimed++;
        return undefined;
    }
  }

  /** Rule 11: reading stops only while the answers owed are over their limit; it goes on at half of it. */
  #weighOwed(): void {
    const { owedBytes } = this.#incoming;
    const { maxOwedBytes } = this.#options;
    const much = this.#owesMuch ? owedBytes > maxOwedBytes / 2 : owedBytes > maxOwedBytes;
    if (much !== this.#owesMuch) this.transport.owed((this.#owesMuch = much));
    if (this.#context().link === 'finishing') this.#weighFinishing();
  }

  /** The peer says no more: the line is done with once all that it asked is answered. */
  #weighFinishing(): void {
    queueMicrotask(() => {
      if (this.link === 'finishing' && this.manager.slots.server.count === 0) this.transport.finished();
    });
  }

  #hostOf(options: CheckedPeerOptions): IncomingHost {
    const owner = this;
    return {
      get manager() {
        return owner.manager;
      },
      get transport() {
        return owner.transport;
      },
      get outgoing() {
        return owner.#outgoing;
      },
      methodNamed: (name) => {
        const all = [options.methods, owner.#greeting?.methods ?? {}] as const;
        // Whoever does not know the protocol can't know either which of its own methods the greeting has.
        const [first, second] = owner.#detection === undefined ? all : all.toReversed();
        return methodNamed(first as Methods, name) ?? methodNamed(second as Methods, name);
      },
      get protocol() {
        return owner.#options.protocol;
      },
      get early() {
        return owner.#early;
      },
      tagPrefix: tagPrefix(options.random),
      timeoutMs: options.timeoutMs,
      resultSchemas: options.results,
      maxNestedCalls: options.maxNestedCalls,
      get greeting() {
        return owner.#greeting;
      },
      get session() {
        return owner.#session;
      },
      maxOwedBytes: options.maxOwedBytes,
      onUnclaimed: () => void owner.#unclaimed++,
      onUserError: (error, method) => {
        try {
          options.onError?.(error, method);
        } catch {
          // Nobody is left to tell; thrown on, it would keep the handler's slot for ever.
        }
      },
      get isTraced() {
        return owner.#traced.observed;
      },
      trace: (direction, message, bytes) => owner.#traced.next({ direction, message, bytes }),
    };
  }

  #detect({ random, managerLimits }: CheckedPeerOptions): Greeting {
    const owner = this;
    this.#early = new EarlyCalls(() => this.manager.timers, managerLimits.maxClientJobs);
    this.#detection = new Detection({
      ref: this.ref,
      get manager() {
        return owner.manager;
      },
      get transport() {
        return owner.transport;
      },
      random,
      decided: (protocol) => this.#decided(protocol),
      onViolation: () => void this.#unclaimed++,
      stopChild: this.#stopChild,
    });
    return this.#detection;
  }

  #greetingOf({ protocol, role, random }: CheckedPeerOptions): Greeting | undefined {
    const stopChild = this.#stopChild;
    if (protocol.greeting === 'session') return new SessionGreeting(this.#sessionHost(stopChild));
    if (protocol.greeting === 'qemu-ga') return new QemuGaGreeting(this.#qemuGaHost(random, stopChild));
    if (protocol.greeting !== 'v7' || role === undefined) return undefined;
    const owner = this;
    return new V7Greeting(role, {
      get manager() {
        return owner.manager;
      },
      outgoing: this.#outgoing,
      methodNames: [...new Set(['ping', 'capabilities', ...Object.keys(this.#options.methods)])],
      greeted: () => this.transport.greeted(),
    });
  }

  #sessionHost(stopChild: (child: AnyActorRef) => void): SessionGreetingHost {
    const owner = this;
    const { random, codecLimits: limits, reliable, keepMs, heartbeatMs, managerLimits } = this.#options;
    const { maxServerJobs, executeSlots, maxServerBytes } = managerLimits;
    // What runs and what is nested is in the queue as well, and needs no credit: who keeps within that is not told BUSY.
    const requests = Math.max(1, Math.min(sessionBounds.requests, Math.floor(maxServerJobs / 2), maxServerJobs - executeSlots));
    const room = { requests, bytes: Math.ceil(maxServerBytes / 2) };
    return {
      ref: this.ref,
      get manager() {
        return owner.manager;
      },
      get transport() {
        return owner.transport;
      },
      random,
      options: { limits, reliable, room, keepMs, heartbeatMs },
      gate: (open) => this.manager.gate(open),
      onViolation: () => void this.#unclaimed++,
      stopChild,
    };
  }

  #qemuGaHost(random: () => number, stopChild: (child: AnyActorRef) => void): QemuGaHost {
    const owner = this;
    return {
      ref: this.ref,
      get manager() {
        return owner.manager;
      },
      get transport() {
        return owner.transport;
      },
      outgoing: this.#outgoing,
      random,
      get isTraced() {
        return owner.#host.isTraced;
      },
      trace: (direction, message, bytes) => this.#host.trace(direction, message, bytes),
      hold: () => this.manager.gate('exempt'),
      onUnclaimed: () => void this.#unclaimed++,
      stopChild,
    };
  }

  #context(): PeerContext {
    return (this.ref.getSnapshot() as PeerSnapshot).context;
  }
}

/** Eight characters that differ from those of any earlier session. */
function tagPrefix(random: () => number): string {
  return Array.from({ length: 8 }, () => Math.floor(random() * 36).toString(36)).join('');
}

function asError(reason: unknown): Error {
  if (reason instanceof Error) return reason;
  return new VirtagentError('LINE_LOST', reason === undefined ? 'the peer was stopped' : quote(reason));
}
