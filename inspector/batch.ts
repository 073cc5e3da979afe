import type { InspectRecord } from './records.ts';

/** Records in their order, with steps that follow one another in one record. */
export class Batch {
  readonly #records: InspectRecord[] = [];
  #at = 0;
  #after: number[] = [];
  #jobs: number[] = [];
  #edges: number[] = [];

  add(record: InspectRecord): void {
    this.#closeSteps();
    this.#records.push({ ...record, at: rounded(record.at) });
  }

  step(at: number, job: number, edge: number): void {
    if (this.#jobs.length === 0) this.#at = rounded(at);
    this.#after.push(rounded(at - this.#at));
    this.#jobs.push(job);
    this.#edges.push(edge);
  }

  /** What has been put together. */
  take(): readonly InspectRecord[] {
    this.#closeSteps();
    return this.#records.splice(0);
  }

  #closeSteps(): void {
    if (this.#jobs.length === 0) return;
    this.#records.push({ type: 'steps', of: 'near', at: this.#at, after: this.#after, jobs: this.#jobs, edges: this.#edges });
    this.#after = [];
    this.#jobs = [];
    this.#edges = [];
  }
}

/** To the microsecond: more digits only make records longer. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
