import type { Random } from '../random.ts';

/** What happens to a byte. */
export type Damage = 'flip' | 'drop' | 'double' | 'insert' | 'truncate';

export const damages: readonly Damage[] = ['flip', 'drop', 'double', 'insert', 'truncate'];

/** The most bytes that are lost at once: a UART whose reader was late loses its FIFO. */
const MOST_TRUNCATED = 64;

/**
 * Noise of one direction of a line: each byte is hit with the same probability, by whatever the lot falls on. `onHit` is told the
 * bytes that were, by their place in what was sent.
 */
export class Noise {
  hits = 0;
  readonly #random: Random;
  #rate: number;
  readonly #onHit: (from: number, to: number) => void;
  /** Bytes up to the next hit; those that a truncation still takes. */
  #gap: number;
  #truncating = 0;
  #at = 0;

  constructor(random: Random, rate: number, onHit: (from: number, to: number) => void = () => {}) {
    this.#random = random;
    this.#rate = rate;
    this.#onHit = onHit;
    this.#gap = random.gap(rate);
  }

  /** From now on nothing is hit. */
  stop(): void {
    this.#rate = 0;
    this.#gap = Infinity;
    this.#truncating = 0;
  }

  /** What arrives of it. */
  pass(chunk: Buffer): Buffer {
    const from = this.#at;
    this.#at += chunk.length;
    if (this.#truncating === 0 && this.#gap >= chunk.length) {
      this.#gap -= chunk.length;
      return chunk;
    }
    const out: number[] = [];
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (this.#truncating > 0) this.#truncating--;
      else if (this.#gap-- > 0) out.push(byte);
      else this.#hit(from + at, byte, out);
    }
    return Buffer.from(out);
  }

  #hit(at: number, byte: number, out: number[]): void {
    const random = this.#random;
    this.hits++;
    this.#gap = random.gap(this.#rate);
    const damage = random.pick(damages);
    if (damage === 'flip') out.push(byte ^ (1 << random.below(8)));
    else if (damage === 'double') out.push(byte, byte);
    else if (damage === 'insert') out.push(random.below(256), byte);
    else if (damage === 'truncate') this.#truncating = random.below(MOST_TRUNCATED);
    this.#onHit(at, at + 1 + this.#truncating);
  }
}
