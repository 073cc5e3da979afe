import { Observable } from 'rxjs/internal/Observable';
import type { ActorLogic, ActorRefFromLogic, ActorSystem, ActorSystemInfo, AnyActorRef, SnapshotFrom } from 'xstate';
import type { LinkState } from '../machines/link.ts';
import type { peerMachine, PeerContext, PeerEmitted, PeerEvent, PeerOutput } from '../machines/peer.ts';
import { invalidOption, VirtagentError, type RemoteProtocolError } from '../transport/errors.ts';
import { checkNames, optionNames } from '../transport/option-names.ts';
import type { ProtocolName } from '../transport/protocols.ts';
import type { Transport } from '../transport/transport.ts';
import { jobStates, type JobStateEvent } from './job-events.ts';
import type { Manager, SlotReport } from './manager.ts';
import type {
  AnyMethods,
  CallArguments,
  Caller,
  CallResultOf,
  CallOptions,
  CallStatus,
  ItemOf,
  Methods,
  MethodTypes,
  NotifyArguments,
  StreamArguments,
  StreamCaller,
  StreamOptions,
} from './methods.ts';
import type { Call, CallResult } from './call.ts';
import type { CallStream } from './call-stream.ts';
import { unattended } from './outgoing.ts';
import type { PeerOptions } from './peer-options.ts';
import { asError, PeerWork, type PeerCounters, type TracedMessage } from './peer-work.ts';

export type { PeerCounters, TracedMessage } from './peer-work.ts';

/** The call behind a promise, for questions about it (virtagent-2). A WeakMap of all calls would cost the collector more than they do. */
const callOf = Symbol('call');
type Asked = Promise<unknown> & { [callOf]?: Call };

/** A peer's snapshot: its `context` has the link's state. */
export type PeerSnapshot = SnapshotFrom<typeof peerMachine> & { output: PeerOutput | undefined };

/** The type of the logic `peer`, for an app's `setup`. */
export type PeerLogic = ActorLogic<PeerSnapshot, PeerEvent, PeerOptions, ActorSystem<ActorSystemInfo>, PeerEmitted>;

const peers = new WeakMap<AnyActorRef, Peer>();

const stopNames = optionNames<{ timeoutMs: number }>({ timeoutMs: true });
const statusNames = optionNames<Pick<CallOptions, 'signal' | 'timeoutMs'>>({ signal: true, timeoutMs: true });

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
export class Peer<Remote extends MethodTypes = AnyMethods> implements Caller<Remote>, StreamCaller<Remote> {
  /** The peer's actor; its children are `manager` and `transport`. */
  readonly ref: ActorRefFromLogic<PeerLogic>;
  readonly #work: PeerWork;

  /** @internal */
  constructor(work: PeerWork) {
    this.ref = work.ref as ActorRefFromLogic<PeerLogic>;
    this.#work = work;
    peers.set(work.ref, this as unknown as Peer);
  }

