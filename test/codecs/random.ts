/** Whole numbers from 0 to `below`. */
export type Random = (below: number) => number;

/** mulberry32: small, and good enough for this. The same numbers from the same `from`, always. */
export function numbers(from: number): Random {
  let state = from >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

export function pick<T>(from: readonly T[], random: Random): T {
  return from[random(from.length)] as T;
}

export function bytesOf(random: Random, most: number): Buffer {
  return Buffer.from(Array.from({ length: random(most) }, () => random(256)));
}

/** A tampered copy: cut, repeated, spliced, flipped, with a token put in or another whole frame in front. */
export function mutate(stream: Buffer, tokens: readonly Buffer[], frames: readonly Buffer[], random: Random): Buffer {
  const at = random(stream.length + 1);
  const end = Math.min(stream.length, at + random(30));
  const [before, middle, after] = [stream.subarray(0, at), stream.subarray(at, end), stream.subarray(end)];
  switch (random(6)) {
    case 0:
      return Buffer.concat([before, after]);
    case 1:
      return Buffer.concat([before, middle, middle, after]);
    case 2:
      return Buffer.concat([before, pick(tokens, random), middle, after]);
    case 3:
      return Buffer.concat([before, Uint8Array.from(middle, (byte) => byte ^ (1 << random(8))), after]);
    case 4:
      return Buffer.from(before);
    default:
      return Buffer.concat([after, pick(frames, random), before]);
  }
}
