import type { Outcome, Urgency } from '../machines/job.ts';
import type {
  Answer,
  CancelMessage,
  ItemMessage,
  MoreMessage,
  NotificationMessage,
  ProgressMessage,
  RequestMessage,
  ResponseMessage,
} from '../transport/messages.ts';
import { VirtagentError } from '../transport/errors.ts';
import type { Protocol } from '../transport/protocols.ts';
import type { Session } from '../transport/session/session.ts';
import { SteadyMap } from '../transport/steady-map.ts';
import { durations } from '../transport/timers.ts';
import type { Transport } from '../transport/transport.ts';
import { asCallError, Call, JOB_CHARGE, passing, type CallResult } from './call.ts';
import { checkedStreamOptions } from './call-options.ts';
import { CallStream, type Reader } from './call-stream.ts';
import type { EarlyCalls } from './early-calls.ts';
import type { Greeting } from './greeting.ts';
import type { InOrder } from './in-order.ts';
import { Latest } from './latest.ts';
import type { Manager } from './manager.ts';
import type { CallOptions, StreamOptions } from './methods.ts';
import { outcomeError } from './outcomes.ts';
import { RepeatedCancels } from './repeated-cancels.ts';
import type { Schema } from './schema.ts';

/** What belongs to a request and is answered by nobody. */
export type Notice = ResponseMessage | CancelMessage | ProgressMessage | ItemMessage | MoreMessage;

/** How a {@link Notice} is sent. */
export interface NoticeOptions {
  readonly urgency?: Urgency;
  /** Told of what can't be written, which else counts as sent. */
  readonly unwritable?: (error: unknown) => void;
  /** What it is to stay in order with. */
  readonly order?: InOrder;
}

/** What the calls of a peer need of it. */
export interface OutgoingHost {
  readonly manager: Manager;
  readonly transport: Transport;
  readonly protocol: Protocol;
  /** Random, so that a reply to an earlier session or process finds no call here. */
  readonly tagPrefix: string;
  readonly timeoutMs: number;
  readonly resultSchemas: Readonly<Record<string, Schema>>;
  /** What the protocol does with a line besides calls, if anything. */
  readonly greeting: Greeting | undefined;
  /** With virtagent-2: the session that outlives lines. */
  readonly session: Session | undefined;
  /** Where calls wait while it is not known what is spoken. */
  readonly early: EarlyCalls | undefined;
  /** Whether anybody watches messages; told of each only then. */
  readonly isTraced: boolean;
  trace(direction: 'in' | 'out', message: object, bytes: number): void;
  /** Told of what a handler or a callback of the user's threw that was not meant for the peer. Never throws. */
  onUserError(error: unknown, method: string): void;
}

/** What a stream needs of the handler that reads it. */
export interface StreamHandler {
  /** Makes the call, if the handler may make one; `settle` is run once. */
  begin(method: string, make: (settle: (result: CallResult) => void) => Call, settle: (result: CallResult) => void): Call | undefined;
  /** It waits for an item: what it is told by. */
  waits(reader: Reader): Reader;
}

/** Calls that were given up and whose answers are known to be late; those of earlier ones are taken for answers to nothing. */
const MOST_GIVEN_UP = 4096;

