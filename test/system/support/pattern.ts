/** Bytes that can be told from those of another seed, and from each other if some are lost. */
export function pattern(length: number, seed: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; at++) bytes[at] = Math.imul(at + seed * 7919, 2_654_435_761) >>> 24;
  return bytes;
}
