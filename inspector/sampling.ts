/**
 * Which jobs a viewer is told of, when more happens than it is to be told: of so many one, as a whole, and the same ones for all that is asked
 * of them. How many is a power of two, so that who is told of at a coarser rate would have been at a finer one.
 */
export class Sampling {
  /** Of so many jobs one is told. */
  oneIn = 1;
  readonly #budget: number;
  #spent = 0;
  #seen = 0;

  /** @param budget - steps that may be told in a turn. */
  constructor(budget: number) {
    this.#budget = budget;
  }

  /** Whether a job that begins now is told. */
  takes(job: number): boolean {
    return this.#spent < this.#budget && isAmong(job, this.oneIn);
  }

  /** A step was told, or left out. */
  step(isTold: boolean): void {
    this.#seen++;
    if (isTold) this.#spent++;
  }

  /** A turn is over: what was seen in it says how many are told in the next. It goes up at once, and down when there is room for twice as much. */
  endTurn(): void {
    const wanted = 2 ** Math.max(0, Math.ceil(Math.log2(this.#seen / this.#budget)));
    if (wanted > this.oneIn) this.oneIn = wanted;
    else if (2 * this.#seen < this.#budget * this.oneIn) this.oneIn = Math.max(1, this.oneIn / 2);
    this.#spent = this.#seen = 0;
  }
}

/** Whether a job is one of those; neighbours are mostly of different kinds, so their order says nothing. */
export function isAmong(job: number, oneIn: number): boolean {
  return Math.imul(job, 0x9e3779b1) >>> 0 < 2 ** 32 / oneIn;
}