  /** Calls a method of the other side: see {@link Caller.call}. */
  call<M extends keyof Remote & string>(method: M, ...rest: CallArguments<Remote[M]>): Promise<CallResultOf<Remote[M]>> {
    const [params, options = {}] = rest as unknown as [unknown, CallOptions?];
    let made: Call | undefined;
    const called = new Promise<CallResultOf<Remote[M]>>((resolve, reject) => {
      if (this.#work.isStopped) throw new VirtagentError('STOPPED', `${method}: this peer has ended`, { known: 'not-sent', method });
      const settle = (result: CallResult): void => (result.ok ? resolve(result.value as CallResultOf<Remote[M]>) : reject(result.error));
      made = this.#work.outgoing.start(method, params, options, false, settle);
    });
    if (made !== undefined && (this.#work.session !== undefined || this.#work.early !== undefined)) (called as Asked)[callOf] = made;
    return called;
  }

  /** Calls a method whose result comes in items: see {@link StreamCaller.stream}. */
  stream<M extends keyof Remote & string>(method: M, ...rest: StreamArguments<Remote[M]>): CallStream<ItemOf<Remote[M]>> {
    const [params, options = {}] = rest as unknown as [unknown, StreamOptions?];
    return this.#work.outgoing.stream(method, params, options) as CallStream<ItemOf<Remote[M]>>;
  }

  /**
   * What is known of a call that {@link call} made: also of one that has ended, such as with LINE_LOST, whose request the other side may
   * have. Asks the other side, where it is not known here (virtagent-2). `unknown`: it never came there, or that side was restarted, or has
   * answered more than a thousand since.
   */
  statusOf(call: Promise<unknown> | string, options: Pick<CallOptions, 'signal' | 'timeoutMs'> = {}): Promise<CallStatus> {
    const made = typeof call === 'string' ? undefined : (call as Asked)[callOf];
    if (typeof call !== 'string' && made === undefined) invalidOption('call', call, 'what call() of this peer returned, or a tag');
    checkNames('options', options, statusNames);
    if (made?.localStatus === 'unsent') return Promise.resolve('unsent');
    return new Promise((resolve, reject) => {
      if (this.#work.isStopped) throw new VirtagentError('STOPPED', 'this peer has ended', { known: 'not-sent' });
      this.#work.outgoing.statusOf(made?.tag ?? (call as string), options, (result) => {
        if (result.ok) resolve((result.value as { status?: CallStatus } | null)?.status ?? 'unknown');
        else reject(result.error);
      });
    });
  }

  /** Sends a request without response: see {@link Caller.notify}. */
  notify<M extends keyof Remote & string>(method: M, ...rest: NotifyArguments<Remote[M]>): Promise<void> {
    const [params] = rest as unknown as [unknown];
    const sent = new Promise<void>((resolve, reject) => {
      if (this.#work.isStopped) throw new VirtagentError('STOPPED', `${method}: this peer has ended`, { known: 'not-sent', method });
      this.#work.outgoing.notify(method, params, (error) => (error === undefined ? resolve() : reject(error)));
    });
    return unattended(sent);
  }

  /**
   * Finishes what runs, takes nothing new, then closes the line. Resolves when it has ended: not while a handler streams what has no end.
   *
   * @param options - `timeoutMs`: milliseconds after which what still runs is ended at once, as by {@link close}; default none.
   */
  async stop(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    checkNames('options', options, stopNames);
    const { timeoutMs = Infinity } = options;
    if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0)) invalidOption('timeoutMs', timeoutMs, 'milliseconds from 0, or Infinity');
    const cut = this.#work.isStopped ? undefined : this.manager.timers.start(timeoutMs, () => this.close());
    const ended = this.ended();
    if (!this.#work.isStopped) this.ref.send({ type: 'stop' });
    await ended;
    if (cut !== undefined) this.manager.timers.cancel(cut);
  }

  /** Ends at once: every call with its outcome, handlers aborted, the stream closed. Of a peer that an app invoked: leave the state. */
  close(): void {
    this.#work.stop();
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
    if (!this.#work.isStopped) this.transport.open();
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
    return this.#work.isStopped ? 'ended' : this.#context().link;
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
    return this.#work.messages$;
  }

  /** What was dropped of what the peer sent, and why. */
  get damage$(): Observable<RemoteProtocolError> {
    return this.transport.damage$;
  }

  /** Slots and queues now. */
  get slots(): SlotReport {
    const { slots } = this.manager;
    if (this.#work.early === undefined) return slots;
    // What they take is known when it is known how they are written.
    const { count } = this.#work.early;
    return { ...slots, client: { ...slots.client, count }, send: { ...slots.send, waiting: count } };
  }

  /** What has crossed the line, and what was wrong with it. */
  get counters(): PeerCounters {
    const { counters } = this.transport;
    return {
      ...counters,
      violations: counters.violations + this.manager.violations,
      unclaimed: this.#work.unclaimed,
      late: this.#work.late,
    };
  }

  /** @internal The methods that the other side may call: its user's, and those of its protocol. */
  get _served(): Methods {
    return this.#work.served;
  }

  /** The manager under this peer. */
  get manager(): Manager {
    return this.#work.manager;
  }

  /** The transport under this peer. */
  get transport(): Transport {
    return this.#work.transport;
  }

  /** What is spoken on the line; with `protocol: 'auto'` undefined until it is known. */
  get protocol(): ProtocolName | undefined {
    return this.#work.early === undefined ? (this.#work.options.protocol.name as ProtocolName) : undefined;
  }

  /**
   * How many sessions there have been: with virtagent-2 those that both sides agreed on, which outlive lines; else lines. When it has
   * changed, what was begun with the other side is over.
   */
  get sessions(): number {
    return this.#work.session?.number ?? this.#context().session;
  }

  /** The methods that the other side listed, where the protocol has it list them (v7; qemu-ga: those that are enabled). */
  get remoteMethods(): readonly string[] | undefined {
    const listed = this.#work.greeting?.remoteMethods;
    return listed === undefined ? undefined : [...listed];
  }

  #isOver(): boolean {
    return this.#work.isStopped || (this.ref.getSnapshot() as PeerSnapshot).status !== 'active';
  }

  #context(): PeerContext {
    return (this.ref.getSnapshot() as PeerSnapshot).context;
  }
}
