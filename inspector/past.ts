import type { InspectRecord, Side } from './records.ts';

/** Tells the past from what happens now, where two sides are told together: it is over when each that has begun to tell has told all. */
export class Past {
  /** The near side is always waited for; the other may not be there. */
  readonly #pending = new Set<Side>(['near']);

  get isOver(): boolean {
    return this.#pending.size === 0;
  }

  /** Those of the next records that are of the past. */
  of(records: readonly InspectRecord[]): InspectRecord[] {
    const past: InspectRecord[] = [];
    for (const record of records) {
      if (this.isOver) break;
      if (record.type === 'head') this.#pending.add(record.of);
      if (record.type === 'live' || record.type === 'gone') this.#pending.delete(record.of);
      // What a side does after its past is not of the past, though another's is told still.
      if (record.type === 'gone' || this.#pending.has(record.of)) past.push(record);
    }
    return past;
  }
}
