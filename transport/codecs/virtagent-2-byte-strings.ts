import { isUint8Array } from 'node:util/types';
import { quote, VirtagentError } from '../errors.ts';
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
 * A value with null for each byte string, which go to `out`; the value itself if there are none. Whatever `toJSON` gives is looked
 * into as well. `levels` is how deep it may be nested. Throws UNENCODABLE.
 */
export function withoutBytes(value: unknown, pointer: string, levels: number, out: ByteString[], what: string): unknown {
  // Nearly all are objects of a few words, or none; what a look at such costs is what all messages pay.
  if (typeof value !== 'object' || value === null) return value;
  try {
    return new Strip(what, out).value(value, pointer, '', levels);
  } catch (cause) {
    if (cause instanceof VirtagentError) throw cause;
    throw unsent('UNENCODABLE', `${what} can not be written as JSON: ${quote(cause instanceof Error ? cause.message : cause)}`, cause);
  }
}

class Strip {
  readonly #what: string;
  readonly #out: ByteString[];

  constructor(what: string, out: ByteString[]) {
    this.#what = what;
    this.#out = out;
  }

  value(value: object, pointer: string, key: string, levels: number): unknown {
    if (ArrayBuffer.isView(value)) return isUint8Array(value) ? this.#string(value, pointer) : value;
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === 'function') return this.#written(value, pointer, key, levels);
    // A circle ends here, too, and before it branches: else two places of an array that hold it would be 2^128 of them.
    if (levels <= 0) throw unsent('UNENCODABLE', `${this.#what} can not be written as JSON: it is nested too deep, or in a circle`);
    return Array.isArray(value) ? this.#items(value, pointer, levels - 1) : this.#members(value as JsonObject, pointer, levels - 1);
  }

  #string(bytes: Uint8Array, pointer: string): null {
    if (this.#out.length === maxByteStrings) throw unsent('UNENCODABLE', `a message has at most ${maxByteStrings} byte strings`);
    this.#out.push({ pointer, bytes });
    return null;
  }

  /** What JSON would have for it. Called here, and by the printer for nothing but what it gave. */
  #written(value: object, pointer: string, key: string, levels: number): unknown {
    const written: unknown = (value as { toJSON: (key: string) => unknown }).toJSON(key);
    if (typeof written !== 'object' || written === null || written === value) return written;
    return this.value(written, pointer, key, levels);
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
    for (const key in members) {
      const member = members[key];
      if (typeof member !== 'object' || member === null || !Object.hasOwn(members, key)) continue;
      const stripped = this.value(member, `${pointer}/${escapedKey(key)}`, key, levels);
      // Spread, a key `__proto__` is the copy's own, and is set like any other.
      if (stripped !== member) (copy ??= { ...members })[key] = stripped;
    }
    return copy ?? members;
  }
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
export function putBytes(message: JsonObject, payload: Buffer, from: number): string | undefined {
  const list = message['bytes'];
  if (!Array.isArray(list)) return 'it has no list of its byte strings';
  if (list.length > maxByteStrings) return `it has more than ${maxByteStrings} byte strings`;
  let at = from;
  for (const entry of list as unknown[]) {
    const [pointer, length] = (Array.isArray(entry) && entry.length === 2 ? entry : []) as unknown[];
    if (typeof pointer !== 'string' || !isLength(length, payload.length - at)) return 'its list of byte strings is not as they are';
    const place = placeOf(message, pointer);
    if (place === undefined) return 'a byte string has no place in it';
    place.parent[place.key] = stringOf(payload, at, at + length);
    at += length;
  }
  return at === payload.length ? undefined : 'it has bytes that belong to no byte string';
}

function isLength(value: unknown, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most;
}

/** A view keeps the whole payload from being freed: a few bytes must not do that, and a file must not be there twice. */
function stringOf(payload: Buffer, from: number, to: number): Buffer {
  const view = payload.subarray(from, to);
  return (to - from) * 2 > payload.length ? view : Buffer.from(view);
}

interface Place {
  readonly parent: JsonObject;
  readonly key: string;
}

function placeOf(message: JsonObject, pointer: string): Place | undefined {
  let value: unknown = message;
  for (let at = 0; pointer[at] === '/';) {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return undefined;
    const slash = pointer.indexOf('/', at + 1);
    const end = slash < 0 ? pointer.length : slash;
    const key = unescapedKey(pointer.slice(at + 1, end));
    // Of arrays, no index but in its one form is a property; `length` is, and no null.
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
