import { CallPairs, other } from './model/call-pairs.ts';
import { ClockFilter, type ClockEstimate } from './model/clock-offset.ts';
import type { JobTrack } from './model/job-track.ts';
import { modelLimits, type ModelLimits } from './model/limits.ts';
import { SideHistory, type JobListener, type Range } from './model/side-history.ts';
import type { View } from './model/view.ts';
import type { InspectRecord, Side } from './records.ts';

/**
 * What records come to: both sides of a line at any moment that is held, live or past. It knows neither a page nor Node.
 *
 * It takes records as they come, and asks nothing back. Its memory is bounded by {@link ModelLimits}, whatever is told; what it has
 * forgotten for that it counts.
 */
export class Model {
  /** Grows with each record: who shows the model looks whether there is something new. */
  revision = 0;
  readonly #limits: ModelLimits;
  readonly #sides = new Map<Side, SideHistory>();
  readonly #pairs: CallPairs;
  readonly #clocks = new ClockFilter();

  constructor(limits: Partial<ModelLimits> = {}) {
    this.#limits = { ...modelLimits, ...limits };
    this.#pairs = new CallPairs(this.#limits.jobs);
  }

  /** The sides that have told of themselves. */
  get sides(): readonly Side[] {
    return [...this.#sides.keys()];
  }

  /** Takes the next record. One of a side that has not had a head is left out. */
  add(record: InspectRecord): void {
    this.revision++;
    if (record.type !== 'head') return this.#sides.get(record.of)?.add(record);
    this.#pairs.forget(record.of);
    this.#clocks.clear();
    this.#sides.set(record.of, new SideHistory(record, this.#limits, this.#listener));
  }

  /** What is held of a side. */
  side(of: Side): SideHistory | undefined {
    return this.#sides.get(of);
  }

  /** A side as it was at a moment of its own, or is now. Undefined: it has not told of itself. */
  viewAt(of: Side, at: number | 'live'): View | undefined {
    return this.#sides.get(of)?.viewAt(at);
  }

  /** The moments of a side that can be shown. */
  range(of: Side): Range | undefined {
    return this.#sides.get(of)?.range;
  }

  /** The same call at the other side, if that has told of it. */
  counterpart(job: JobTrack): JobTrack | undefined {
    return this.#pairs.otherOf(job);
  }

  /** How the sides' clocks differ; undefined while only one side has told of itself. */
  get clocks(): ClockEstimate | undefined {
    const near = this.#sides.get('near');
    const far = this.#sides.get('far');
    if (near === undefined || far === undefined) return undefined;
    return this.#clocks.estimate ?? { offset: far.head.epoch - near.head.epoch, delay: Infinity, samples: 0 };
  }

  /** A moment of one side, as a moment of the near side. */
  nearTime(of: Side, at: number): number {
    return of === 'near' ? at : at + (this.clocks?.offset ?? 0);
  }

  /** A moment of the near side, as one of the side that is asked about. */
  timeOf(of: Side, near: number): number {
    return of === 'near' ? near : near - (this.clocks?.offset ?? 0);
  }

  readonly #listener: JobListener = {
    began: (job) => this.#pairs.add(job),
    done: (job) => {
      // Both have to be done for all four moments to be known.
      if (this.#pairs.otherOf(job)?.doneAt === undefined) return;
      const sample = this.#pairs.sampleOf(job);
      if (sample !== undefined && this.#sides.has(other(job.of))) this.#clocks.add(sample);
    },
  };
}

export { other } from './model/call-pairs.ts';
export type { ChartEntry, EdgeEntry, StateEntry } from './model/chart-index.ts';
export type { ClockEstimate } from './model/clock-offset.ts';
export type { JobTrack, Stay } from './model/job-track.ts';
export type { Forgotten, ModelLimits } from './model/limits.ts';
export { phases, type Phase } from './model/phases.ts';
export type { Range, SideHistory } from './model/side-history.ts';
export type { View } from './model/view.ts';
