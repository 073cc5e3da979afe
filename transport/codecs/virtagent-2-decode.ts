import type { RemoteProtocolError, VirtagentError } from '../errors.ts';
import { sessionLimits, type Limits } from '../limits.ts';
import type { Answer, Decoded, RequestMessage, WireError } from '../messages.ts';
import { damaged } from './damage.ts';
import { isObject, described, parseJson, shown, unsent } from './json.ts';
import { notAMessage, readError, rejected, type JsonObject } from './jsonrpc.ts';
import { putBytes } from './virtagent-2-byte-strings.ts';
import { areDigits, digitsAt } from './virtagent-2-fields.ts';
import { isTag, lengthBytes, own } from './virtagent-2-words.ts';

/**
 * The message whose bytes are `payload`. With `owned` that is the message's own from now on, and byte strings may be views of it; else they
 * are copied.
 *
 * What asks but can't be taken is `rejected`, and what answers but can't be used answers with INVALID_RESPONSE, as long as
 * there is a tag; anything else is damage.
 */
export function decodeMessage(payload: Buffer, bytes: boolean, limits: Limits, owned = true): Decoded {
  const size = payload.length;
  const most = limits.maxMessageBytes;
  if (size > most) return damaged({ reason: 'message-too-large', message: `a message of more than ${most}` }, size);
  const from = bytes ? lengthBytes : 0;
  const to = bytes ? lengthBytes + jsonLength(payload) : size;
  if (to < from || to > size) return notAMessage('byte strings without a message', size);
  const parsed = parseJson(payload, from, to, limits.maxDepth);
  if (!parsed.ok) return notAMessage(`a message that is ${described(parsed)}`, size);
  if (!isObject(parsed.value)) return notAMessage(`${shown(parsed.value)}, which is no message`, size);
  const reader = new Reader(parsed.value, size, limits);
  return reader.read(bytes ? putBytes(parsed.value, payload, to, owned) : undefined);
}

/** What is wrong with a payload of this side's that the other side, with those limits, would refuse or drop. */
export function beyondLimits(payload: Uint8Array, bytes: boolean, limits: Limits): VirtagentError | undefined {
  const whole = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  const from = bytes ? lengthBytes : 0;
  const parsed = parseJson(whole, from, bytes ? from + jsonLength(whole) : whole.length, limits.maxDepth);
  if (!parsed.ok) return unsent('UNENCODABLE', `the message is ${parsed.why}, which is all that the other side takes`);
  const { method } = parsed.value as { readonly method?: unknown };
  if (typeof method !== 'string' || method.length <= limits.maxMethodLength) return undefined;
  const most = limits.maxMethodLength;
  return unsent('UNENCODABLE', `the method's name has ${method.length} characters, and the other side takes at most ${most}`);
}

/** The length of the JSON before byte strings; below zero if it says none. */
function jsonLength(payload: Buffer): number {
  return payload.length >= lengthBytes && areDigits(payload, 0, lengthBytes) ? digitsAt(payload, 0, lengthBytes) : -1;
}

class Reader {
  readonly #message: JsonObject;
  readonly #bytes: number;
  readonly #limits: Limits;

  constructor(message: JsonObject, bytes: number, limits: Limits) {
    this.#message = message;
    this.#bytes = bytes;
    this.#limits = limits;
  }

  /** `wrong`: what is wrong with its byte strings. */
  read(wrong: string | undefined): Decoded {
    const { method, id, params, result, error } = this.#message;
    if (typeof method === 'string') return id === undefined ? this.#notification(method, wrong) : this.#request(method, id, wrong);
    if (result !== undefined || error !== undefined) return this.#response(wrong);
    // Servers in JavaScript leave out a `result` that is undefined. The call that waits for it is told so, now.
    if (method === undefined && params === undefined) return this.#response('it has neither result nor error');
    return this.#refused('A request has a method, which is a string');
  }

