import type { GaugesRecord, LeftOutRecord, Side } from '../records.ts';
import type { ChartEntry, StateEntry } from './chart-index.ts';
import type { JobTrack, Standing } from './job-track.ts';
import type { SideHistory } from './side-history.ts';
import type { SideState } from './step-log.ts';

/** What was so at a side at one moment. The live one shows what is so now, and goes on doing so. */
export class View {
  readonly of: Side;
  /** Milliseconds of its side. */
  readonly at: number;
  readonly isLive: boolean;
  readonly history: SideHistory;
  readonly #state: SideState;

  constructor(history: SideHistory, at: number, state: SideState, isLive: boolean) {
    this.of = history.of;
    this.at = at;
    this.isLive = isLive;
    this.history = history;
    this.#state = state;
  }

  /** How often each edge had been taken, by its number: exact, whatever was left out. */
  get counts(): Float64Array {
    return this.#state.counts;
  }

  get gauges(): GaugesRecord | undefined {
    return this.#state.gauges;
  }

  /** Why the side had gone; undefined: it had not. */
  get gone(): string | undefined {
    return this.#state.gone?.reason;
  }

  /** How many jobs and steps the agent had not told, and what it said last of it. */
  get leftOut(): { readonly jobs: number; readonly steps: number; readonly last: LeftOutRecord | undefined } {
    return this.#state.leftOut;
  }

  /** The jobs that had begun, those that were done included, in the order in which they were added. */
  get jobs(): readonly JobTrack[] {
    const all = this.history.jobs.list;
    return this.isLive ? all : all.filter(({ began }) => began <= this.at);
  }

  standingOf(job: JobTrack): Standing {
    return job.standingAt(this.isLive ? Infinity : this.at);
  }

  /**
   * How many stood in each state of a chart, by the state's place in the chart; those in nested states are in the outer ones too. Of an
   * end: how many have come to it.
   */
  standingIn(chart: ChartEntry): number[] {
    const { counts } = this.#state;
    const standing = chart.states.map(() => 0);
    const add = ({ index, within }: StateEntry, count: number): void => {
      for (const place of [index, ...within]) standing[place] = (standing[place] ?? 0) + count;
    };
    for (const state of chart.states) if (state.stoodFirst !== 0) add(state, state.stoodFirst);
    for (const { number, from, to } of chart.edges) {
      const taken = counts[number] ?? 0;
      if (taken === 0 || from === to) continue;
      add(to, taken);
      if (from !== undefined) add(from, -taken);
    }
    return standing;
  }

  /** How many jobs of a chart were not done. */
  liveOf(chart: ChartEntry): number {
    let live = chart.states.reduce((sum, { stoodFirst, isEnd }) => sum + (isEnd ? 0 : stoodFirst), 0);
    for (const { number, from, to } of chart.edges) {
      const taken = this.#state.counts[number] ?? 0;
      if (from === undefined && !to.isEnd) live += taken;
      else if (from !== undefined && to.isEnd) live -= taken;
    }
    return live;
  }
}
