import { errorTable, quote, type ErrorCode, type RemoteProtocolError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Answer, Decoded, OutgoingMessage, Tag, WireError } from '../messages.ts';
import { damaged } from './damage.ts';
import { cutText, isObject, jsonText, jsonWord, parseJson, shown, unsent } from './json.ts';

/** JSON-RPC 2.0's own words: https://www.jsonrpc.org/specification. Framing is the codecs' business. */
export interface Dialect {
  readonly limits: Limits;
  /** Whether `$/cancelRequest` and `$/progress` are known: the Language Server Protocol's base protocol has them. */
  readonly extensions: boolean;
}

/** A parsed object. JSON has no undefined: a member that reads as undefined is not there. */
export type JsonObject = Record<string, unknown>;

const cancelMethod = '$/cancelRequest';
const progressMethod = '$/progress';

/** What our own side answers with where the table has no number for a code: JSON-RPC's "internal error". */
const internalError = -32603;

const codesByNumber = new Map<number, ErrorCode>();
for (const [code, kind] of Object.entries(errorTable)) if ('jsonrpc' in kind) codesByNumber.set(kind.jsonrpc, code as ErrorCode);

// ---- Received

/** What the body of one frame, `line[from..to)`, says; `bytes` is what the frame took on the line. */
export function readJsonRpc(line: Buffer, from: number, to: number, bytes: number, dialect: Dialect): Decoded {
  const parsed = parseJson(line, from, to, dialect.limits.maxDepth);
  if (!parsed.ok) return rejected('PARSE_ERROR', `The message is ${parsed.why}`, null, bytes);
  const message = parsed.value;
  if (Array.isArray(message)) return readBatch(message, bytes);
  if (!isObject(message)) return rejected('INVALID_REQUEST', 'A message is an object', null, bytes);
  if (typeof message['method'] === 'string') return readCall(message, message['method'], bytes, dialect);
  return isResponse(message) ? readResponse(message, bytes, dialect) : readNonsense(message, bytes, dialect);
}

function readBatch(batch: readonly unknown[], bytes: number): Decoded {
  // An answer to a response could be answered in turn, without end.
  if (batch.length > 0 && batch.every((item) => isObject(item) && isResponse(item)))
    return notAMessage('a batch of responses, and batches are not taken', bytes);
  return rejected('INVALID_REQUEST', 'Batches are not taken; send each message by itself', null, bytes);
}

function isResponse(message: JsonObject): boolean {
  return typeof message['method'] !== 'string' && (message['result'] !== undefined || message['error'] !== undefined);
}

/** An object that is neither call nor response: an answer to it goes out under its id, if that can be told. */
function readNonsense(message: JsonObject, bytes: number, { limits }: Dialect): Decoded {
  const tag = usableId(message, limits);
  // Servers in JavaScript leave out a `result` that is undefined. The call that waits for it is told so, now.
  const bare = message['method'] === undefined && message['params'] === undefined;
  if (bare && tag !== undefined) return badResponse(tag, 'it has neither result nor error', bytes);
  return rejected('INVALID_REQUEST', 'A request has a method, which is a string', tag ?? null, bytes);
}

function readCall(message: JsonObject, method: string, bytes: number, dialect: Dialect): Decoded {
  const tag = usableId(message, dialect.limits);
  if (message['jsonrpc'] !== '2.0') return rejected('INVALID_REQUEST', 'The member jsonrpc has to be "2.0"', tag ?? null, bytes);
  if (message['id'] === undefined) return readNotification(message, method, bytes, dialect);
  if (tag === undefined) return rejected('INVALID_REQUEST', `An id can not be ${shown(message['id'])}`, null, bytes);
  if (method.length > dialect.limits.maxMethodLength) return rejected('INVALID_REQUEST', longMethod(dialect), tag, bytes);
  if (!takesParams(message)) return rejected('INVALID_PARAMS', 'params has to be an object or an array', tag, bytes);
  return { type: 'request', tag, method, params: message['params'], bytes };
}

/** Notifications are never answered, so what is wrong with one is only reported. */
function readNotification(message: JsonObject, method: string, bytes: number, dialect: Dialect): Decoded {
  if (method.length > dialect.limits.maxMethodLength) return notAMessage(longMethod(dialect), bytes);
  if (!takesParams(message)) return notAMessage(`a notification whose params are ${shown(message['params'])}`, bytes);
  const params = message['params'];
  if (dialect.extensions && method === cancelMethod) return readCancel(params, bytes, dialect.limits);
  if (dialect.extensions && method === progressMethod) return readProgress(params, bytes, dialect.limits);
  return { type: 'notification', method, params, bytes };
}

function readCancel(params: unknown, bytes: number, limits: Limits): Decoded {
  const tag = isObject(params) ? usableId(params, limits) : undefined;
  return tag === undefined ? notAMessage(`${cancelMethod} without a usable id`, bytes) : { type: 'cancel', tag, bytes };
}

function readProgress(params: unknown, bytes: number, limits: Limits): Decoded {
  const token = isObject(params) ? params['token'] : undefined;
  if (!isObject(params) || !isToken(token, limits) || params['value'] === undefined)
    return notAMessage(`${progressMethod} without a usable token and a value`, bytes);
  return { type: 'progress', token, value: params['value'], bytes };
}

function readResponse(message: JsonObject, bytes: number, { limits }: Dialect): Decoded {
  const tag = usableId(message, limits);
  if (tag === undefined) return notAMessage('a response without a usable id', bytes);
  if (message['jsonrpc'] !== '2.0') return badResponse(tag, 'its member jsonrpc is not "2.0"', bytes);
  if (message['method'] !== undefined) return badResponse(tag, 'it has a method as well', bytes);
  if (message['error'] === undefined) return { type: 'response', tag, answer: { ok: true, value: message['result'] }, bytes };
  if (message['result'] !== undefined) return badResponse(tag, 'it has both result and error', bytes);
  const error = readError(message['error']);
  return error === undefined
    ? badResponse(tag, 'its error is not {code, message}', bytes)
    : { type: 'response', tag, answer: { ok: false, error }, bytes };
}

