/** Stands on the line between frames, and nowhere else. */
export const FLAG = 0xff;

/** Stands before an escaped byte. */
export const ESCAPE = 0xfe;

/** What follows ESCAPE is the byte less this. */
const escapedBy = 0xfe;

/** Whether nothing between the two FLAGs has to be escaped, as in nearly all frames of text. */
export function isClean(frame: Buffer): boolean {
  return frame.indexOf(FLAG, 1) === frame.length - 1 && frame.indexOf(ESCAPE, 1) < 0;
}

/** The same frame with everything between its two FLAGs escaped. */
export function escaped(frame: Buffer): Buffer {
  const last = frame.length - 1;
  let more = 0;
  for (let at = 1; at < last; at++) if ((frame[at] as number) >= ESCAPE) more++;
  const out = Buffer.allocUnsafe(frame.length + more);
  out[0] = out[out.length - 1] = FLAG;
  for (let at = 1, to = 1; at < last; at++) {
    const byte = frame[at] as number;
    if (byte < ESCAPE) out[to++] = byte;
    else {
      out[to++] = ESCAPE;
      out[to++] = byte - escapedBy;
    }
  }
  return out;
}

/** `bytes[at..end)` without its escapes, in memory of its own; undefined if one of them is of nothing. */
export function unescaped(bytes: Buffer, at: number, end: number): Buffer | undefined {
  let escapes = 0;
  for (let i = at; i < end; i++) if (bytes[i] === ESCAPE) escapes++;
  const out = Buffer.allocUnsafe(Math.max(0, end - at - escapes));
  for (let i = at, to = 0; i < end; i++, to++) {
    const byte = bytes[i] as number;
    if (byte < ESCAPE) out[to] = byte;
    else {
      const next = bytes[++i];
      if (i === end || next === undefined || next > 1) return undefined;
      out[to] = next + escapedBy;
    }
  }
  return out;
}
