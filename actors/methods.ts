import type { Urgency } from '../machines/job.ts';
import { invalidOption } from '../transport/errors.ts';
import type { CallStream, StreamRoom } from './call-stream.ts';
import type { Schema, SchemaOutput } from './schema.ts';

/** The methods of one side, as types: an interface of functions, each of its parameters to its result. */
export type MethodTypes = object;

/** The types of a side about which nothing is known. */
export type AnyMethods = Record<string, (params?: unknown) => unknown>;

/** Options of one call. */
export interface CallOptions<Result = unknown> {
  /** Cancels the call; the other side is told where the protocol can. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for everything: queue, link start, send, execution, response. Default: the peer's `timeoutMs`. Infinity: none. */
  readonly timeoutMs?: number | undefined;
  /** 2 goes before 1 before 0, within requests; default 1. */
  readonly urgency?: Urgency | undefined;
  /** What a result must pass; it replaces the peer's own schema for that method. */
  readonly result?: Schema<unknown, Result> | undefined;
  /** Values on the way to the result, where the protocol carries them (virtagent-2, jsonrpc-headers). What it throws goes to `onError`. */
  readonly onProgress?: ((value: unknown) => void) | undefined;
}

/** Options of one call whose result is streamed (virtagent-2). `timeoutMs` covers all of the stream; without one it has no deadline. */
export interface StreamOptions<Item = unknown> extends Omit<CallOptions<Item>, 'onProgress'> {
  /**
   * How many `items`, and `bytes` of their messages, may be on their way or unread: whole numbers from 1, or Infinity; default 64 and 1 MiB.
   * The bytes of the last item may go beyond.
   */
  readonly room?: Readonly<Partial<Record<keyof StreamRoom, number | undefined>>> | undefined;
}

/** What is known of a call: it was not sent yet; or, as the other side says, it does not know it, holds it, runs it, or has answered it. */
export type CallStatus = 'unsent' | 'unknown' | 'queued' | 'running' | 'answered';

/** What a side says of a request of the other's, as the line carries it. */
export interface KnownOfCall {
  readonly status: Exclude<CallStatus, 'unsent'>;
  /** Of one that wants items: how many have left before this. */
  readonly items?: number | undefined;
  /** Its response has left before this. */
  readonly sent?: boolean | undefined;
}

/** What a streamed result's items are. */
export type ItemOf<F> = F extends (...args: never) => infer R
  ? Awaited<R> extends AsyncIterable<infer Item>
    ? Item
    : Awaited<R> extends { subscribe(observer: infer O, ...others: never): unknown }
      ? ItemFor<NonNullable<O>>
      : unknown
  : never;

/** What an observer takes, or a function in its place; of two overloads the compiler tells the last, and that of rxjs takes functions. */
type ItemFor<O> = O extends (value: infer Item) => unknown
  ? Item
  : O extends { next?: ((value: infer Item) => unknown) | undefined }
    ? Item
    : unknown;

type AnyStream = AsyncIterable<unknown> | { subscribe(observer: never): unknown };

/** Whether a method streams its result, as far as its type says: `boolean` where it may or may not. */
type Streams<F> = F extends (...args: never) => infer R ? IsStream<Awaited<R>> : boolean;
type IsStream<R> = [R] extends [never]
  ? boolean
  : AsyncIterable<unknown> extends R
    ? boolean
    : [R] extends [AnyStream]
      ? true
      : [Extract<R, AnyStream>] extends [never]
        ? false
        : boolean;

/** Parameters, which may be left out where the method takes none, and what follows them. */
type WithParams<F, Rest extends readonly unknown[]> = F extends (...args: infer A) => unknown
  ? A extends []
    ? [params?: undefined, ...rest: Rest]
    : undefined extends A[0]
      ? [params?: A[0], ...rest: Rest]
      : [params: A[0], ...rest: Rest]
  : never;

/** The arguments of a call. Of a method that streams its result there are none: it is called with `stream`. */
export type CallArguments<F> = [Streams<F>] extends [true] ? [callItWithStream: never] : WithParams<F, [options?: CallOptions]>;

/** The arguments of a streamed call. Of a method that does not stream its result there are none: it is called with `call`. */
export type StreamArguments<F> = [Streams<F>] extends [false]
  ? [callItWithCall: never]
  : WithParams<F, [options?: StreamOptions<ItemOf<F>>]>;

/** The arguments of a notification. */
export type NotifyArguments<F> = WithParams<F, []>;

/** What a call of a method resolves to. */
export type CallResultOf<F> = F extends (...args: never) => infer R ? Awaited<R> : never;

