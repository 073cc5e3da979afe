import { quote, VirtagentError } from '../errors.ts';

/** A JSON value, or why there is none. */
export type Parsed = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly why: string };

// Fatal, as replacement characters would turn a damaged message into another valid one. A byte order mark at
// the start is dropped, as RFC 8259 section 8.1 allows: Windows programs begin a stream with one.
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** How many characters of a message are sent or kept: an error's text is for a log line, not for a payload. */
const maxErrorText = 1024;

/** The JSON value in `bytes`; never throws. Nesting is checked before the parser sees it. */
export function parseJson(bytes: Buffer, maxDepth: number): Parsed {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return { ok: false, why: 'not UTF-8' };
  }
  if (nestedDeeper(text, maxDepth)) return { ok: false, why: `nested more than ${maxDepth} deep` };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    // The engine's own message is left out: it quotes the peer unescaped.
    return { ok: false, why: `not JSON: ${shown(text)}` };
  }
}

/** A value as JSON, or undefined where JSON has nothing for it. Throws UNENCODABLE, saying what could not be written. */
export function jsonText(value: unknown, what: string): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw unsent('UNENCODABLE', `${what} can not be written as JSON: ${quote(cause instanceof Error ? cause.message : cause)}`, cause);
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
const openers = ['[', '{'].map((c) => c.charCodeAt(0));
const closers = [']', '}'].map((c) => c.charCodeAt(0));

function nestedDeeper(text: string, maxDepth: number): boolean {
  // Each level takes a character, so most messages need no look at all, and most others no more than a count.
  if (text.length <= maxDepth) return false;
  const curly = countUpTo(text, '{', maxDepth + 1);
  if (curly + countUpTo(text, '[', maxDepth + 1 - curly) <= maxDepth) return false;
  return depthAbove(text, maxDepth);
}

function countUpTo(text: string, character: string, most: number): number {
  let count = 0;
  for (let at = text.indexOf(character); at >= 0 && count < most; at = text.indexOf(character, at + 1)) count++;
  return count;
}

/** Exact for valid JSON; for anything else the parser says no in any case. */
function depthAbove(text: string, maxDepth: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c === quotes) at = endOfString(text, at + 1);
    else if (c === openers[0] || c === openers[1]) {
      if (++depth > maxDepth) return true;
    } else if (c === closers[0] || c === closers[1]) depth--;
  }
  return false;
}

/** The position of the quote that ends the string which began before `from`; the text's length if none does. */
function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === backslash && end - 1 - slashes >= from) slashes++;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}
