import type { EndRecord, JobRecord, Side } from '../records.ts';
import type { ChartEntry, EdgeEntry, StateEntry } from './chart-index.ts';

/** Where a job is at a moment. */
export interface Standing {
  /** Undefined: it had not taken its first step, or the step that told is not held any more. */
  readonly state: StateEntry | undefined;
  /** Since when, milliseconds of its side. */
  readonly since: number;
}

/** A stay of a job in a state: one part of its timeline. */
export interface Stay {
  readonly state: StateEntry;
  /** The edge by which it came. */
  readonly by: EdgeEntry;
  readonly from: number;
  /** Undefined: it is there still, or ended there. */
  readonly to: number | undefined;
}

/** How a job ended, and when that was told. */
export type JobEnd = Pick<EndRecord, 'at' | 'outcome' | 'known' | 'code'>;

/** One job's life as far as it is known; or that of one of an agent's own charts. It only grows, so it can be asked of any moment. */
export class JobTrack {
  readonly of: Side;
  /** Its number at its side; negative for the agent's own charts. */
  readonly number: number;
  readonly chart: ChartEntry;
  readonly record: JobRecord;
  readonly began: number;
  /** Steps that are not held any more, since there were too many: those before the first of the path. */
  dropped = 0;
  end: JobEnd | undefined = undefined;
  /** When it ended, or took its last step if how it ended was not told: a chart that failed takes none. */
  doneAt: number | undefined = undefined;
  readonly #times: number[] = [];
  readonly #edges: EdgeEntry[] = [];

  constructor(record: JobRecord, chart: ChartEntry, began: number) {
    this.of = record.of;
    this.number = record.job;
    this.chart = chart;
    this.record = record;
    this.began = began;
  }

  /** Steps that are held. */
  get length(): number {
    return this.#times.length;
  }

  /** The edges that it has taken, in order: as far as they are held. */
  get path(): readonly EdgeEntry[] {
    return this.#edges;
  }

  /** The moments of {@link path}. */
  get times(): readonly number[] {
    return this.#times;
  }

  /** The state that it is in now. */
  get state(): StateEntry | undefined {
    return this.#edges.at(-1)?.to;
  }

  /** Whether it has ended otherwise than with a value. */
  get hasFailed(): boolean {
    return this.end !== undefined && this.end.outcome !== 'value';
  }

  take(edge: EdgeEntry, at: number): void {
    this.#times.push(at);
    this.#edges.push(edge);
    if (edge.to.isEnd) this.doneAt ??= at;
  }

  /** Its one outcome; whatever follows changes nothing of that. */
  endAs(end: JobEnd): void {
    this.end ??= end;
    this.doneAt ??= end.at;
  }

  /** Forgets the older half of its steps; returns how many those were. */
  forgetHalf(): number {
    const half = this.#times.length >> 1;
    this.#times.splice(0, half);
    this.#edges.splice(0, half);
    this.dropped += half;
    return half;
  }

  /** Where it was at that moment, if it had begun. */
  standingAt(at: number): Standing {
    const last = this.stepsUntil(at) - 1;
    if (last >= 0) return { state: this.#edges[last]?.to, since: this.#since(last) };
    // What it was before the first step that is held, that step says.
    return { state: this.#edges[0]?.from, since: this.began };
  }

  /** How many of the steps that are held it had taken at that moment, that moment's own included. */
  stepsUntil(at: number): number {
    const times = this.#times;
    if ((times.at(-1) ?? Infinity) <= at) return times.length;
    let low = 0;
    let high = times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((times[middle] as number) <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Whether it was done at that moment. */
  isDoneAt(at: number): boolean {
    return this.doneAt !== undefined && this.doneAt <= at;
  }

  /** How it had ended at that moment. */
  endAt(at: number): JobEnd | undefined {
    return this.end !== undefined && this.end.at <= at ? this.end : undefined;
  }

  /** The states it was in until that moment, with when it came and went. Steps that stay where they are are not listed. */
  staysUntil(at: number): Stay[] {
    const stays: { state: StateEntry; by: EdgeEntry; from: number; to: number | undefined }[] = [];
    const count = this.stepsUntil(at);
    for (let step = 0; step < count; step++) {
      const by = this.#edges[step] as EdgeEntry;
      const from = this.#times[step] as number;
      const last = stays.at(-1);
      if (last?.state === by.to && by.from === by.to) continue;
      if (last !== undefined) last.to = from;
      stays.push({ state: by.to, by, from, to: undefined });
    }
    return stays;
  }

  /** When it first came to a state of that path. */
  firstIn(path: string): number | undefined {
    const step = this.#edges.findIndex(({ to }) => to.path === path);
    return step < 0 ? undefined : this.#times[step];
  }

  /** When it came to where the step with that place left it: steps that stay don't count. */
  #since(step: number): number {
    let first = step;
    while (first > 0 && this.#edges[first]?.from === this.#edges[first]?.to) first--;
    return this.#times[first] as number;
  }
}