/** Calls the other side's methods. */
export interface Caller<Remote extends MethodTypes> {
  /**
   * Calls a method of the other side. Rejects with a VirtagentError whose `known` says whether it may have been executed.
   */
  call<M extends keyof Remote & string>(method: M, ...rest: CallArguments<Remote[M]>): Promise<CallResultOf<Remote[M]>>;
  /**
   * Sends a request without response; resolves when the stream took it. Without a line it waits for one, as a call does, for at most
   * the peer's `timeoutMs`. UNSUPPORTED in v7. Its failure, if nobody awaits it, is no unhandled rejection.
   */
  notify<M extends keyof Remote & string>(method: M, ...rest: NotifyArguments<Remote[M]>): Promise<void>;
}

/** Calls the other side's methods whose results come in items. */
export interface StreamCaller<Remote extends MethodTypes> {
  /**
   * Calls a method whose result comes in items (virtagent-2): an async iterable, with an observable beside it. The call is made when it is
   * first read; the handler returns an async iterable or an observable. Rejects as `call` does, after the items that came. Throws
   * INVALID_OPTION.
   */
  stream<M extends keyof Remote & string>(method: M, ...rest: StreamArguments<Remote[M]>): CallStream<ItemOf<Remote[M]>>;
}

/** What a handler works with. Pass it on whole: a copy made by spreading it has neither `signal` nor `stream`. */
export interface HandlerContext<Remote extends MethodTypes = AnyMethods> extends Caller<Remote>, StreamCaller<Remote> {
  readonly method: string;
  /** What the two sides speak: with virtagent-2 a result may hold bytes, and items may be streamed. */
  readonly protocol: string;
  /**
   * Aborted when nobody waits for the result: the caller cancelled or is gone, the deadline passed, the peer was closed, or its `stop` was
   * cut short. A `stop` by itself waits for the handler.
   */
  readonly signal: AbortSignal;
  /** Milliseconds that the caller still waits, where the protocol says so; undefined where it can't. */
  readonly remainingMs: number | undefined;
  /**
   * Calls back to the side that called. While it waits, this handler's execute slot goes to others (it is parked); a call
   * through the peer instead keeps the slot, and enough of those on both sides wait for each other for ever. Ends with the
   * handler's job: after that it is refused. Its failure, while nobody awaits it, is no unhandled rejection.
   */
  readonly call: Caller<Remote>['call'];
  /**
   * Reads a stream of the side that called. While it waits for an item, this handler is parked, as it is in `call`; and as
   * that, a stream counts among `maxNestedCalls` until it has ended, and ends with the handler's job.
   */
  readonly stream: StreamCaller<Remote>['stream'];
  readonly notify: Caller<Remote>['notify'];
  /**
   * Sends a value on the way to the result, before the result. False if it was dropped: where the protocol or the caller takes
   * none, after the handler's end, while the caller leaves more than `maxOwedBytes` unread; and where it can't be encoded or is too
   * large, which `onError` is told.
   */
  readonly progress: (value: unknown) => boolean;
}

/** A method of this side. */
// oxlint-disable-next-line typescript/no-explicit-any -- a handler may name its parameters' type
export type Handler = (params: any, context: HandlerContext<any>) => unknown;

/** A method with schemas: parameters are checked before the handler runs, results before they are sent. */
export interface MethodDefinition<P extends Schema = Schema, R extends Schema = Schema> {
  readonly params?: P | undefined;
  readonly result?: R | undefined;
  /** Its parameters as JSON Schema, for a form in the inspector; default: what `params` says of itself, as schemas of zod and arktype do. */
  readonly jsonSchema?: object | undefined;
  // oxlint-disable-next-line typescript/no-explicit-any -- as Handler
  handle(params: any, context: HandlerContext<any>): unknown;
}

/** The methods of this side, by name: what the object has itself, and not what it inherits, as the instance of a class does. */
export type Methods = Readonly<Record<string, Handler | MethodDefinition>>;

/** A method whose parameters are typed by its schema. */
export function method<P extends Schema, R extends Schema = Schema>(definition: {
  readonly params: P;
  readonly result?: R;
  handle(params: SchemaOutput<P>, context: HandlerContext): unknown;
}): MethodDefinition<P, R> {
  return definition;
}

/**
 * An error of a method's own, meant for the caller: its number, message and data cross the line. Where the protocol is not virtagent-2, a
 * number to which it gives a meaning keeps that meaning (docs/errors.md has them).
 */
export class MethodError extends Error {
  override readonly name = 'MethodError';
  /** JSON-RPC's `code`, or v7's `errnum` where it is negative. */
  readonly code: number;
  readonly data: unknown;

  constructor(message: string, options: { readonly code?: number; readonly data?: unknown; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code ?? -1;
    this.data = options.data;
    if (!Number.isSafeInteger(this.code)) invalidOption('code', options.code, 'a whole number');
  }
}

/** The method of that name among a side's own, as a definition. */
export function methodNamed(methods: Methods, name: string): MethodDefinition | undefined {
  if (!Object.hasOwn(methods, name)) return undefined;
  const found = methods[name] as Handler | MethodDefinition;
  return typeof found === 'function' ? { handle: found } : found;
}
