/**
 * Text of a peer or a user on its way to a terminal or a log. What C0, DEL, C1, line separators and bidirectional controls do there
 * is decided by whoever wrote them, so they are written out.
 */
// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const unsafe = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Any text as a piece of one line, cut after `most` characters. */
export function oneLine(text: string, most = 500): string {
  const shown = text.slice(0, most).replace(unsafe, escape);
  return text.length > most ? `${shown}…` : shown;
}

/** A value as one line of JSON that a terminal can be shown: the escapes are JSON's own, so the value is the same. */
export function jsonLine(value: unknown): string {
  // JSON has escaped C0 itself, so that what is left is within strings.
  return (JSON.stringify(value) ?? 'null').replace(unsafe, escape);
}
