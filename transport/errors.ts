/**
 * Every error that a user of this package can meet, in one table.
 *
 * `docs/errors.md` is generated from it. The codes are stable: programs match on them, so a code is
 * never renamed or reused.
 */

/** Who has to change something: this side, the other side, or nobody (the line between them). */
export type Blame = 'us' | 'peer' | 'line';

/**
 * What is known of the other side when a call fails.
 *
 * - `not-sent`: no complete request left this side, so nothing ran there.
 * - `refused`: the other side got the request and says that it did not run it.
 * - `perhaps-executed`: the request left, or part of it did, and no answer came.
 * - `executed`: the other side ran it, and its answer (an error, or one that can't be used) is here.
 */
export type Known = 'not-sent' | 'refused' | 'perhaps-executed' | 'executed';

/** One row of the table. */
export interface ErrorKind {
  readonly blame: Blame;
  /** Whether the same call can succeed later without a change on either side. */
  readonly retryable: boolean;
  /** The number that stands for it in a JSON-RPC 2.0 error object, where it is ever sent. */
  readonly jsonrpc?: number;
  /** The number that stands for it in a v7 response's `errnum`: a negated Linux errno. */
  readonly errnum?: number;
  readonly meaning: string;
  readonly remedy: string;
}

function table<const T extends Record<string, ErrorKind>>(kinds: T): Readonly<T> {
  return Object.freeze(kinds);
}

