import type { InspectRecord, StepsRecord } from '../records.ts';
import { endsOf, Present } from './present.ts';

/** The method by which records are asked for over the line. */
export const shareMethod = 'inspect';

/** Records of one item: of a busy side some ten kilobytes. */
const MOST_IN_ITEM = 200;

/** Records that may wait: beyond that the inspector leaves out jobs, and says so. */
const MOST_WAITING = 1_000;

/** While nothing but gauges moves, this often is enough. */
const IDLE_MS = 2_000;

/** Jobs that are left out and have not ended, of which it is known: the oldest are forgotten. */
const MOST_HIDDEN = 10_000;

/**
 * What a side tells of itself over its own line, which it must not fill: how it is when it is asked, without its past, and then what
 * happens. Its own messages are left out, or each would lead to the next: jobs of the method itself, and all notices, which carry
 * the items. They are counted with the others.
 */
export class ShareOutbox {
  /** Until the past is over. */
  #present: Present | undefined = new Present();
  #ends = new Set<number>();
  readonly #hidden = new Set<number>();
  readonly #waiting: InspectRecord[] = [];
  #last = -Infinity;

  /** Takes what the inspector tells. */
  take(records: readonly InspectRecord[]): void {
    for (const record of records) {
      if (this.#present === undefined) this.#tell(record);
      else this.#takePast(this.#present, record);
    }
  }

  /** Whether it has room. */
  get isReady(): boolean {
    return this.#waiting.length < MOST_WAITING;
  }

  /** The records of the next item; undefined: there is nothing to tell yet. `now`: milliseconds that never go back. */
  next(now: number): InspectRecord[] | undefined {
    const isIdle = this.#waiting.every(({ type }) => type === 'gauges' || type === 'counts');
    if (this.#waiting.length === 0 || (isIdle && now - this.#last < IDLE_MS)) return undefined;
    this.#last = now;
    return this.#waiting.splice(0, MOST_IN_ITEM);
  }

  #takePast(present: Present, record: InspectRecord): void {
    present.take(record);
    if (record.type !== 'live' && record.type !== 'gone') return;
    this.#present = undefined;
    for (const one of present.records()) this.#tell(one);
  }

  #tell(record: InspectRecord): void {
    switch (record.type) {
      case 'head':
        this.#ends = endsOf(record);
        this.#hidden.clear();
        break;
      case 'job':
        if (record.chart === 'notice' || record.method === shareMethod) return this.#hide(record.job);
        break;
      case 'end':
        if (this.#hidden.has(record.job)) return;
        break;
      case 'steps':
        return this.#tellSteps(record);
      case 'gauges':
        // Only the last counts.
        if (this.#waiting.at(-1)?.type === 'gauges') this.#waiting.pop();
        break;
      case 'counts':
      case 'message':
      case 'left-out':
      case 'live':
      case 'gone':
    }
    this.#waiting.push(record);
  }

  #hide(job: number): void {
    this.#hidden.add(job);
    const [oldest] = this.#hidden;
    if (this.#hidden.size > MOST_HIDDEN && oldest !== undefined) this.#hidden.delete(oldest);
  }

  #tellSteps({ at, after, jobs, edges, ...rest }: StepsRecord): void {
    const places = [...edges.keys()].filter((place) => {
      const job = jobs[place] as number;
      const isHidden = this.#hidden.has(job);
      if (isHidden && this.#ends.has(edges[place] as number)) this.#hidden.delete(job);
      return !isHidden;
    });
    if (places.length === 0) return;
    const pick = (list: readonly number[]): number[] => places.map((place) => list[place] as number);
    this.#waiting.push({ ...rest, at, after: pick(after), jobs: pick(jobs), edges: pick(edges) });
  }
}
