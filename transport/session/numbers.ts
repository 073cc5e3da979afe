/** Seqs are counts modulo this on the line. */
export const SEQ_MODULUS = 16_384;

/** Counts are modulo these on the line: of requests, of bytes, of frames as HELLO has them. */
export const COUNT_MODULUS = 2 ** 28;
export const BYTES_MODULUS = 2 ** 42;
export const FRAMES_MODULUS = 2 ** 35;

/** So is the clock of HELLO and STATUS, in milliseconds: a deadline is known to be over for half as long, and can be no further ahead. */
export const CLOCK_MODULUS = 2 ** 35;

/** How far the 14-bit `seq` is ahead of the count `from`, from -8192 to 8191. */
export function ahead(seq: number, from: number): number {
  const distance = (seq - from) & (SEQ_MODULUS - 1);
  return distance < SEQ_MODULUS / 2 ? distance : distance - SEQ_MODULUS;
}

/** The count nearest to `last` that is `value` modulo `modulus`. */
export function unwrapped(value: number, last: number, modulus: number): number {
  let distance = (value - last) % modulus;
  if (distance < -modulus / 2) distance += modulus;
  if (distance >= modulus / 2) distance -= modulus;
  return last + distance;
}
