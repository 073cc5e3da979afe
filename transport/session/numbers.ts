/** Seqs are counts modulo this on the line. */
export const SEQ_MODULUS = 16_384;

/** Counts of requests are modulo this on the line. */
export const COUNT_MODULUS = 2 ** 28;

/** How far the 14-bit `seq` is ahead of the count `from`, from -8192 to 8191. */
export function ahead(seq: number, from: number): number {
  const distance = (seq - from) & (SEQ_MODULUS - 1);
  return distance < SEQ_MODULUS / 2 ? distance : distance - SEQ_MODULUS;
}

/** The count nearest to `last` that is `value` modulo `COUNT_MODULUS`. */
export function unwrapped(value: number, last: number): number {
  let distance = (value - last) % COUNT_MODULUS;
  if (distance < -COUNT_MODULUS / 2) distance += COUNT_MODULUS;
  if (distance >= COUNT_MODULUS / 2) distance -= COUNT_MODULUS;
  return last + distance;
}
