import { isAscii, isUtf8 } from 'node:buffer';
import { messageOf, quote, VirtagentError } from '../errors.ts';
import { memoryFor, type SpareMemory } from '../spare-memory.ts';

/** A JSON value, or why there is none: `why` in words of ours, and `seen` what it is, for who reads errors here. */
export type Parsed = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly why: string; readonly seen?: string };

/** Why there is none, for who reads errors here. Not for the other side: what a shell printed would be typed into it again. */
export function described({ why, seen }: Extract<Parsed, { ok: false }>): string {
  return seen === undefined ? why : `${why}: ${seen}`;
}

/** From here on, seeing that bytes are ASCII and copying them costs less than decoding them. */
const longBytes = 1024;

/** Below this, joining texts costs less than writing each. */
const shortBytes = 1024;

const space = 0x20;
const carriageReturn = 0x0d;
const tab = 0x09;

/** How many characters of a message are sent or kept: an error's text is for a log line, not for a payload. */
const maxErrorText = 1024;

/** The JSON value in `bytes[from..to)`; never throws. Nesting is checked before the parser sees it. */
export function parseJson(bytes: Buffer, from: number, to: number, maxDepth: number): Parsed {
  const text = decodeUtf8(bytes, from, to);
  if (text === undefined) return { ok: false, why: 'not UTF-8' };
  if (nestedDeeper(text, bytes, from, to, maxDepth)) return { ok: false, why: `nested more than ${maxDepth} deep` };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    // The engine's own message is left out: it quotes the peer unescaped.
    return { ok: false, why: 'not JSON', seen: shown(text) };
  }
}

/**
 * The text in `bytes[from..to)`, or undefined: replacement characters would turn a damaged message into another valid
 * one. A byte order mark at the start is dropped, as RFC 8259 section 8.1 allows: Windows programs begin a stream with one.
 */
function decodeUtf8(bytes: Buffer, from: number, to: number): string | undefined {
  try {
    if (to - from >= longBytes && isAscii(bytes.subarray(from, to))) return bytes.toString('latin1', from, to);
    const text = bytes.toString('utf8', from, to);
    if (text.includes('\ufffd') && !isUtf8(bytes.subarray(from, to))) return undefined;
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  } catch {
    // Longer than a string can be, which only a limit of the user's lets through.
    return undefined;
  }
}

/** A name or a tag as JSON. Most have nothing to escape, and looking costs less than the printer's call. */
export function jsonWord(word: string | number | null): string {
  if (typeof word !== 'string' || word.length > 64) return JSON.stringify(word);
  for (let at = 0; at < word.length; at++) {
    const c = word.charCodeAt(at);
    if (c < 0x20 || c > 0x7e || c === quotes || c === backslash) return JSON.stringify(word);
  }
  return `"${word}"`;
}

/** A value as JSON, or undefined where JSON has nothing for it. Throws UNENCODABLE, saying what could not be written. */
export function jsonText(value: unknown, what: string): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw unsent('UNENCODABLE', `${what} can not be written as JSON: ${quote(messageOf(cause) ?? cause)}`, cause);
  }
}

/** The error of a message that could not be encoded; nothing of it was sent. */
export function unsent(
  code: 'INVALID_PARAMS' | 'MESSAGE_TOO_LARGE' | 'UNENCODABLE' | 'UNSUPPORTED',
  message: string,
  cause?: unknown,
): VirtagentError {
  return new VirtagentError(code, message, { known: 'not-sent', cause });
}

/** The bytes that `text` takes. Throws MESSAGE_TOO_LARGE above `most`. */
export function bodyLength(text: string, most: number): number {
  // A string has no more characters than bytes, so a hopeless one is not measured.
  const length = text.length > most ? text.length : Buffer.byteLength(text);
  if (length > most)
    throw unsent('MESSAGE_TOO_LARGE', `the message has ${text.length > most ? 'more than ' : ''}${length} bytes; the most is ${most}`);
  return length;
}