/** The requests of this side: a client job each, and one-way messages. */
export class Outgoing {
  readonly #host: OutgoingHost;
  readonly #progress = new SteadyMap<string, (value: unknown) => void>();
  /** Streams that are read, by the tag of their call. */
  readonly #items = new SteadyMap<string, { readonly stream: CallStream; readonly call: Call }>();
  /** Calls by the signal that cancels them: one listener a signal, as Node warns of a leak from the eleventh on. */
  readonly #bySignal = new SteadyMap<AbortSignal, { readonly calls: Set<Call>; readonly listener: () => void }>();
  /** Calls whose job is over and whose result is with an asynchronous schema. */
  readonly #checking = new Set<Call>();
  /** Tags of calls that were given up and may still be answered. */
  readonly #givenUp = new Latest(MOST_GIVEN_UP);
  readonly #repeatedCancels = new RepeatedCancels({
    later: (ms, run) => this.#later(ms, run),
    tell: (tag) => this.#givenUp.has(tag) && this.#sayCancel(tag),
  });
  #closed: VirtagentError | undefined;
  #tags = 0;

  constructor(host: OutgoingHost) {
    this.#host = host;
  }

  /** Calls a method; `settle` is run once, perhaps before this returns. A nested call is exempt from the window. */
  start(method: string, params: unknown, options: CallOptions, exempt: boolean, settle: (result: CallResult) => void): Call {
    const call = new Call(this, this.#host, method, options, settle);
    call.start(params, exempt);
    return call;
  }

  /** A call whose result comes in items: it is made when the stream is first read; by a handler, if one is given. Throws INVALID_OPTION. */
  stream(method: string, params: unknown, options: StreamOptions, handler?: StreamHandler): CallStream {
    const { call: callOptions, room } = checkedStreamOptions(options);
    let call: Call | undefined;
    const make = (settle: (result: CallResult) => void): Call => {
      call = new Call(this, this.#host, method, callOptions, settle, { items: { stream, room } });
      call.start(params, handler !== undefined);
      return call;
    };
    const stream: CallStream = new CallStream(
      {
        start: (settle) => {
          const made = handler === undefined ? make(settle) : handler.begin(method, make, settle);
          return (reason) => made?.giveUp(reason);
        },
        waits: (reader) => handler?.waits(reader) ?? reader,
        more: (items, itemBytes) => {
          if (call !== undefined) this.notice({ type: 'more', tag: call.tag, items, itemBytes }, () => {});
        },
        ask: (told) => {
          if (call?.isAwaited !== true) return false;
          this.statusOf(call.tag, { timeoutMs: durations.statusAnswer }, told);
          return true;
        },
        later: (ms, run) => this.#later(ms, run),
        check: (value) => this.#checkItem(method, value, callOptions.result),
      },
      room,
    );
    return stream;
  }

  /** Asks the other side what is known of a request. */
  statusOf(tag: string, options: CallOptions, settle: (result: CallResult) => void): void {
    new Call(this, this.#host, '$/status', { urgency: 2, ...options }, settle, { statusOf: tag }).start(undefined, true);
  }

  /** A request without response; `settle` is run when the stream took it. */
  notify(method: string, params: unknown, settle: (error: VirtagentError | undefined) => void): void {
    const { early, timeoutMs } = this.#host;
    if (early !== undefined) return void early.hold(method, { timeoutMs }, () => this.notify(method, params, settle), settle);
    let frame: Uint8Array;
    const message = { type: 'notification', method, params } as const;
    try {
      frame = this.#host.transport.codec.encode(message);
    } catch (error) {
      return settle(asCallError(error, method, 'not-sent'));
    }
    const refused = this.#oneWay('notification', message, frame, 1, (outcome) => settle(outcomeError(outcome, method)));
    if (refused !== undefined) settle(refused);
  }

  /** A message that nobody answers and that belongs to a request: it goes before requests. Its bytes; 0 of one that can't be written. */
  notice(message: Notice, sent: () => void, { urgency = 2, unwritable = sent, order }: NoticeOptions = {}): number {
    let frame: Uint8Array;
    try {
      frame = this.#host.transport.codec.encode(message);
    } catch (error) {
      unwritable(error);
      return 0;
    }
    if (order === undefined) this.#send(message, frame, urgency, sent);
    else {
      const send = (left: () => void): void =>
        this.#send(message, frame, urgency, (outcome) => {
          // The others would come in another session.
          if (outcome?.type === 'value' || outcome?.type === 'send-failed') left();
          else order.end();
          sent();
        });
      order.send(this.#host.transport.takesInParts(frame), send, sent);
    }
    return frame.length;
  }

  #send(message: Notice, frame: Uint8Array, urgency: Urgency, over: (outcome?: Outcome) => void): void {
    if (this.#oneWay('notice', message, frame, urgency, over) !== undefined) over();
  }

  /** A progress value from the peer, for the call that made its token; false if there is none. */
  progress(token: string | number, value: unknown): boolean {
    const told = this.#progress.get(String(token));
    told?.(value);
    return told !== undefined;
  }

  /** An item of a streamed result; false if nobody wants it. */
  item(tag: string, at: number, value: unknown, bytes: number): boolean {
    const found = this.#items.get(tag);
    const error = found?.stream._take(value, at, bytes);
    if (error !== undefined) found?.call.giveUp(error);
    return found !== undefined;
  }

  /** A response, before which there were so many items, as it says: what the call is answered with. */
  answer(tag: string, answer: Answer, items: number | undefined): Answer {
    const error = answer.ok ? this.#items.get(tag)?.stream._end(items) : undefined;
    return error === undefined ? answer : { ok: false, error: { code: error.code, message: error.message } };
  }

  /** The peer has ended: so have results that are still being checked. */
  close(error: VirtagentError): void {
    this.#closed = error;
    this.#repeatedCancels.clear();
    for (const call of [...this.#checking]) call.endChecking({ type: 'cancelled', reason: error, known: 'executed' });
  }

  // What a call needs of the others.

  /** Why the peer has ended, once it has. */
  get closed(): VirtagentError | undefined {
    return this.#closed;
  }

  /** What a result of a method, or an item of one, must pass, if anything: its call's own schema, or the peer's. */
  schemaOf(method: string, own: Schema | undefined): Schema | undefined {
    const { resultSchemas } = this.#host;
    return own ?? (Object.hasOwn(resultSchemas, method) ? resultSchemas[method] : undefined);
  }

  nextTag(): string {
    return `${this.#host.tagPrefix}.${(++this.#tags).toString(36)}`;
  }

  expectProgress(tag: string, told: (value: unknown) => void): void {
    this.#progress.set(tag, told);
  }

  forgetProgress(tag: string): void {
    this.#progress.delete(tag);
  }

  /** Throws QUEUE_FULL where the other side takes no more streams. */
  expectItems(tag: string, stream: CallStream, call: Call): void {
    const most = this.#host.session?.remoteLimits.streams ?? 0;
    if (this.#items.size >= most)
      throw new VirtagentError('QUEUE_FULL', `the other side takes ${most} streamed results at once`, { known: 'not-sent' });
    this.#items.set(tag, { stream, call });
  }

  forgetItems(tag: string): void {
    this.#items.delete(tag);
  }

  /** Has the signal give a call up. */
  watch(signal: AbortSignal, call: Call): void {
    (this.#bySignal.get(signal)?.calls ?? this.#listenTo(signal)).add(call);
  }

  unwatch(signal: AbortSignal, call: Call): void {
    const watched = this.#bySignal.get(signal);
    if (watched === undefined) return;
    watched.calls.delete(call);
    if (watched.calls.size > 0) return;
    this.#bySignal.delete(signal);
    signal.removeEventListener('abort', watched.listener);
  }

  #listenTo(signal: AbortSignal): Set<Call> {
    const calls = new Set<Call>();
    const listener = (): void => {
      for (const call of [...calls]) call.giveUp(signal.reason);
    };
    this.#bySignal.set(signal, { calls, listener });
    signal.addEventListener('abort', listener, { once: true });
    return calls;
  }

  /** Ends the call at its deadline, or with the peer; returns how to leave off. */
  startChecking(deadline: number, call: Call): () => void {
    const { timers } = this.#host.manager;
    const timer = timers.start(deadline - timers.clock.now(), () => call.endChecking({ type: 'timed-out', known: 'executed' }));
    this.#checking.add(call);
    return () => {
      timers.cancel(timer);
      this.#checking.delete(call);
    };
  }

  /** Whether an answer is to a call that was given up while it was on the line: the first such answer is only late. */
  isLate(tag: string): boolean {
    this.#repeatedCancels.delete(tag);
    return this.#givenUp.delete(tag);
  }

  /** Whether a request that came is a call of this side that came back: nobody else draws tags of this prefix. */
  isEcho({ tag, method }: Pick<RequestMessage, 'tag' | 'method'>): boolean {
    return typeof tag === 'string' && this.#host.manager.methodOf(tag) === method;
  }

  /** Tells the other side that nobody waits for an answer, where the protocol can; of a stream again, where the line may have lost it. */
  tellCancelled(tag: string, isStream: boolean): void {
    this.#givenUp.add(tag);
    this.#host.greeting?.givenUp?.(tag);
    if (this.#sayCancel(tag) && isStream) this.#repeatedCancels.add(tag);
  }

  #sayCancel(tag: string): boolean {
    const { session, transport, protocol } = this.#host;
    // A session outlives its line: whom it is to reach is there when the next one is.
    const mayReach = transport.isOpen || session?.isAgreed === true;
    if (!protocol.cancels || !mayReach) return false;
    this.notice({ type: 'cancel', tag }, () => {});
    return true;
  }

  /** A reliable session loses nothing. */
  #later(ms: number, run: () => void): (() => void) | undefined {
    const { session, manager } = this.#host;
    if (session === undefined || session.isReliable) return undefined;
    const timer = manager.timers.start(ms, run);
    return () => manager.timers.cancel(timer);
  }

  #checkItem(method: string, value: unknown, own: Schema | undefined): unknown {
    const schema = this.schemaOf(method, own);
    return schema === undefined ? value : passing(schema, value, 'an item', method);
  }

  #oneWay(
    kind: 'notice' | 'notification',
    message: Notice | NotificationMessage,
    frame: Uint8Array,
    urgency: Urgency,
    callback: (outcome: Outcome) => void,
  ): VirtagentError | undefined {
    const bytes = frame.length + JOB_CHARGE;
    let isTraced = false;
    const added = this.#host.manager.add(kind, {
      tag: kind,
      method: message.type === 'notification' ? message.method : undefined,
      urgency,
      exempt: kind === 'notice',
      bytes,
      ...(kind === 'notification' ? { timeoutMs: this.#host.timeoutMs } : undefined),
      operations: {
        send: (sending) => {
          if (!isTraced && this.#host.isTraced) this.#host.trace('out', message, frame.length);
          isTraced = true;
          this.#host.transport.write(frame, sending.done, kind === 'notification' ? bytes : 0);
        },
        callback: (outcome) => {
          this.#host.transport.forget(frame);
          callback(outcome);
        },
      },
    });
    return added.ok ? undefined : added.error;
  }
}

/**
 * A promise that may fail while nobody waits for it. Handlers call first and await later, or not at all; what fails then is
 * up to the peer (it cancels, it leaves), and Node would end the process for it.
 */
export function unattended<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}
