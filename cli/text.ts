import { writtenOut } from '../transport/errors.ts';

/**
 * Text of a peer or a user on its way to a terminal or a log: what control and format characters (bidirectional ones among
 * them) and line separators do there would be decided by whoever wrote them, so they are written out.
 */
const unsafe = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** Any text as a piece of one line, cut after `most` characters. */
export function oneLine(text: string, most = 500): string {
  const shown = text.slice(0, most).replace(unsafe, writtenOut);
  return text.length > most ? `${shown}…` : shown;
}

/** A text of ours, in which that is written out, as a member of a line of JSON: JSON has escapes of its own, and twice is once too often. */
export function unescaped(text: string): string {
  return text.replaceAll(/\\\\|\\u([\da-f]{4})/g, (found, digits: string | undefined) => {
    const character = digits === undefined ? found : String.fromCharCode(Number.parseInt(digits, 16));
    return character.search(unsafe) === 0 ? character : found;
  });
}

/** A value as one line of JSON that a terminal can be shown: the escapes are JSON's own, so the value is the same. */
export function jsonLine(value: unknown): string {
  // JSON has escaped C0 itself, so that what is left is within strings.
  return (JSON.stringify(value, bytesAsBase64) ?? 'null').replace(unsafe, writtenOut);
}

/** What JSON would write as an object of numbers. */
function bytesAsBase64(this: unknown, key: string, value: unknown): unknown {
  const raw = (this as Record<string, unknown>)[key];
  return raw instanceof Uint8Array ? Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('base64') : value;
}
