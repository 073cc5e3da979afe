import type { InspectRecord } from './records.ts';

/** What a record other than steps costs to take, in steps. */
const RECORD = 10;

/** Steps that are taken at once, as of a past, and steps a second after that: twice what an agent tells a viewer by default. */
const limits = Object.freeze({ atOnce: 1_000_000, aSecond: 40_000 });

/** How fast somebody else's records are taken: whoever tells more waits, so that what shows them has time for who looks on. */
export class Pace {
  #left: number = limits.atOnce;
  #last: number;

  /** @param now - milliseconds that never go back. */
  constructor(now: number) {
    this.#last = now;
  }

  /** Takes records; returns for how many milliseconds no more should be read. */
  take(records: readonly InspectRecord[], now: number): number {
    const earned = ((now - this.#last) / 1000) * limits.aSecond;
    this.#last = now;
    const cost = records.reduce((sum, record) => sum + (record.type === 'steps' ? record.edges.length : RECORD), 0);
    this.#left = Math.min(limits.atOnce, this.#left + earned) - cost;
    return Math.max(0, (-this.#left / limits.aSecond) * 1000);
  }
}
