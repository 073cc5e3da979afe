import { durations } from '../timers.ts';

/**
 * Lets something happen at once, then with pauses that double. They are half of those between HELLOs, so what an honest side asks for
 * by repeating itself is done, and what a hostile one asks for is done as seldom.
 */
export class Pace {
  #at = -Infinity;
  #pause = 0;

  /** Whether it may happen now; it counts as done then. */
  may(now: number): boolean {
    const since = now - this.#at;
    if (since < this.#pause) return false;
    const isFirst = this.#pause === 0 || since >= durations.helloServedQuiet;
    this.#pause = isFirst ? durations.helloServedFirst : Math.min(durations.helloServedLast, this.#pause * 2);
    this.#at = now;
    return true;
  }
}