/** The table: code → who is to blame, whether to retry, its numbers on the line, what to do. */
export const errorTable = table({
  // A call's own outcome.
  TIMEOUT: {
    blame: 'peer',
    retryable: true,
    jsonrpc: -32012,
    errnum: -110,
    meaning: 'The deadline of the call passed before its response came.',
    remedy: 'Raise timeoutMs, or find out why the other side is slow; see `known` before you repeat the call.',
  },
  CANCELLED: {
    blame: 'us',
    retryable: true,
    jsonrpc: -32800,
    errnum: -125,
    meaning: 'The call was cancelled, by its AbortSignal, by cancel(), or by the side that made it.',
    remedy: 'Nothing, if you cancelled it; else look for who aborted the signal.',
  },
  LINE_LOST: {
    blame: 'line',
    retryable: true,
    meaning: 'The line ended while the call was being sent or waited for its response.',
    remedy: 'See `known` before you repeat the call: unless it is not-sent it may have been executed.',
  },
  ITEMS_LOST: {
    blame: 'line',
    retryable: true,
    meaning: 'The line lost some of the items of a streamed result, its request or its response.',
    remedy: 'Have the session be reliable (`reliable: true`) on a line that loses bytes; see `known` before you repeat the call.',
  },
  SEND_FAILED: {
    blame: 'line',
    retryable: true,
    meaning: 'The stream did not take the request.',
    remedy: 'Look at `cause`; the link normally goes down with it.',
  },
  STALLED: {
    blame: 'peer',
    retryable: true,
    meaning: 'The peer sent requests and left more than maxOwedBytes of answers unread for stallTimeoutMs: the line was ended.',
    remedy: 'Have the peer read its answers, or raise the options.',
  },
  REMOTE_ERROR: {
    blame: 'peer',
    retryable: false,
    meaning: 'The method answered with an error of its own; `remote` holds its number, message and data.',
    remedy: 'Handle it as the method documents it.',
  },
  HANDLER_FAILED: {
    blame: 'peer',
    retryable: false,
    jsonrpc: -32603,
    errnum: -5,
    meaning: 'The handler of the method threw something that was not meant for the caller, or returned what can not be sent.',
    remedy: 'Read the log of the side that handled it; its stack never crosses the line.',
  },
  INVALID_RESPONSE: {
    blame: 'peer',
    retryable: false,
    meaning: 'The response breaks the protocol, or its result does not pass the schema given for it.',
    remedy: 'Compare the versions of both sides; `message` says what was wrong.',
  },
  LINE_SILENT: {
    blame: 'line',
    retryable: true,
    meaning: 'Nothing was heard for twice heartbeatMs, though the other side was asked to say something.',
    remedy: 'Find out whether the other side still runs and reads; see `known` before you repeat the call.',
  },
  LIMIT_EXCEEDED: {
    blame: 'peer',
    retryable: false,
    meaning: 'The peer went beyond a limit that it had been told, so the session with it was ended.',
    remedy: 'Correct the other side; `message` names the limit.',
  },
  PROTOCOL_MISMATCH: {
    blame: 'us',
    retryable: false,
    meaning: 'The other side speaks another protocol, or another version of this one.',
    remedy: 'Give both sides the same protocol, and versions of this package that have it.',
  },
  // Refusals: the request was not executed.
  METHOD_NOT_FOUND: {
    blame: 'us',
    retryable: false,
    jsonrpc: -32601,
    errnum: -1,
    meaning: 'The other side has no method of that name.',
    remedy: 'Check the name against its list of methods (`capabilities` in v7).',
  },
  INVALID_PARAMS: {
    blame: 'us',
    retryable: false,
    jsonrpc: -32602,
    errnum: -22,
    meaning: 'The parameters do not fit the method, or the protocol can not carry them.',
    remedy: 'Correct the parameters; `data` lists the issues where a schema found them.',
  },
  INVALID_REQUEST: {
    blame: 'us',
    retryable: false,
    jsonrpc: -32600,
    errnum: -71,
    meaning: 'A message that is well-formed JSON is no request of the protocol (JSON-RPC batches included).',
    remedy: 'Send one object with a method, as the protocol wants it.',
  },
  PARSE_ERROR: {
    blame: 'us',
    retryable: false,
    jsonrpc: -32700,
    errnum: -74,
    meaning: 'The body of a request is not JSON, is not UTF-8 or is nested too deep.',
    remedy: 'Send valid JSON below the limits.',
  },
  BUSY: {
    blame: 'peer',
    retryable: true,
    jsonrpc: -32010,
    errnum: -11,
    meaning: 'The other side holds as many requests, or bytes of them, as it takes at once.',
    remedy: 'Wait and repeat: it was not executed. Calls after it back off by themselves.',
  },
  STOPPING: {
    blame: 'peer',
    retryable: true,
    jsonrpc: -32011,
    errnum: -108,
    meaning: 'The side that was asked is finishing what runs and takes no new work.',
    remedy: 'Wait for its next start.',
  },
  EXPIRED: {
    blame: 'peer',
    retryable: true,
    jsonrpc: -32014,
    meaning: 'The deadline of the call had passed when its request came to the other side, or when its turn came there.',
    remedy: 'Raise timeoutMs, or find out why requests wait; it was not executed.',
  },
  // Refusals on this side: nothing was sent.
  QUEUE_FULL: {
    blame: 'us',
    retryable: true,
    meaning: 'This side already holds maxClientJobs calls, or maxClientBytes of them.',
    remedy: 'Wait for some to finish, or raise the option.',
  },
  STOPPED: {
    blame: 'us',
    retryable: false,
    meaning: 'The peer or the manager on this side was stopped.',
    remedy: 'Make a new one.',
  },
  TAG_IN_USE: {
    blame: 'us',
    retryable: true,
    meaning: 'A job of this side with the same tag has not finished.',
    remedy: 'Use a tag that is unique among the unfinished jobs.',
  },
  NESTING_LIMIT: {
    blame: 'us',
    retryable: true,
    meaning: 'A handler has maxNestedCalls calls back to the peer in flight.',
    remedy: 'Await some of them first, or raise the option.',
  },
  MESSAGE_TOO_LARGE: {
    blame: 'us',
    retryable: false,
    jsonrpc: -32013,
    errnum: -90,
    meaning:
      'The encoded message is larger than the protocol or maxMessageBytes allows, a request than the other side has room for (maxServerBytes), or a call than this side has (maxClientBytes).',
    remedy: 'Send it in pieces, or raise the limit that `message` names, on both sides where the protocol lets you.',
  },
  UNENCODABLE: {
    blame: 'us',
    retryable: false,
    meaning: 'A value can not be written as JSON, or not in the place where the protocol wants an object.',
    remedy: 'Pass plain data: no cycles, no BigInt, no functions.',
  },
  UNSUPPORTED: {
    blame: 'us',
    retryable: false,
    meaning: 'The protocol in use can not carry what was asked for.',
    remedy: 'Use a protocol that can; docs/protocols.md has the table.',
  },
  INVALID_OPTION: {
    blame: 'us',
    retryable: false,
    meaning: 'An option has a value that is not allowed.',
    remedy: 'The message names the option, the value and what is allowed.',
  },
  FORBIDDEN: {
    blame: 'us',
    retryable: false,
    meaning: 'A viewer asked an inspector to act, and the inspector was not given control: it only looks on.',
    remedy: 'Give it `control: true` (the command: --inspect-control), if whoever has its address may act.',
  },
  // Opening a line.
  CHANNEL_NOT_FOUND: {
    blame: 'us',
    retryable: true,
    meaning: 'There is no socket, file or program at that address.',
    remedy: 'Check the path, and that the other side has started.',
  },
  CHANNEL_REFUSED: {
    blame: 'peer',
    retryable: true,
    meaning: 'Nobody listens at that address, or the guest has not opened its port.',
    remedy: 'Start the other side, or correct the address.',
  },
  CHANNEL_UNUSABLE: {
    blame: 'us',
    retryable: false,
    meaning: 'What is there can not be used as a line, or a package that it takes is missing.',
    remedy: 'Do what the message says, or name another path; nothing that is there is overwritten.',
  },
  CHANNEL_IN_USE: {
    blame: 'us',
    retryable: true,
    meaning: 'Another process already listens at that address, or holds that port or chardev.',
    remedy: 'End the other process, or use another address.',
  },
  CHANNEL_DENIED: {
    blame: 'us',
    retryable: false,
    meaning: 'The operating system does not let this user open that address.',
    remedy: 'Change the permissions, or run as a user that may.',
  },
  CHANNEL_FAILED: {
    blame: 'line',
    retryable: true,
    meaning: 'Opening the line failed for another reason; `cause` has it.',
    remedy: 'Look at the cause.',
  },
});