export function readError(error: unknown): WireError | undefined {
  if (!isObject(error)) return undefined;
  const { code: number, message } = error;
  if (!Number.isSafeInteger(number) || typeof message !== 'string') return undefined;
  const known = { code: codesByNumber.get(number as number) ?? 'REMOTE_ERROR', message: cutText(message), number: number as number };
  return error['data'] !== undefined ? { ...known, data: error['data'] } : known;
}

/** The id of a message, or undefined if there is none that could be sent back as it came. */
function usableId(message: JsonObject, limits: Limits): Exclude<Tag, undefined> | undefined {
  const id = message['id'];
  return id === null || isToken(id, limits) ? id : undefined;
}

function isToken(value: unknown, limits: Limits): value is string | number {
  if (typeof value === 'string') return value.length <= limits.maxTagLength;
  // A whole number beyond 2^53 has lost digits in the parser, and would come back as another.
  return typeof value === 'number' && Number.isFinite(value) && (Number.isSafeInteger(value) || !Number.isInteger(value));
}

function takesParams(message: JsonObject): boolean {
  return message['params'] === undefined || (typeof message['params'] === 'object' && message['params'] !== null);
}

function longMethod({ limits }: Dialect): string {
  return `A method's name has at most ${limits.maxMethodLength} characters`;
}

export function rejected(code: ErrorCode, message: string, tag: Tag, bytes: number): Decoded {
  return { type: 'rejected', tag, error: { code, message }, bytes };
}

function badResponse(tag: Tag, why: string, bytes: number): Decoded {
  return {
    type: 'response',
    tag,
    answer: { ok: false, error: { code: 'INVALID_RESPONSE', message: `The response breaks JSON-RPC 2.0: ${why}` } },
    bytes,
  };
}

export function notAMessage(what: string, bytes: number): RemoteProtocolError {
  return damaged({ reason: 'not-a-message', message: what }, bytes);
}

// ---- Sent

/** A message as one JSON text, without a line break in it. Throws VirtagentError, as `Codec.encode` does. */
export function writeJsonRpc(message: OutgoingMessage, dialect: Dialect): string {
  switch (message.type) {
    case 'request':
      return `{"jsonrpc":"2.0","id":${writeId(message.tag, dialect.limits)},${writeCall(message.method, message.params)}}`;
    case 'notification':
      return `{"jsonrpc":"2.0",${writeCall(message.method, message.params)}}`;
    case 'response':
      return `{"jsonrpc":"2.0","id":${jsonWord(message.tag ?? null)},${writeAnswer(message.answer)}}`;
    case 'cancel':
      needExtensions(dialect, 'a cancel');
      return `{"jsonrpc":"2.0","method":"${cancelMethod}","params":{"id":${writeId(message.tag, dialect.limits)}}}`;
    case 'progress':
      needExtensions(dialect, 'progress');
      return `{"jsonrpc":"2.0","method":"${progressMethod}","params":{"token":${writeId(message.token, dialect.limits)},"value":${writeValue(message.value, 'The progress value')}}}`;
    case 'item':
    case 'more':
    case 'status':
    case 'limits':
      throw unsent('UNSUPPORTED', `JSON-RPC has no message for ${message.type}; virtagent-2 has`);
  }
}

function needExtensions(dialect: Dialect, what: string): void {
  if (!dialect.extensions) throw unsent('UNSUPPORTED', `JSON-RPC by lines has no message for ${what}; jsonrpc-headers has`);
}

/** An id of our own making. A request without one would be a notification, and never be answered. */
function writeId(tag: Tag, limits: Limits): string {
  if (tag === null || isToken(tag, limits)) return jsonWord(tag);
  throw unsent('UNENCODABLE', `${quote(tag)} can not be an id; a string of at most ${limits.maxTagLength} characters or a number can`);
}

function writeCall(method: unknown, params: unknown): string {
  if (typeof method !== 'string') throw unsent('UNENCODABLE', `a method's name is a string, not ${quote(method)}`);
  const name = `"method":${jsonWord(method)}`;
  if (params === undefined) return name;
  const text = typeof params === 'object' && params !== null ? jsonText(params, 'params') : undefined;
  // Asked of the text, as a toJSON can turn an object into anything.
  if (text?.[0] !== '{' && text?.[0] !== '[') throw unsent('INVALID_PARAMS', 'JSON-RPC takes params that are an object or an array');
  return `${name},"params":${text}`;
}

/** `marks`: what an error has besides. */
export function writeAnswer(answer: Answer, marks = (_error: WireError): string => ''): string {
  if (answer.ok) return `"result":${writeValue(answer.value, 'The result')}`;
  const { error } = answer;
  const data = error.data === undefined ? '' : `,"data":${writeValue(error.data, 'The data of the error')}`;
  return `"error":{"code":${numberOf(error)},"message":${JSON.stringify(cutText(error.message))}${data}${marks(error)}}`;
}

export function writeValue(value: unknown, what: string): string {
  if (value === undefined) return 'null';
  const text = jsonText(value, what);
  if (text === undefined) throw unsent('UNENCODABLE', `${what} is a ${typeof value}, which JSON does not have`);
  return text;
}

function numberOf(error: WireError): number {
  if (error.code === 'REMOTE_ERROR' && Number.isSafeInteger(error.number)) return error.number as number;
  const kind = errorTable[error.code];
  return 'jsonrpc' in kind ? kind.jsonrpc : internalError;
}
