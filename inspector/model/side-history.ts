import type { EndRecord, HeadRecord, InspectRecord, JobRecord, Side, StepsRecord } from '../records.ts';
import { ChartIndex, untoldWayTo, type ChartEntry, type EdgeEntry } from './chart-index.ts';
import { HeldJobs } from './job-table.ts';
import { JobTrack } from './job-track.ts';
import type { Forgotten, ModelLimits } from './limits.ts';
import { HeldMessages } from './messages.ts';
import { StepLog, type LoggedStep } from './step-log.ts';
import { View } from './view.ts';

/** The moments that a side can show, in milliseconds of its own. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** What is told of jobs as they begin and end: who matches the two sides' calls listens. */
export interface JobListener {
  began(job: JobTrack): void;
  done(job: JobTrack): void;
}

/** All that one side has told since its head, as far as it is held. */
export class SideHistory {
  readonly of: Side;
  readonly head: HeadRecord;
  readonly charts: ChartIndex;
  readonly jobs: HeldJobs;
  readonly messages: HeldMessages;
  /** The agent's own charts, by the chart's name: the last that began of each. */
  readonly parts = new Map<string, JobTrack>();
  readonly forgotten: Forgotten = { jobs: 0, steps: 0, messages: 0, senseless: 0 };
  /** Whether the past has been told, and what comes happens now. */
  isLive = false;
  readonly #log: StepLog;
  readonly #listener: JobListener;
  readonly #partsByNumber = new Map<number, JobTrack>();
  readonly #stepsOfOne: number;
  #last: number;

  constructor(head: HeadRecord, limits: ModelLimits, listener: JobListener) {
    this.of = head.of;
    this.head = head;
    this.charts = new ChartIndex(head.charts);
    this.jobs = new HeldJobs(limits, this.forgotten);
    this.messages = new HeldMessages(limits, this.forgotten);
    this.#log = new StepLog(head.of, this.charts.edgeCount, limits.logSteps);
    this.#listener = listener;
    this.#stepsOfOne = limits.stepsOfOne;
    this.#last = Number.isFinite(head.at) ? head.at : 0;
  }

  /** Takes a record of this side; a head begins another history, and is not for this one. */
  add(record: Exclude<InspectRecord, HeadRecord>): void {
    const at = this.#moment(record.at);
    switch (record.type) {
      case 'steps':
        return this.#steps(record);
      case 'job':
        return this.#job(record, at);
      case 'end':
        return this.#end(record, at);
      case 'message':
        return this.messages.add(record);
      case 'live':
        this.isLive = true;
        return;
      case 'counts':
      case 'gauges':
      case 'left-out':
      case 'gone':
        this.#log.note(at, record);
    }
  }

  /** From when to when everything can be shown. */
  get range(): Range {
    const from = Math.max(this.#log.from ?? this.#last, this.jobs.forgottenUntil);
    return { from: Math.min(from, this.#last), to: this.#last };
  }

  /** The moment of the last record. */
  get last(): number {
    return this.#last;
  }

  viewAt(moment: number | 'live'): View {
    if (moment === 'live') return new View(this, this.#last, this.#log.now, true);
    return new View(this, moment, this.#log.stateAt(moment), false);
  }

  /** The first step that was taken after a moment, or the last before it. */
  stepAfter(moment: number): LoggedStep | undefined {
    return this.#log.stepAfter(moment);
  }

  stepBefore(moment: number): LoggedStep | undefined {
    return this.#log.stepBefore(moment);
  }

  /** Adds to each part of the time between two moments how many steps were taken in it. */
  density(from: number, to: number, into: Float64Array): void {
    this.#log.density(from, to, into);
  }

  /** A job or one of the agent's own charts, by its number. */
  track(number: number): JobTrack | undefined {
    return this.jobs.get(number) ?? this.#partsByNumber.get(number);
  }

  /** Moments never run backwards here, whatever is told. */
  #moment(at: number): number {
    if (at > this.#last) this.#last = at;
    return this.#last;
  }

  #steps({ at, after, jobs, edges }: StepsRecord): void {
    for (let place = 0; place < edges.length; place++) {
      const edge = this.charts.edge(edges[place] ?? -1);
      const number = jobs[place];
      if (edge === undefined || number === undefined) {
        this.forgotten.senseless++;
        continue;
      }
      const moment = this.#moment(at + (after[place] ?? 0));
      this.#log.step(moment, number, edge.number);
      const job = this.track(number);
      // It may be the rest of one that was not told of.
      if (job !== undefined && job.chart === edge.chart) this.#take(job, edge, moment);
    }
  }

  #take(job: JobTrack, edge: EdgeEntry, at: number): void {
    const wasDone = job.doneAt !== undefined;
    job.take(edge, at);
    if (job.number < 0) return this.#partStepped(job);
    this.jobs.stepped(job);
    if (!wasDone) this.#mayBeDone(job);
  }

  #mayBeDone(job: JobTrack): void {
    if (job.doneAt === undefined || job.number < 0) return;
    this.jobs.done(job);
    this.#listener.done(job);
  }

  #partStepped(part: JobTrack): void {
    if (part.length > this.#stepsOfOne) this.forgotten.steps += part.forgetHalf();
  }

  #job(record: JobRecord, at: number): void {
    const chart = this.charts.chart(record.chart);
    const told = this.track(record.job);
    if (chart === undefined || (told !== undefined && (record.state === undefined || told.chart !== chart))) {
      this.forgotten.senseless++;
      return;
    }
    const job = told ?? this.#begin(record, chart, at);
    const state = chart.states.find(({ path }) => path === record.state);
    if (job !== undefined && state !== undefined) this.#take(job, untoldWayTo(state), at);
  }

  /** Undefined: there is no room for it. */
  #begin(record: JobRecord, chart: ChartEntry, at: number): JobTrack | undefined {
    const job = new JobTrack(record, chart, at);
    if (record.job >= 0) {
      if (!this.jobs.add(job)) return undefined;
      this.#listener.began(job);
      return job;
    }
    // A chart of the agent's own that began anew takes the place of the one before.
    const before = this.parts.get(record.chart);
    if (before !== undefined) this.#partsByNumber.delete(before.number);
    this.parts.set(record.chart, job);
    this.#partsByNumber.set(record.job, job);
    return job;
  }

  #end({ job: number, outcome, known, code }: EndRecord, at: number): void {
    const job = this.track(number);
    if (job === undefined) return;
    const wasDone = job.doneAt !== undefined;
    job.endAs({ at, outcome, known, code });
    if (!wasDone) this.#mayBeDone(job);
  }
}
