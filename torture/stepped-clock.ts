import type { Clock } from '../transport/timers.ts';

interface Waiting {
  readonly at: number;
  readonly fire: () => void;
}

/** Turns of the loop in which nothing may move before time goes on: what one side writes, the other reads two turns later. */
const QUIET_TURNS = 4;

/**
 * A clock that goes on when nothing else does: hours of pauses take no time, and the same seed gives the same run, however
 * busy the machine is. It only fits lines in memory, where what has been said always arrives before the loop is idle.
 */
export class SteppedClock implements Clock {
  /** Whoever carries something counts it here: while it changes, time stands still. */
  moved = 0;
  #now = 0;
  readonly #waiting = new Set<Waiting>();

  now(): number {
    return this.#now;
  }

  setTimeout(fire: () => void, ms: number): Waiting {
    const waiting = { at: this.#now + Math.max(0, ms), fire };
    this.#waiting.add(waiting);
    return waiting;
  }

  clearTimeout(waiting: unknown): void {
    this.#waiting.delete(waiting as Waiting);
  }

  /** Lets everything happen until `done` says that it is enough. Throws if nothing is left that could happen. */
  async run(done: () => boolean): Promise<void> {
    let quiet = 0;
    for (let seen = this.moved; !done();) {
      await new Promise((resolve) => setImmediate(resolve));
      quiet = seen === this.moved ? quiet + 1 : 0;
      seen = this.moved;
      if (quiet < QUIET_TURNS) continue;
      quiet = 0;
      if (!this.#next()) throw new Error('nothing is left that could happen, and it is not done');
    }
  }

  /** Lets so many milliseconds pass. */
  async pass(ms: number): Promise<void> {
    let over = false;
    void this.pause(ms).then(() => (over = true));
    await this.run(() => over);
  }

  /** Resolves after so many milliseconds of what is run meanwhile. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.setTimeout(resolve, ms));
  }

  /** Lets so many milliseconds pass now, and what is due in them happen. */
  jump(ms: number): void {
    const until = this.#now + ms;
    while (this.#next(until));
    this.#now = until;
  }

  #next(until = Infinity): boolean {
    let first: Waiting | undefined;
    for (const one of this.#waiting) if (first === undefined || one.at < first.at) first = one;
    if (first === undefined || first.at > until) return false;
    this.#waiting.delete(first);
    this.#now = Math.max(this.#now, first.at);
    first.fire();
    return true;
  }
}
