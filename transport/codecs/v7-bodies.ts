import { errorTable, quote, type ErrorCode } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Answer, Decoded, RequestMessage, Tag, WireError } from '../messages.ts';
import { cutText, described, isObject, jsonText, jsonWord, shown, unsent, type Parsed } from './json.ts';

/** What stands for an error that the table has no number for: EIO. */
const otherErrnum = -5;

const codesByErrnum = new Map<number, ErrorCode>();
for (const [code, kind] of Object.entries(errorTable)) if ('errnum' in kind) codesByErrnum.set(kind.errnum, code as ErrorCode);

/** What the parsed body of a virtagent v7 frame says; `bytes` is what the frame took on the line. */
export function readV7(type: 'request' | 'response', tag: Tag, parsed: Parsed, bytes: number, limits: Limits): Decoded {
  return type === 'request' ? readRequest(tag, parsed, bytes, limits) : { type, tag, answer: readAnswer(parsed), bytes };
}

// The original answers nothing to these, and its caller waits for its time-out.
function readRequest(tag: Tag, parsed: Parsed, bytes: number, limits: Limits): Decoded {
  if (!parsed.ok) return rejected('PARSE_ERROR', `The body is ${parsed.why}`, tag, bytes);
  if (!isObject(parsed.value)) return rejected('INVALID_REQUEST', `The body is ${shown(parsed.value)}, not an object`, tag, bytes);
  const { method, params } = parsed.value;
  if (typeof method !== 'string') return rejected('INVALID_REQUEST', 'A request has a method, which is a string', tag, bytes);
  if (method.length > limits.maxMethodLength)
    return rejected('INVALID_REQUEST', `A method's name has at most ${limits.maxMethodLength} characters`, tag, bytes);
  if (params !== undefined && !isObject(params)) return rejected('INVALID_PARAMS', 'params has to be an object', tag, bytes);
  return { type: 'request', tag, method, params, bytes };
}

function rejected(code: ErrorCode, message: string, tag: Tag, bytes: number): Decoded {
  return { type: 'rejected', tag, error: { code, message }, bytes };
}

function readAnswer(parsed: Parsed): Answer {
  if (!parsed.ok) return badResponse(`its body is ${described(parsed)}`);
  if (!isObject(parsed.value)) return badResponse('its body is no object');
  const { errnum, errstr, return_data: value } = parsed.value;
  // Cut to 32 bits, as the original does, 2^32 would be success.
  if (!Number.isSafeInteger(errnum)) return badResponse(errnum === undefined ? 'it has no errnum' : `its errnum is ${shown(errnum)}`);
  if (errnum !== 0) return { ok: false, error: readError(errnum as number, errstr) };
  return value === undefined || isObject(value) ? { ok: true, value } : badResponse('its return_data is no object');
}

function readError(errnum: number, errstr: unknown): WireError {
  return {
    code: codesByErrnum.get(errnum) ?? 'REMOTE_ERROR',
    message: typeof errstr === 'string' ? cutText(errstr) : `errnum ${errnum}`,
    number: errnum,
  };
}

function badResponse(why: string): Answer {
  return { ok: false, error: { code: 'INVALID_RESPONSE', message: `The response breaks virtagent v7: ${why}` } };
}

// The spaces are the original's, so that simple bodies are its own byte for byte.

/** A request's body. Throws INVALID_PARAMS or UNENCODABLE. */
export function writeV7Request({ method, params }: RequestMessage): string {
  if (typeof method !== 'string') throw unsent('UNENCODABLE', `a method's name is a string, not ${quote(method)}`);
  if (params === undefined) return `{"method": ${jsonWord(method)}}`;
  const text = objectText(params, 'params');
  if (text === undefined) throw unsent('INVALID_PARAMS', 'virtagent v7 takes params that are an object');
  return `{"method": ${jsonWord(method)}, "params": ${text}}`;
}

/** A response's body. Throws UNENCODABLE. */
export function writeV7Response(answer: Answer): string {
  if (!answer.ok) return `{"errnum": ${errnumOf(answer.error)}, "errstr": ${JSON.stringify(cutText(answer.error.message))}}`;
  if (answer.value === undefined) return '{"errnum": 0}';
  const text = objectText(answer.value, 'The result');
  if (text === undefined) throw unsent('UNENCODABLE', 'virtagent v7 takes a result that is an object, or none');
  return `{"errnum": 0, "return_data": ${text}}`;
}

/** A value's JSON, or undefined if that is no object: asked of the text, as a toJSON can turn an object into anything. */
function objectText(value: unknown, what: string): string | undefined {
  const text = typeof value === 'object' && value !== null ? jsonText(value, what) : undefined;
  return text?.[0] === '{' ? text : undefined;
}

function errnumOf({ code, number }: WireError): number {
  const kind = errorTable[code];
  if ('errnum' in kind) return kind.errnum;
  return Number.isSafeInteger(number) && (number as number) < 0 ? (number as number) : otherErrnum;
}
