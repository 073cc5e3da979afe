import type { ChartEntry, JobTrack, Model, View } from '../inspector/model.ts';
import type { GaugesRecord } from '../inspector/records.ts';

/** Jobs of which a snapshot tells. */
const MOST_JOBS = 1000;

/** Counters of which there are rates, by their names in the records. */
const rated = ['messagesIn', 'messagesOut', 'bytesIn', 'bytesOut'] as const;

/** A job as `top` shows it. Texts are the peer's: whoever prints them escapes them. */
export interface JobShown {
  readonly job: number;
  readonly chart: string;
  readonly class: 'server' | 'client';
  readonly tag: string;
  readonly method: string | undefined;
  readonly state: string;
  /** Milliseconds since it was added; of one that is done, until it was. */
  readonly ageMs: number;
  /** Milliseconds in that state. */
  readonly inStateMs: number;
  readonly bytes: number;
  readonly isDone: boolean;
  /** How it ended, or the code of its error. */
  readonly outcome: string | undefined;
}

/** An agent at a moment: what `top` prints. */
export interface Snapshot {
  readonly agent: {
    readonly name: string;
    readonly version: string;
    readonly pid: number | undefined;
    readonly protocol: string | undefined;
  };
  /** Milliseconds since the side began. */
  readonly at: number;
  readonly gauges: Omit<GaugesRecord, 'type' | 'of' | 'at'> | undefined;
  /** A second, since the snapshot before; undefined of the first. `jobs` is of those that were done. */
  readonly rates: Readonly<Record<(typeof rated)[number] | 'jobs', number>> | undefined;
  /** Jobs that are done, since the side began. */
  readonly done: number;
  /** How many jobs stand in each state, by chart and state; those where none does are left out. */
  readonly standing: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** The live ones, the oldest first, and then those that ended last. */
  readonly jobs: readonly JobShown[];
  /** What the agent did not tell: its jobs are not all in the list. */
  readonly leftOut: { readonly jobs: number; readonly steps: number };
  /** Why the side has gone; undefined: it has not. */
  readonly gone: string | undefined;
}

/**
 * The near side as it is. `now` is its time, in milliseconds since it began; `before` the snapshot from which rates are counted.
 * Undefined: it has not told of itself.
 */
export function snapshotOf(model: Model, now: number, before: Snapshot | undefined): Snapshot | undefined {
  const view = model.viewAt('near', 'live');
  if (view === undefined) return undefined;
  const { agent } = view.history.head;
  const { name, version, pid, protocol } = agent;
  const charts = view.history.charts.charts.filter(({ isJob }) => isJob);
  const done = charts.reduce((sum, chart) => sum + doneOf(view, chart), 0);
  const { gauges, gone } = view;
  return {
    agent: { name, version, pid, protocol },
    at: now,
    gauges: gauges === undefined ? undefined : withoutMoment(gauges),
    rates: before === undefined ? undefined : ratesOf(before, gauges, done, now),
    done,
    standing: Object.fromEntries(charts.map((chart) => [chart.name, standingOf(view, chart)])),
    jobs: jobsOf(view, now),
    leftOut: { jobs: view.leftOut.jobs, steps: view.leftOut.steps },
    gone,
  };
}

function withoutMoment({ type: _type, of: _of, at: _at, ...gauges }: GaugesRecord): NonNullable<Snapshot['gauges']> {
  return gauges;
}

function ratesOf(before: Snapshot, gauges: GaugesRecord | undefined, done: number, now: number): NonNullable<Snapshot['rates']> {
  const seconds = Math.max(0.001, (now - before.at) / 1000);
  // An agent that began anew counts from nothing.
  const rate = (to = 0, from = 0): number => Math.max(0, to - from) / seconds;
  const ofCounters = rated.map((name) => [name, rate(gauges?.counters[name], before.gauges?.counters[name])] as const);
  return { ...(Object.fromEntries(ofCounters) as Record<(typeof rated)[number], number>), jobs: rate(done, before.done) };
}

function doneOf(view: View, chart: ChartEntry): number {
  const standing = view.standingIn(chart);
  return chart.states.reduce((sum, { isEnd, index }) => sum + (isEnd ? (standing[index] ?? 0) : 0), 0);
}

function standingOf(view: View, chart: ChartEntry): Record<string, number> {
  const standing = view.standingIn(chart);
  const isInner = (index: number): boolean => !chart.states.some(({ within }) => within.includes(index));
  const live = chart.states.filter(({ isEnd, index }) => !isEnd && isInner(index) && (standing[index] ?? 0) > 0);
  return Object.fromEntries(live.map(({ path, index }) => [path, standing[index] ?? 0]));
}

function jobsOf(view: View, now: number): JobShown[] {
  const live = view.jobs.filter(({ doneAt }) => doneAt === undefined).slice(0, MOST_JOBS);
  const done = view.jobs.filter(({ doneAt }) => doneAt !== undefined).slice(live.length - MOST_JOBS || Infinity);
  return [...live, ...done.toReversed()].map((job) => shownJob(view, job, now));
}

function shownJob(view: View, job: JobTrack, now: number): JobShown {
  const { state, since } = view.standingOf(job);
  const { tag, method, bytes, class: of } = job.record;
  const until = job.doneAt ?? now;
  return {
    job: job.number,
    chart: job.chart.name,
    class: of,
    tag,
    method,
    state: state?.path ?? '',
    ageMs: Math.max(0, until - job.began),
    inStateMs: Math.max(0, until - since),
    bytes,
    isDone: job.doneAt !== undefined,
    outcome: job.end?.code ?? job.end?.outcome,
  };
}
