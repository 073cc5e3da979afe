/** What an entry of the ring is: a step's code is its edge, the others are marked by the two highest bits. */
export const STEP_BELOW = 2 ** 30;
export const BEGUN = 2 ** 30;
export const ENDED = 2 ** 31;

/**
 * The latest that happened to jobs, in a fixed amount of memory: columns of numbers, and of short texts for the entries that have any.
 *
 * Positions count all entries ever written; the latest `size` of them are held. Nothing is allocated for an entry.
 */
export class JournalRing {
  /** How many entries it holds: a power of two. */
  readonly size: number;
  readonly times: Float64Array;
  /** The number of the job of each. */
  readonly jobs: Float64Array;
  readonly codes: Uint32Array;
  /** Of a job that began: what it is charged. */
  readonly bytes: Float64Array;
  /** Of a job that began: its tag. */
  readonly tags: string[];
  /** Of a job that began: its method; of one that ended: its error's code. */
  readonly words: (string | undefined)[];
  /** The position of the next entry. */
  head = 0;
  /** Jobs that began, and steps that were taken, in what is not held any more. */
  begunBefore = 0;
  stepsBefore = 0;
  /** The highest number of a job whose beginning is not held any more. */
  lostUpTo: number;
  readonly #mask: number;

  /**
   * @param size - rounded up to a power of two.
   * @param lostUpTo - the number of the last job that began before anything is written.
   */
  constructor(size: number, lostUpTo: number) {
    this.size = 2 ** Math.ceil(Math.log2(size));
    this.#mask = this.size - 1;
    this.lostUpTo = lostUpTo;
    this.times = new Float64Array(this.size);
    this.jobs = new Float64Array(this.size);
    this.codes = new Uint32Array(this.size);
    this.bytes = new Float64Array(this.size);
    this.tags = Array<string>(this.size).fill('');
    this.words = Array<string | undefined>(this.size).fill(undefined);
  }

  /** The position of the oldest entry that is held. */
  get tail(): number {
    return this.head > this.size ? this.head - this.size : 0;
  }

  /** Where the columns have the entry at a position. */
  placeOf(position: number): number {
    return position & this.#mask;
  }

  /** Writes a step, and returns its place. */
  write(time: number, job: number, code: number): number {
    const at = this.head & this.#mask;
    if (this.head >= this.size) this.#forget(at);
    this.times[at] = time;
    this.jobs[at] = job;
    this.codes[at] = code;
    this.head++;
    return at;
  }

  #forget(at: number): void {
    const code = this.codes[at] as number;
    if (code < STEP_BELOW) {
      this.stepsBefore++;
      return;
    }
    this.tags[at] = '';
    this.words[at] = undefined;
    if (isFirstOf(code)) {
      this.begunBefore++;
      const job = this.jobs[at] as number;
      if (job > this.lostUpTo) this.lostUpTo = job;
    }
  }
}

/** Who a job is, in the code of its beginning. `again`: it began earlier, and that is not held any more. */
export interface Begun {
  readonly kind: number;
  readonly urgency: number;
  readonly again: boolean;
}

/** `kind` from 0 to 65,535. */
export function begunCode(kind: number, urgency: number, again: boolean): number {
  return BEGUN + (again ? 2 ** 18 : 0) + urgency * 2 ** 16 + kind;
}

export function begunOf(code: number): Begun {
  return { kind: code & 0xffff, urgency: (code >> 16) & 3, again: (code & (2 ** 18)) !== 0 };
}

const isFirstOf = (code: number): boolean => code < ENDED && (code & (2 ** 18)) === 0;

/** `outcome` and `known` from 0 to 7. `isLast`: no step follows, as its chart has failed. */
export function endedCode(outcome: number, known: number, isLast: boolean): number {
  return ENDED + (isLast ? 64 : 0) + known * 8 + outcome;
}

export function endedOf(code: number): { readonly outcome: number; readonly known: number; readonly isLast: boolean } {
  return { outcome: code & 7, known: (code >> 3) & 7, isLast: (code & 64) !== 0 };
}
