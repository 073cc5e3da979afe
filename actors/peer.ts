import { Observable, Subject } from 'rxjs';
import {
  createActor,
  type ActorLogic,
  type ActorOptions,
  type ActorRefFromLogic,
  type AnyActorRef,
  type ActorSystem,
  type ActorSystemInfo,
  type SnapshotFrom,
} from 'xstate';
import { noticeJob } from '../machines/notice-job.ts';
import type { LinkState } from '../machines/link.ts';
import { peerMachine, type PeerContext, type PeerEmitted, type PeerEvent, type PeerOutput } from '../machines/peer.ts';
import { invalidOption, quote, RemoteProtocolError, VirtagentError } from '../transport/errors.ts';
import type { IncomingMessage } from '../transport/messages.ts';
import { transportLogic, transportOf, type Transport, type TransportCounters, type TransportInput } from '../transport/transport.ts';
import { Incoming, type IncomingHost } from './incoming.ts';
import { jobStates, type JobStateEvent } from './job-events.ts';
import type { Kind } from './kinds.ts';
import { managerLogic, managerOf, type Manager, type SlotReport } from './manager.ts';
import type { ManagerOptions } from './manager-options.ts';
import type { AnyMethods, CallArguments, Caller, CallResultOf, CallOptions, Methods, MethodTypes } from './methods.ts';
import { Outgoing, type CallResult } from './outgoing.ts';
import { checkPeerOptions, type CheckedPeerOptions, type PeerOptions } from './peer-options.ts';
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
  /** Events that broke the contract: see {@link Manager.violations}. */
  readonly violations: number;
  /** Notifications and progress of the peer that nobody took. */
  readonly unclaimed: number;
}

/** One-way messages: before requests (refusals, cancels, progress), or among them (notifications). */
const noticeKind: Kind = { name: 'notice', chart: noticeJob, class: 'server', slots: ['send'], ownsTag: false };
const notificationKind: Kind = { name: 'notification', chart: noticeJob, class: 'client', slots: ['send'], ownsTag: false };

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

/** A machine's logic under a peer: it gets its options from the peer that its input names. */
function under<Input>(logic: object, options: (owner: Peer) => Input): ActorLogic<never, never> {
  const inner = logic as { getInitialSnapshot(scope: unknown, input: Input): unknown };
  return Object.create(logic, {
    getInitialSnapshot: {
      value: (scope: unknown, { peer: ref }: { peer: AnyActorRef }) =>
        inner.getInitialSnapshot(scope, options(peerOf(ref) as unknown as Peer)),
    },
  }) as ActorLogic<never, never>;
}

const provided = peerMachine.provide({
  actors: {
    manager: under(managerLogic, (owner) => owner._managerOptions()) as never,
    transport: under(transportLogic, (owner) => owner._transportInput()) as never,
  },
  actions: { endCalls: ({ self, context }) => (peerOf(self) as unknown as Peer)._endCalls(context.reason) },
});

/** The type of {@link peer}, for an app's `setup`. */
export type PeerLogic = ActorLogic<
  SnapshotFrom<typeof provided> & { output: PeerOutput | undefined },
  PeerEvent,
  PeerOptions,
  ActorSystem<ActorSystemInfo>,
  PeerEmitted
>;

/**
 * A peer as actor logic, for an app's own actor system: `invoke: { src: peer, id: 'agent', input: { stream, methods } }`.
 *
 * Its snapshot's context has the link's state; it emits `link` events; it is done when its link has ended for good. An app
 * that leaves the state which invoked it ends every call, with its outcome, and closes the stream.
 */
export const peer: PeerLogic = Object.create(provided, {
  getInitialSnapshot: {
    value: (scope: Parameters<typeof provided.getInitialSnapshot>[0], input: PeerOptions) => {
      peers.set(scope.self, new Peer(scope.self, checkPeerOptions(input)));
      return provided.getInitialSnapshot(scope, undefined as never);
    },
  },
  transition: {
    value: (snapshot: SnapshotFrom<typeof provided>, event: never, scope: Parameters<typeof provided.transition>[2]) => {
      if ((event as { type: string }).type === 'xstate.stop') (peerOf(scope.self) as unknown as Peer)._stop();
      return provided.transition(snapshot, event, scope);
    },
  },
});

