import { isUint8Array } from 'node:util/types';
import { isVirtagentError, messageOf, quote } from '../errors.ts';
import { unsent } from './json.ts';
import type { JsonObject } from './jsonrpc.ts';

/** A byte string of a message, and where in the message it stands. */
export interface ByteString {
  /** RFC 6901, from the whole message. */
  readonly pointer: string;
  readonly bytes: Uint8Array;
}

/** Byte strings of one message. Each costs an object; what has more of them is better one string and a list of lengths. */
export const maxByteStrings = 1024;

// ---- Sent

/**
 * A value with null for each byte string, which go to `out`; the value itself if there are none. What a `toJSON` gives is looked
 * into as well. `levels` is how deep it may be nested. Throws UNENCODABLE.
 */
export function withoutBytes(value: unknown, pointer: string, levels: number, out: ByteString[], what: string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  try {
    return mayHaveBytes(value, levels) ? new Strip(out).value(value, pointer, '', levels) : value;
  } catch (cause) {
    if (isVirtagentError(cause)) throw cause;
    throw unsent('UNENCODABLE', `${what} can not be written as JSON: ${quote(messageOf(cause) ?? cause)}`, cause);
  }
}

/** A first look, which all messages pay for: a tenth of what printing them costs. */
function mayHaveBytes(value: object, levels: number): boolean {
  if (ArrayBuffer.isView(value) || hasToJson(value)) return true;
  checkDepth(levels);
  if (Array.isArray(value)) {
    for (const item of value as unknown[]) if (typeof item === 'object' && item !== null && mayHaveBytes(item, levels - 1)) return true;
    return false;
  }
  for (const key in value) {
    const member = (value as JsonObject)[key];
    if (typeof member === 'object' && member !== null && mayHaveBytes(member, levels - 1)) return true;
  }
  return false;
}

function hasToJson(value: object): value is { toJSON: (key: string) => unknown } {
  return typeof (value as { toJSON?: unknown }).toJSON === 'function';
}

/** A circle ends here as well, and by an exception: an array that holds itself twice would else be walked 2^128 times. */
function checkDepth(levels: number): void {
  if (levels <= 0) throw new RangeError('it is nested too deep, or in a circle');
}

class Strip {
  readonly #out: ByteString[];

  constructor(out: ByteString[]) {
    this.#out = out;
  }

  value(value: object, pointer: string, key: string, levels: number): unknown {
    if (ArrayBuffer.isView(value) || !hasToJson(value)) return this.#inside(value, pointer, levels);
    const given = value.toJSON(key);
    return typeof given === 'object' && given !== null ? askedOnce(this.#inside(given, pointer, levels)) : given;
  }

  #inside(value: object, pointer: string, levels: number): unknown {
    if (ArrayBuffer.isView(value)) return isUint8Array(value) ? this.#string(value, pointer) : value;
    checkDepth(levels);
    return Array.isArray(value) ? this.#items(value, pointer, levels - 1) : this.#members(value as JsonObject, pointer, levels - 1);
  }

  #string(bytes: Uint8Array, pointer: string): null {
    if (this.#out.length === maxByteStrings) throw unsent('UNENCODABLE', `a message has at most ${maxByteStrings} byte strings`);
    this.#out.push({ pointer, bytes });
    return null;
  }

  #items(items: readonly unknown[], pointer: string, levels: number): unknown[] {
    let copy: unknown[] | undefined;
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      if (typeof item !== 'object' || item === null) continue;
      const stripped = this.value(item, `${pointer}/${i}`, String(i), levels);
      if (stripped !== item) (copy ??= [...items])[i] = stripped;
    }
    return copy ?? (items as unknown[]);
  }

  #members(members: JsonObject, pointer: string, levels: number): JsonObject {
    let copy: JsonObject | undefined;
    for (const key of Object.keys(members)) {
      const member = members[key];
      if (typeof member !== 'object' || member === null) continue;
      const stripped = this.value(member, `${pointer}/${escapedKey(key)}`, key, levels);
      // Spread, a key `__proto__` is the copy's own, and is set like any other.
      if (stripped !== member) (copy ??= { ...members })[key] = stripped;
    }
    return copy ?? members;
  }
}

/** What a `toJSON` gave, for the printer that comes after: that would ask it for its own, and JSON has it that `toJSON` is asked once. */
function askedOnce(given: unknown): unknown {
  if (typeof given !== 'object' || given === null || !hasToJson(given)) return given;
  return Array.isArray(given) ? [...(given as unknown[])] : { ...given, toJSON: undefined };
}

function escapedKey(key: string): string {
  return key.includes('~') || key.includes('/') ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key;
}

// ---- Received

/**
 * Puts the byte strings behind `from` in their places in a parsed message, and says what is wrong if something is.
 *
 * Places are looked for among own properties only, step by step: a pointer costs no more than there are levels, whatever it says.
 */
export function putBytes(message: JsonObject, payload: Buffer, from: number, owned: boolean): string | undefined {
  const list = message['bytes'];
  if (!Array.isArray(list)) return 'it has no list of its byte strings';
  if (list.length > maxByteStrings) return `it has more than ${maxByteStrings} byte strings`;
  let at = from;
  for (const entry of list as unknown[]) {
    const [pointer, length] = (Array.isArray(entry) && entry.length === 2 ? entry : []) as unknown[];
    if (typeof pointer !== 'string' || !isLength(length, payload.length - at)) return 'its list of byte strings is not as they are';
    const place = placeOf(message, pointer);
    if (place === undefined) return 'a byte string has no place in it';
    place.parent[place.key] = stringOf(payload, at, at + length, owned);
    at += length;
  }
  return at === payload.length ? undefined : 'it has bytes that belong to no byte string';
}

function isLength(value: unknown, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most;
}

/** A view keeps the whole payload from being freed: a few bytes must not do that, and a file must not be there twice. */
function stringOf(payload: Buffer, from: number, to: number, owned: boolean): Buffer {
  const view = payload.subarray(from, to);
  return owned && (to - from) * 2 > payload.length ? view : Buffer.from(view);
}

interface Place {
  readonly parent: JsonObject;
  readonly key: string;
}

function placeOf(message: JsonObject, pointer: string): Place | undefined {
  let value: unknown = message;
  for (let at = 0; pointer[at] === '/';) {
    if (typeof value !== 'object' || value === null) return undefined;
    const slash = pointer.indexOf('/', at + 1);
    const end = slash < 0 ? pointer.length : slash;
    const key = unescapedKey(pointer.slice(at + 1, end));
    // Own ones alone: what Object.prototype inherits is null, and would be the place of `/__proto__/__proto__`. An index is a property
    // in its one form only; the length of an array is one, and no null.
    if (key === undefined || !Object.hasOwn(value, key)) return undefined;
    const parent = value as JsonObject;
    value = parent[key];
    if (end === pointer.length) return value === null ? { parent, key } : undefined;
    at = end;
  }
  return undefined;
}

function unescapedKey(key: string): string | undefined {
  if (!key.includes('~')) return key;
  return /~(?![01])/.test(key) ? undefined : key.replaceAll('~1', '/').replaceAll('~0', '~');
}
