import { durations } from '../timers.ts';

/** For how long readings are collected; the least of them counts for as long again. */
const windowMs = durations.clockReadings;

/**
 * How far this side's clock is ahead of the other's: the least that was lately seen, as what is more was spent on the way.
 *
 * Lately, because clocks drift, and that of a machine that was paused has stood still: what was true for the session's first seconds
 * would make all of its later requests look older than they are.
 */
export class ClockDifference {
  #least = Infinity;
  #before = Infinity;
  #since = -Infinity;

  /** A frame came at `ours` that had left at `theirs`. */
  note(theirs: number, ours: number): void {
    if (ours - this.#since >= windowMs) {
      // Of longer ago than two windows nothing counts.
      this.#before = ours - this.#since >= 2 * windowMs ? Infinity : this.#least;
      this.#least = Infinity;
      this.#since = ours;
    }
    this.#least = Math.min(this.#least, ours - theirs);
  }

  /** Infinity before anything came. */
  get value(): number {
    return Math.min(this.#least, this.#before);
  }
}