/** One end of a line, for callers: methods in both directions. Made by {@link createPeer} or found by {@link peerOf}. */
export class Peer<Remote extends MethodTypes = AnyMethods> implements Caller<Remote> {
  /** The peer's actor; its children are `manager` and `transport`. */
  readonly ref: ActorRefFromLogic<PeerLogic>;
  readonly #options: CheckedPeerOptions;
  readonly #incoming: Incoming;
  readonly #outgoing: Outgoing;
  readonly #greeting: V7Greeting | undefined;
  readonly #traced = new Subject<TracedMessage>();
  readonly #host: IncomingHost;
  #manager: Manager | undefined;
  #transport: Transport | undefined;
  #unclaimed = 0;
  #owesMuch = false;
  #stopped = false;

  constructor(ref: AnyActorRef, options: CheckedPeerOptions) {
    this.ref = ref as ActorRefFromLogic<PeerLogic>;
    this.#options = options;
    this.#host = this.#hostOf(options);
    this.#outgoing = new Outgoing(this.#host);
    this.#incoming = new Incoming(this.#host);
    this.#incoming.onOwed = () => this.#weighOwed();
    if (options.protocol.greeting === 'v7' && options.role !== undefined) this.#greeting = this.#greetingOf(options.role);
  }

  /** Calls a method of the other side: see {@link Caller.call}. */
  call<M extends keyof Remote & string>(method: M, ...rest: CallArguments<Remote[M]>): Promise<CallResultOf<Remote[M]>> {
    const [params, options = {}] = rest as unknown as [unknown, CallOptions?];
    return new Promise((resolve, reject) => {
      if (this.#stopped) throw new VirtagentError('STOPPED', `${method}: this peer has ended`, { known: 'not-sent', method });
      const settle = (result: CallResult): void => (result.ok ? resolve(result.value as CallResultOf<Remote[M]>) : reject(result.error));
      this.#outgoing.start(method, params, options, false, settle);
    });
  }

  /** Sends a request without response: see {@link Caller.notify}. */
  notify<M extends keyof Remote & string>(method: M, params?: CallArguments<Remote[M]>[0]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#stopped) throw new VirtagentError('STOPPED', `${method}: this peer has ended`, { known: 'not-sent', method });
      this.#outgoing.notify(method, params, (error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  /** Finishes what runs, takes nothing new, then closes the line. Resolves when it has ended. */
  stop(): Promise<void> {
    const ended = this.ended();
    this.ref.send({ type: 'stop' });
    return ended.then(() => {});
  }

  /** Ends at once: every call with its outcome, handlers aborted, the stream closed. Of a peer that an app invoked: leave the state. */
  close(): void {
    this._stop();
    if ((this.ref as { _parent?: unknown })._parent === undefined) (this.ref as unknown as { stop(): void }).stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
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
      const now = this.ref.getSnapshot() as SnapshotFrom<typeof provided>;
      if (look(now.context, now.status !== 'active' || this.#stopped)) return;
      const watching = this.ref.subscribe({
        next: (snapshot: SnapshotFrom<typeof provided>) => {
          if (look(snapshot.context, snapshot.status !== 'active')) watching.unsubscribe();
        },
        complete: () => look({ ...this.#context(), link: 'ended' }, true),
      });
    });
  }

  /** Resolves, with the reason, when the peer has ended: its link for good, or by stop or close. */
  ended(): Promise<unknown> {
    return new Promise((resolve) => {
      if (this.#stopped || this.ref.getSnapshot().status !== 'active') return resolve(this.#context().reason);
      this.ref.subscribe({ complete: () => resolve(this.#context().reason) });
    });
  }

  /** The link's state now. */
  get link(): LinkState {
    return this.#stopped ? 'ended' : this.#context().link;
  }

  /** The link's states, the present one first. */
  get link$(): Observable<{ readonly state: LinkState; readonly reason: unknown }> {
    return new Observable((subscriber) => {
      const { link, reason } = this.#context();
      subscriber.next({ state: link, reason });
      const emitted = this.ref.on('link' as never, (event: { state: LinkState; reason: unknown }) =>
        subscriber.next({ state: event.state, reason: event.reason }),
      );
      const watching = this.ref.subscribe({ complete: () => subscriber.complete() });
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
    return this.manager.slots;
  }

  /** What has crossed the line, and what was wrong with it. */
  get counters(): PeerCounters {
    return { ...this.transport.counters, violations: this.manager.violations, unclaimed: this.#unclaimed };
  }

  /** The manager under this peer. */
  get manager(): Manager {
    return (this.#manager ??= managerOf(this.#child('manager')));
  }

  /** The transport under this peer. */
  get transport(): Transport {
    return (this.#transport ??= transportOf(this.#child('transport')));
  }

  /** The methods that the other side listed, where the protocol has it list them (v7). */
  get remoteMethods(): readonly string[] | undefined {
    const listed = this.#greeting?.remoteMethods;
    return listed === undefined ? undefined : [...listed];
  }

  /** @internal */
  _managerOptions(): ManagerOptions {
    const { managerLimits, clock, random } = this.#options;
    return {
      ...managerLimits,
      kinds: [noticeKind, notificationKind],
      clock,
      random,
      onError: (error, operation) => this.#options.onError?.(error, operation),
      onSettled: () => this.transport.settled(),
    };
  }

  /** @internal */
  _transportInput(): TransportInput {
    const { channel, protocol, codecLimits, retries, clock, random, stallTimeoutMs } = this.#options;
    return {
      channel,
      createCodec: () => protocol.createCodec(codecLimits),
      retries,
      clock,
      random,
      stallTimeoutMs,
      onMessage: (message) => this.#take(message),
      onOpen: () => this.#opened(),
      onUp: () => this.manager.gate('all'),
      onInputEnded: () => this.#weighFinishing(),
      onDown: () => {
        this.#greeting?.end();
        this.manager.lineLost();
      },
      onState: (state, { reason, session }) => this.ref.send({ type: 'link', state, reason, session }),
    };
  }

  /** @internal The link has ended for good: calls that wait for another end with it. */
  _endCalls(reason: unknown): void {
    this.#stopped = true;
    this.manager.kill(
      reason === undefined
        ? undefined
        : new VirtagentError('LINE_LOST', `the link has ended: ${asError(reason).message}`, { cause: reason }),
    );
    this.#traced.complete();
  }

  /** @internal */
  _stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#greeting?.end();
    this.manager.kill();
    this.transport._stop();
    this.#traced.complete();
  }

  #opened(): void {
    this.manager.gate('exempt');
    if (this.#greeting === undefined) this.transport.greeted();
    else this.#greeting.begin();
  }

  #take(message: IncomingMessage): void {
    this.#host.trace('in', message, message.bytes);
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
      get methods(): Methods {
        return owner.#greeting === undefined ? options.methods : { ...owner.#greeting.methods, ...options.methods };
      },
      protocol: options.protocol,
      tagPrefix: tagPrefix(options.random),
      timeoutMs: options.timeoutMs,
      resultSchemas: options.results,
      maxNestedCalls: options.maxNestedCalls,
      hasRemote: (method) => owner.#greeting?.remoteMethods?.has(method) ?? true,
      onHandlerError: (error, method) => options.onError?.(error, method),
      trace: (direction, message, bytes) => {
        if (owner.#traced.observed) owner.#traced.next({ direction, message, bytes });
      },
    };
  }

  #greetingOf(role: 'host' | 'guest'): V7Greeting {
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

  #context(): PeerContext {
    return (this.ref.getSnapshot() as SnapshotFrom<typeof provided>).context;
  }

  #child(name: 'manager' | 'transport'): AnyActorRef {
    return (this.ref.getSnapshot() as SnapshotFrom<typeof provided>).children[name] as AnyActorRef;
  }
}

/** Options of {@link createPeer}. */
export interface CreatePeerOptions extends PeerOptions {
  /** Watches the actor system, as XState's own option; every job appears in it with its chart and its parent. */
  readonly inspect?: ActorOptions<typeof provided>['inspect'];
}

/** A peer by itself, started. Throws INVALID_OPTION. */
export function createPeer<Remote extends MethodTypes = AnyMethods>(options: CreatePeerOptions): Peer<Remote> {
  const { inspect, ...input } = options;
  checkPeerOptions(input);
  const actor = createActor(peer as unknown as typeof provided, {
    input: input as never,
    ...(inspect === undefined ? undefined : { inspect }),
  });
  actor.start();
  return peerOf<Remote>(actor);
}

/** Eight characters that differ from those of any earlier session. */
function tagPrefix(random: () => number): string {
  return Array.from({ length: 8 }, () => Math.floor(random() * 36).toString(36)).join('');
}

function asError(reason: unknown): Error {
  if (reason instanceof Error) return reason;
  return new VirtagentError('LINE_LOST', reason === undefined ? 'the peer was stopped' : quote(reason));
}
