import { durations } from '../timers.ts';

/** A line is not congested, it is noisy: to wait longer and longer would only leave it idle. */
const MOST_DOUBLINGS = 2;

/**
 * How long to wait for a frame to be taken before it is sent again: RFC 6298, with a least value that leaves room for a
 * slow machine at the other end, whose scheduling and not the line is most of a round trip.
 */
export class RoundTrip {
  #smoothed = 0;
  #variation = 0;
  #doublings = 0;

  /** Milliseconds. */
  get timeout(): number {
    const base = this.#smoothed === 0 ? durations.resendBefore : this.#smoothed + Math.max(10, 4 * this.#variation);
    const bounded = Math.max(durations.resendFirst, base) * 2 ** this.#doublings;
    return Math.min(durations.resendLast, bounded);
  }

  /** A frame that was sent once was taken after so many milliseconds. */
  measured(ms: number): void {
    if (this.#smoothed === 0) {
      this.#smoothed = Math.max(ms, 0.001);
      this.#variation = ms / 2;
    } else {
      this.#variation += (Math.abs(this.#smoothed - ms) - this.#variation) / 4;
      this.#smoothed += (ms - this.#smoothed) / 8;
    }
    this.#doublings = 0;
  }

  /** Something new was taken: the line carries. */
  progressed(): void {
    this.#doublings = 0;
  }

  /** Nothing was taken in time. */
  timedOut(): void {
    if (this.#doublings < MOST_DOUBLINGS) this.#doublings++;
  }
}
