/** Stands on the line between frames, and nowhere else. */
export const FLAG = 0xff;

/** Stands before an escaped byte. */
export const ESCAPE = 0xfe;

/** What follows ESCAPE is the byte less this. */
const escapedBy = 0xfe;

/** After an escape so many bytes are looked at one by one: where many have to be escaped, that is faster than to look for each. */
const nearBytes = 32;

/** Whether nothing between the two FLAGs has to be escaped, as in nearly all frames of text. */
export function isClean(frame: Buffer): boolean {
  return frame.indexOf(FLAG, 1) === frame.length - 1 && frame.indexOf(ESCAPE, 1) < 0;
}

/** The same frame with everything between its two FLAGs escaped. */
export function escaped(frame: Buffer): Buffer {
  const last = frame.length - 1;
  const room = Buffer.allocUnsafe(2 * frame.length);
  room[0] = FLAG;
  let to = 1;
  let nextFlag = 0;
  let nextEscape = 0;
  for (let at = 1; at < last;) {
    // Each is looked for only behind where it was found last: else one that does not come would be looked for from every other.
    if (nextFlag < at) nextFlag = frame.indexOf(FLAG, at);
    if (nextEscape < at) nextEscape = indexOrEnd(frame, ESCAPE, at);
    const clean = Math.min(nextFlag, nextEscape);
    if (clean > at) to += frame.copy(room, to, at, clean);
    at = clean;
    for (const near = Math.min(at + nearBytes, last); at < near; at++) {
      const byte = frame[at] as number;
      if (byte < ESCAPE) room[to++] = byte;
      else {
        room[to++] = ESCAPE;
        room[to++] = byte - escapedBy;
      }
    }
  }
  room[to++] = FLAG;
  return Buffer.from(room.subarray(0, to));
}

/** What stood between two FLAGs without its escapes, in memory of its own; undefined if one of them is of nothing. */
export function unescaped(frame: Buffer): Buffer | undefined {
  const room = Buffer.allocUnsafe(frame.length);
  let to = 0;
  for (let at = 0; at < frame.length;) {
    const clean = indexOrEnd(frame, ESCAPE, at);
    if (clean > at) to += frame.copy(room, to, at, clean);
    at = clean;
    for (const near = Math.min(at + nearBytes, frame.length); at < near; at++) {
      const byte = frame[at] as number;
      if (byte !== ESCAPE) room[to++] = byte;
      else {
        const escape = frame[++at];
        if (escape === undefined || escape > 1) return undefined;
        room[to++] = escape + escapedBy;
      }
    }
  }
  // What is kept of a payload must not be much more than the payload.
  return to * 4 >= room.length * 3 ? room.subarray(0, to) : Buffer.from(room.subarray(0, to));
}

function indexOrEnd(frame: Buffer, byte: number, from: number): number {
  const at = frame.indexOf(byte, from);
  return at < 0 ? frame.length : at;
}