/** `text`, of `length` bytes in UTF-8, between a head in Latin-1 and a last byte. `spare`: where its memory is from, if it is given back. */
export function frameOf(head: string, text: string, length: number, last: '' | '\n' | '\xff', spare?: SpareMemory): Buffer {
  // What is as long as its text is ASCII, and copied when it is written as Latin-1.
  const encoding = text.length === length ? 'latin1' : 'utf8';
  if (head.length > 0 && length < shortBytes && encoding === 'latin1') return Buffer.from(head + text + last, encoding);
  const frame = memoryFor(head.length + length + last.length, spare);
  if (head.length > 0) frame.write(head, 0, 'latin1');
  frame.write(text, head.length, encoding);
  if (last.length > 0) frame[frame.length - 1] = last.charCodeAt(0);
  return frame;
}

/** Whether a line has nothing in it. */
export function isBlank(bytes: Buffer, from: number, to: number): boolean {
  let at = from;
  while (at < to && (bytes[at] === space || bytes[at] === carriageReturn || bytes[at] === tab)) at++;
  return at === to;
}

/** Whether a parsed value is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A parsed value for a message: quoted, but never by writing out all of what a peer sent. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return quote(value.slice(0, 41), 40);
  if (typeof value !== 'object' || value === null) return quote(value);
  return Array.isArray(value) ? 'an array' : 'an object';
}

/** An error's text, cut to what is sent and kept. */
export function cutText(text: string): string {
  if (text.length <= maxErrorText) return text;
  // Not between the halves of a surrogate pair.
  return text.slice(0, (text.charCodeAt(maxErrorText - 1) & 0xfc00) === 0xd800 ? maxErrorText - 1 : maxErrorText);
}

const quotes = '"'.charCodeAt(0);
const backslash = '\\'.charCodeAt(0);
const opener = '{'.charCodeAt(0);
const closer = '}'.charCodeAt(0);
function nestedDeeper(text: string, bytes: Buffer, from: number, to: number, maxDepth: number): boolean {
  // Each level takes two characters, or the parser says no: so most messages need no look at all, and most others no more than a count.
  if (text.length <= 2 * maxDepth) return false;
  const curly = countUpTo(text, '{', maxDepth + 1);
  if (curly + countUpTo(text, '[', maxDepth + 1 - curly) <= maxDepth) return false;
  // Bytes are read at half the cost of characters, and none of these is part of another character.
  return depthAbove(bytes.subarray(from, to), maxDepth);
}

function countUpTo(text: string, character: string, most: number): number {
  let count = 0;
  for (let at = text.indexOf(character); at >= 0 && count < most; at = text.indexOf(character, at + 1)) count++;
  return count;
}

/** Exact for valid JSON; for anything else the parser says no in any case. */
function depthAbove(json: Buffer, maxDepth: number): boolean {
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at] as number;
    // That bit is all in which `[` differs from `{`, and `]` from `}`.
    if (byte === quotes) at = endOfString(json, at + 1);
    else if ((byte | 0x20) === opener) {
      if (++depth > maxDepth) return true;
    } else if ((byte | 0x20) === closer) depth--;
  }
  return false;
}

/** The position of the quote that ends the string which began before `from`; the length, or more, if none does. */
function endOfString(json: Buffer, from: number): number {
  let at = from;
  // Most strings are shorter than the call of a native search takes.
  for (const near = Math.min(from + 32, json.length); at < near; at++) {
    const byte = json[at];
    if (byte === quotes) return at;
    if (byte === backslash) at++;
  }
  for (let end = json.indexOf(quotes, at); end >= 0; end = json.indexOf(quotes, end + 1)) {
    let slashes = 0;
    while (end - 1 - slashes >= at && json[end - 1 - slashes] === backslash) slashes++;
    if (slashes % 2 === 0) return end;
  }
  return json.length;
}
