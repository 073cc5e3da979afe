import { memoryFor, type SpareMemory } from '../spare-memory.ts';

/** Stands on the line between frames, and nowhere else. */
export const FLAG = 0xff;

/** Stands before an escaped byte. */
export const ESCAPE = 0xfe;

/** What follows ESCAPE is the byte less this. */
const escapedBy = 0xfe;

/** After an escape so many bytes are looked at one by one: where many have to be escaped, that is faster than to look for each. */
const nearBytes = 32;

/** More than the largest frame of a virtagent has, with all of its bytes escaped. What is larger is not kept. */
const keptBytes = 160 * 1024;

/** Memory that is written anew each time. */
export class Scratch {
  #bytes = Buffer.alloc(0);

  /** At least so many bytes, in which anything may stand; what was written there before is gone. */
  room(bytes: number): Buffer {
    if (bytes > keptBytes) return Buffer.allocUnsafeSlow(bytes);
    if (this.#bytes.length < bytes) this.#bytes = Buffer.allocUnsafeSlow(Math.min(keptBytes, Math.max(bytes, 2 * this.#bytes.length)));
    return this.#bytes;
  }
}

/** What is being escaped: one frame at a time, and nobody is called meanwhile. */
const escaping = new Scratch();

/** Whether nothing between the two FLAGs has to be escaped, as in nearly all frames of text. */
export function isClean(frame: Buffer): boolean {
  return frame.indexOf(FLAG, 1) === frame.length - 1 && frame.indexOf(ESCAPE, 1) < 0;
}

/** The same frame with everything between its two FLAGs escaped, in other memory. */
export function escaped(frame: Buffer, spare?: SpareMemory): Buffer {
  const last = frame.length - 1;
  const room = escaping.room(2 * frame.length);
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
  const whole = memoryFor(to, spare);
  room.copy(whole, 0, 0, to);
  return whole;
}

/** What stood between two FLAGs without its escapes, as long as `scratch` is not used again; undefined if one of them is of nothing. */
export function unescaped(frame: Buffer, scratch: Scratch): Buffer | undefined {
  const room = scratch.room(frame.length);
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
  return room.subarray(0, to);
}

function indexOrEnd(frame: Buffer, byte: number, from: number): number {
  const at = frame.indexOf(byte, from);
  return at < 0 ? frame.length : at;
}
