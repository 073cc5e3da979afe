import type { ErrorCode, Known, RemoteErrorObject, RemoteProtocolError } from './errors.ts';

/**
 * What ties a response to its request on the line. A peer's tag is only ever echoed, so it keeps the type
 * that it came with (`undefined`: a v7 frame without a tag line; `null`: a JSON-RPC id of null).
 */
export type Tag = string | number | null | undefined;

/** An error as it crosses the line. */
export interface WireError {
  /** Our code; a codec turns it into the protocol's number and back. */
  readonly code: ErrorCode;
  readonly message: string;
  readonly data?: unknown;
  /** The number that a peer used, or one that a method of ours chose for its own error (REMOTE_ERROR). */
  readonly number?: number | undefined;
  /** What is known of the other side, where the code does not say it. On the line only `refused`, and in virtagent-2. */
  readonly known?: Known | undefined;
}

/** A response's content: a result or an error, never both. */
export type Answer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: WireError };

/** A call that wants a response. */
export interface RequestMessage {
  readonly type: 'request';
  readonly tag: Tag;
  readonly method: string;
  readonly params: unknown;
  /** The millisecond of the sender's clock after which it no longer waits. This and what follows: virtagent-2 alone. */
  readonly deadline?: number | undefined;
  /** Milliseconds that are left of it, by this side's clock. Only ever received. */
  readonly remainingMs?: number;
  /** 2 goes first; 1 unless given. The answer goes with the same. */
  readonly urgency?: 0 | 1 | 2 | undefined;
  /** What is wanted before the response: values on the way, or items, at first so many and so many bytes of their messages. */
  readonly wants?: 'progress' | { readonly items: number; readonly bytes: number } | undefined;
  /** A handler makes it of the side that called it, so it needs no credit. */
  readonly nested?: boolean | undefined;
}

/** A call that wants none. v7 has none of these. */
export interface NotificationMessage {
  readonly type: 'notification';
  readonly method: string;
  readonly params: unknown;
}

/** The response to a request of the side that receives it. */
export interface ResponseMessage {
  readonly type: 'response';
  readonly tag: Tag;
  readonly answer: Answer;
  /** How many items came before it, where items were wanted (virtagent-2). */
  readonly items?: number | undefined;
}

/** The sender of a request gives it up (JSON-RPC with headers: `$/cancelRequest`; virtagent-2: `$/cancel`). */
export interface CancelMessage {
  readonly type: 'cancel';
  readonly tag: Tag;
}

/** A value on the way to a result (`$/progress`). In virtagent-2 the token is the tag of the request. */
export interface ProgressMessage {
  readonly type: 'progress';
  readonly token: string | number;
  readonly value: unknown;
}

/** An item of a streamed result (virtagent-2: `$/item`). */
export interface ItemMessage {
  readonly type: 'item';
  readonly tag: string;
  /** How many items came before it. */
  readonly at: number;
  readonly value: unknown;
}

/** Who wants the items of that request allows so many in all, with those of the request (virtagent-2: `$/more`). */
export interface MoreMessage {
  readonly type: 'more';
  readonly tag: string;
  readonly items: number;
  /** Bytes of their messages; `bytes` on the line, but that is here what a message itself has taken there. */
  readonly itemBytes: number;
}

/** A request of the protocol's own: what is known of the request `of`? (virtagent-2: `$/status`) */
export interface StatusQuery {
  readonly type: 'status';
  readonly tag: string;
  readonly of: string;
}

/** The limits of its sender, by the names of `sessionLimits` (virtagent-2: `$/limits`). */
export interface LimitsMessage {
  readonly type: 'limits';
  readonly limits: Readonly<Record<string, number>>;
}

/** A request that can't be taken, but can be answered: with `error`, under `tag`. Only ever received. */
export interface RejectedMessage {
  readonly type: 'rejected';
  readonly tag: Tag;
  readonly error: WireError;
}

/** What can be sent. */
export type OutgoingMessage =
  | RequestMessage
  | NotificationMessage
  | ResponseMessage
  | CancelMessage
  | ProgressMessage
  | ItemMessage
  | MoreMessage
  | StatusQuery
  | LimitsMessage;

/** What can arrive, with the bytes that it took on the line. */
export type IncomingMessage = (OutgoingMessage | RejectedMessage) & { readonly bytes: number };

/** One step of a decoder's output. */
export type Decoded = IncomingMessage | RemoteProtocolError;

/**
 * One protocol's framing and envelope, without I/O: one instance a link.
 *
 * The contract that every test and fuzzer holds a codec to: whatever is pushed, in whatever pieces, it
 * yields messages or a RemoteProtocolError, never throws, and its memory stays below its limits.
 */
export interface Codec {
  /** Takes the next bytes of the stream; the chunk may be reused by the caller afterwards. */
  push(chunk: Uint8Array): Decoded[];
  /** The stream has ended: reports what was cut. */
  end(): Decoded[];
  /** Bytes of an unfinished frame that are held. */
  readonly buffered: number;
  /** One whole frame. Throws VirtagentError MESSAGE_TOO_LARGE, UNENCODABLE, INVALID_PARAMS or UNSUPPORTED. */
  encode(message: OutgoingMessage): Uint8Array;
}

/** The error object that a peer sent, kept for the user beside our code. */
export function remoteObject(error: WireError): RemoteErrorObject | undefined {
  if (error.number === undefined) return undefined;
  return error.data === undefined
    ? { code: error.number, message: error.message }
    : { code: error.number, message: error.message, data: error.data };
}