/** A stable error code: a key of {@link errorTable}. */
export type ErrorCode = keyof typeof errorTable;

/** The error object that came over the line, as the protocol has it. */
export interface RemoteErrorObject {
  /** JSON-RPC's `code` or v7's `errnum`. */
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** What an error may carry besides its code and message. */
export interface VirtagentErrorDetail {
  readonly known?: Known | undefined;
  readonly method?: string | undefined;
  readonly data?: unknown;
  readonly remote?: RemoteErrorObject | undefined;
  readonly cause?: unknown;
}

/**
 * The one error class of this package. Match on `code`, never on the message.
 *
 * `known` is set on every failed call and says whether the other side may have executed it.
 */
export class VirtagentError extends Error {
  override readonly name = 'VirtagentError';
  readonly code: ErrorCode;
  readonly known: Known | undefined;
  /** The method of the call that failed, if it was a call. */
  readonly method: string | undefined;
  readonly data: unknown;
  readonly remote: RemoteErrorObject | undefined;

  constructor(code: ErrorCode, message: string, detail: VirtagentErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.known = detail.known;
    this.method = detail.method;
    this.data = detail.data;
    this.remote = detail.remote;
  }

  /** Who has to change something. */
  get blame(): Blame {
    return errorTable[this.code].blame;
  }

  /** Whether the same call can succeed later without a change. */
  get retryable(): boolean {
    return errorTable[this.code].retryable;
  }

  /** What to do about it, in a sentence. */
  get remedy(): string {
    return errorTable[this.code].remedy;
  }
}

/** Whether something that was thrown is an error of this package. Anything can be thrown, and even `instanceof` runs a proxy's own code. */
export function isVirtagentError(thrown: unknown): thrown is VirtagentError {
  try {
    return thrown instanceof VirtagentError;
  } catch {
    return false;
  }
}

/** What something that was thrown says of itself, if it can be asked. */
export function messageOf(thrown: unknown): string | undefined {
  try {
    const message: unknown = thrown instanceof Error ? thrown.message : undefined;
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}

/** Why bytes from the peer were dropped. Stable, like the error codes. */
export type DamageReason =
  | 'noise'
  | 'truncated'
  | 'bad-header'
  | 'bad-length'
  | 'bad-checksum'
  | 'other-session'
  | 'header-too-large'
  | 'message-too-large'
  | 'not-a-message';

/**
 * Bytes from the peer that break its protocol and can't be answered. A decoder reports one and goes on with
 * the next frame.
 */
export class RemoteProtocolError extends Error {
  override readonly name = 'RemoteProtocolError';
  constructor(
    readonly reason: DamageReason,
    message: string,
    /** How many bytes were dropped. */
    readonly dropped: number,
  ) {
    super(message);
  }
}

/** Throws INVALID_OPTION for an option whose value is not allowed; says what is. */
export function invalidOption(option: string, value: unknown, allowed: string): never {
  throw new VirtagentError('INVALID_OPTION', `${option} is ${quote(value)}; it takes ${allowed}`);
}

/** A character as JSON escapes it, a half of it at a time: one form for all that is shown and must not act. */
export function writtenOut(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

/** As text; what JSON has no word for, or another one, as JavaScript writes it. */
function written(value: unknown): string {
  if (typeof value === 'bigint' || typeof value === 'function') return String(value);
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  return JSON.stringify(value) ?? String(value);
}

/** A value from a user or a peer, quoted for one line of text: escaped, and cut after `most` characters. */
export function quote(value: unknown, most = 80): string {
  let text: string;
  try {
    text = written(value);
  } catch {
    // Nested too deep, in a circle, or with methods that throw: then not even String() has a text for sure.
    text = `[${typeof value}]`;
  }
  // JSON escapes C0 alone. Other controls, formats (bidirectional ones among them) and line separators would still act on a terminal.
  const shown = text.slice(0, most * 2).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, writtenOut);
  return shown.length > most ? `${shown.slice(0, most)}…` : shown;
}