  #request(method: string, tag: unknown, wrong: string | undefined): Decoded {
    if (!isTag(tag, this.#limits)) return this.#damage(`a request whose id is ${shown(tag)}`);
    if (wrong !== undefined) return this.#refused(`The request breaks the protocol: ${wrong}`);
    if (method.length > this.#limits.maxMethodLength)
      return this.#refused(`A method's name has at most ${this.#limits.maxMethodLength} characters`);
    if (method === own.status) return this.#status(tag);
    const request: Request = { type: 'request', tag, method, params: this.#message['params'], bytes: this.#bytes };
    const bad = readOptions(this.#message, request);
    return bad === undefined ? request : this.#refused(`The request breaks the protocol: its ${bad}`);
  }

  #status(tag: string): Decoded {
    const of = this.#about();
    if (of === undefined) return rejected('INVALID_PARAMS', `${own.status} takes the id of a request`, tag, this.#bytes);
    return { type: 'status', tag, of, bytes: this.#bytes };
  }

  /** Notifications are never answered, so what is wrong with one is only reported. */
  #notification(method: string, wrong: string | undefined): Decoded {
    if (wrong !== undefined) return this.#damage(`a notification that breaks the protocol: ${wrong}`);
    if (method.length > this.#limits.maxMethodLength)
      return this.#damage(`a notification whose method has more than ${this.#limits.maxMethodLength} characters`);
    const params = this.#message['params'];
    if (method.startsWith(own.prefix)) {
      const read = this.#own(method, isObject(params) ? params : undefined);
      if (read !== undefined) return read;
    }
    return { type: 'notification', method, params, bytes: this.#bytes };
  }

  /** One of the protocol's own; undefined if it is not known. */
  #own(method: string, params: JsonObject | undefined): Decoded | undefined {
    const bytes = this.#bytes;
    if (method === own.limits)
      return params === undefined ? this.#damage(`${method} without any`) : { type: 'limits', limits: readLimits(params), bytes };
    if (method !== own.cancel && method !== own.progress && method !== own.item && method !== own.more) return undefined;
    const tag = this.#about();
    if (params === undefined || tag === undefined) return this.#damage(`${method} without a usable id`);
    if (method === own.cancel) return { type: 'cancel', tag, bytes };
    if (method === own.more) return this.#more(tag, params);
    const { value, at } = params;
    if (value === undefined) return this.#damage(`${method} without a value`);
    if (method === own.progress) return { type: 'progress', token: tag, value, bytes };
    return isWhole(at) ? { type: 'item', tag, at, value, bytes } : this.#damage(`${method} without its place`);
  }

  #more(tag: string, { items, bytes: itemBytes }: JsonObject): Decoded {
    if (!isWhole(items) || !isWhole(itemBytes)) return this.#damage(`${own.more} without whole numbers`);
    return { type: 'more', tag, items, itemBytes, bytes: this.#bytes };
  }

  #response(wrong: string | undefined): Decoded {
    const { id: tag, result, error, method } = this.#message;
    if (!isTag(tag, this.#limits)) return this.#damage('a response without a usable id');
    if (wrong !== undefined) return this.#badResponse(tag, wrong);
    if (method !== undefined) return this.#badResponse(tag, 'it has a method as well');
    if (error === undefined) return this.#answer(tag, { ok: true, value: result });
    if (result !== undefined) return this.#badResponse(tag, 'it has both result and error');
    const read = readError(error);
    if (read === undefined) return this.#badResponse(tag, 'its error is not {code, message}');
    return this.#answer(tag, { ok: false, error: marked(read, error as JsonObject) });
  }

  #answer(tag: string, answer: Answer): Decoded {
    const { items } = this.#message;
    const response = { type: 'response', tag, answer, bytes: this.#bytes } as const;
    return isWhole(items) ? { ...response, items } : response;
  }

  #badResponse(tag: string, why: string): Decoded {
    return this.#answer(tag, { ok: false, error: { code: 'INVALID_RESPONSE', message: `The response breaks the protocol: ${why}` } });
  }

  /** What asks for an answer under its id, if that can be told. */
  #refused(why: string): Decoded {
    const { id } = this.#message;
    return isTag(id, this.#limits) ? rejected('INVALID_REQUEST', why, id, this.#bytes) : this.#damage('a request without a usable id');
  }

  #damage(what: string): RemoteProtocolError {
    return notAMessage(what, this.#bytes);
  }

  /** The request that one of the protocol's own messages is about. */
  #about(): string | undefined {
    const params = this.#message['params'];
    const id = isObject(params) ? params['id'] : undefined;
    return isTag(id, this.#limits) ? id : undefined;
  }
}

/** What an error says besides its number. */
function marked(read: WireError, { own: isOwn, refused }: JsonObject): WireError {
  if (isOwn === true) return { ...read, code: 'REMOTE_ERROR' };
  return refused === true ? { ...read, known: 'refused' } : read;
}

type Request = { -readonly [K in keyof RequestMessage]: RequestMessage[K] } & { bytes: number };

/** Sets what a request has besides its method and params, and says what is wrong with it if something is. */
function readOptions({ deadline, urgency, wants, nested }: JsonObject, request: Request): string | undefined {
  if (deadline !== undefined) {
    if (!isWhole(deadline)) return 'deadline is no whole number';
    request.deadline = deadline;
  }
  if (urgency !== undefined) {
    if (urgency !== 0 && urgency !== 1 && urgency !== 2) return 'urgency is not 0, 1 or 2';
    request.urgency = urgency;
  }
  if (wants !== undefined) {
    const read = readWants(wants);
    if (read === undefined) return 'wants are neither "progress" nor so many items and bytes';
    request.wants = read;
  }
  if (nested !== undefined) {
    if (typeof nested !== 'boolean') return 'nested is not true or false';
    request.nested = nested;
  }
  return undefined;
}

function readWants(wants: unknown): RequestMessage['wants'] {
  if (wants === 'progress') return wants;
  if (!isObject(wants)) return undefined;
  const { items, bytes } = wants;
  return isWhole(items) && isWhole(bytes) ? { items, bytes } : undefined;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Those limits that are known here, as a later version may have more; and whether it is announced again because the other side's have not come. */
const announced: readonly string[] = [...Object.keys(sessionLimits), 'again'];

function readLimits(params: JsonObject): Record<string, number> {
  const limits: Record<string, number> = {};
  for (const name of announced) if (isWhole(params[name])) limits[name] = params[name];
  return limits;
}
