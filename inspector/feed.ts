import { BEGUN, begunOf, ENDED, endedOf, STEP_BELOW } from '../actors/journal-ring.ts';
import { knownOfPeer, outcomeTypes, type Journal } from '../actors/journal.ts';
import { Batch } from './batch.ts';
import { inState, partRecord, type JournalReader } from './journal-reader.ts';
import type { MessageLog } from './message-log.ts';
import type { GaugesRecord, HeadRecord, InspectRecord, JobRecord, LeftOutRecord } from './records.ts';
import { Sampling } from './sampling.ts';
import type { Viewer } from './watchable.ts';

/** What a feed tells of. */
export interface FeedSource {
  readonly reader: JournalReader;
  readonly messages: MessageLog;
  head(): HeadRecord;
  gauges(): GaugesRecord;
}

/** Of those that were live before the oldest entry, so many are told at most. */
const OLD_JOBS = 20_000;

/** Entries of the past that are told in one turn of the event loop: a few milliseconds. */
const PAST_ENTRIES = 8192;

/**
 * What one viewer is told: the journal from its oldest entry on, then as it grows, at the viewer's own pace.
 *
 * It reads the journal and changes nothing in it. A viewer that falls behind loses what the ring has overwritten meanwhile; it is told how
 * much that was, and where the jobs that it knows stand now.
 */
export class Feed {
  readonly #source: FeedSource;
  readonly #viewer: Viewer;
  readonly #batch = new Batch();
  readonly #sampling: Sampling;
  /** What the viewer has been told of and has not seen the end of, by number. */
  readonly #told = new Map<number, JobRecord>();
  readonly #counts: Float64Array;
  #gauges = '';
  /** The next entry to be read, and the next message. */
  #position = 0;
  #message = 0;
  /** Jobs that began, and steps that were taken, before that entry. */
  #begun = 0;
  #steps = 0;
  /** Of them, those that were left out in this turn. */
  #leftJobs = 0;
  #leftSteps = 0;
  #isLive = false;
  #isOver = false;

  /** @param budget - steps that may be told in one turn, once the past is told. */
  constructor(source: FeedSource, viewer: Viewer, budget: number) {
    this.#source = source;
    this.#viewer = viewer;
    this.#sampling = new Sampling(budget);
    this.#counts = new Float64Array(source.reader.journal.counts.length);
  }

  /** Whether it has ended, also because its viewer failed. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Tells the head, and what was there before the oldest entry that is held. */
  begin(): void {
    const { reader } = this.#source;
    const { ring } = reader.journal;
    reader.journal.tick();
    this.#batch.add(this.#source.head());
    this.#leaveRing();
    const { taken, first } = reader.look((job) => job <= ring.lostUpTo);
    this.#countBefore(taken);
    for (const record of reader.oldJobs(first)) {
      if (this.#told.size < OLD_JOBS) this.#tell(record);
      else this.#leftJobs++;
    }
    this.#hand();
  }

  /** Tells what is new. False: more of the past is left, for another turn. */
  turn(): boolean {
    return this.#isOver || !this.#isReady || this.#advance();
  }

  /** Tells what is left, also to a viewer that is behind, and that nothing more comes. */
  end(reason: string): void {
    while (!this.#isOver && !this.#advance());
    if (this.#isOver) return;
    this.#batch.add({ type: 'gone', of: 'near', at: this.#journal.now, reason });
    this.#hand();
    this.#isOver = true;
  }

  #advance(): boolean {
    const journal = this.#journal;
    const { ring } = journal;
    if (this.#position < ring.tail) this.#catchUp();
    const end = this.#isLive ? ring.head : Math.min(ring.head, this.#position + PAST_ENTRIES);
    while (this.#position < end) this.#entry(this.#position++);
    this.#sayLeftOut();
    if (this.#isLive) this.#sampling.endTurn();
    if (end === ring.head) this.#sayPresent();
    this.#hand();
    return this.#isLive;
  }

  #entry(position: number): void {
    const { ring } = this.#journal;
    const at = ring.placeOf(position);
    const code = ring.codes[at] as number;
    const job = ring.jobs[at] as number;
    if (this.#message < this.#source.messages.end) this.#tellMessages(position);
    if (code < STEP_BELOW) this.#step(ring.times[at] as number, job, code);
    else if (code < ENDED) this.#beginning(at, position, job, code - BEGUN);
    else this.#ending(at, job, code);
  }

  #step(at: number, job: number, edge: number): void {
    this.#steps++;
    const isTold = this.#told.has(job) || (job < 0 && this.#tellPart(at, job, edge));
    if (this.#isLive) this.#sampling.step(isTold);
    if (!isTold) this.#leftSteps++;
    else {
      this.#batch.step(at, job, edge);
      if (this.#source.reader.edges.isLast[edge] === true) this.#told.delete(job);
    }
  }

  #beginning(place: number, position: number, job: number, code: number): void {
    const { ring } = this.#journal;
    const { again } = begunOf(code);
    if (!again) this.#begun++;
    if (this.#told.has(job)) return;
    if (this.#isLive && !this.#sampling.takes(job)) {
      if (!again) this.#leftJobs++;
      return;
    }
    const record = this.#source.reader.beginning(place);
    // What is introduced again takes its next step at once: it stands where that begins.
    this.#tell(again ? { ...record, ...inState(this.#source.reader.fromOf(ring.codes[ring.placeOf(position + 1)])) } : record);
  }

  #ending(place: number, job: number, code: number): void {
    if (!this.#told.has(job)) return;
    const { ring } = this.#journal;
    const { outcome, known, isLast } = endedOf(code);
    this.#batch.add({
      type: 'end',
      of: 'near',
      at: ring.times[place] as number,
      job,
      outcome: outcomeTypes[outcome] ?? 'error',
      known: knownOfPeer[known] ?? 'perhaps-executed',
      code: ring.words[place],
    });
    if (isLast) this.#told.delete(job);
  }

  #tell(record: JobRecord): void {
    this.#batch.add(record);
    if (record.state === undefined || record.state !== this.#source.reader.edges.finals.get(record.chart))
      this.#told.set(record.job, record);
    else this.#told.delete(record.job);
  }

  /** A part of the agent's that began after the viewer did. */
  #tellPart(at: number, number: number, edge: number): boolean {
    const part = this.#journal.parts.find((one) => one.number === number);
    if (part === undefined) return false;
    this.#tell({ ...partRecord(at, part), ...inState(this.#source.reader.fromOf(edge)) });
    return true;
  }

  #tellMessages(position: number): void {
    const { messages } = this.#source;
    for (;;) {
      const found = messages.next(this.#message, position);
      if (found === undefined) return;
      this.#message = found.next;
      this.#batch.add(found.record);
    }
  }

  /** Once nothing is left to be read: what holds now. */
  #sayPresent(): void {
    const journal = this.#journal;
    this.#tellMessages(this.#position);
    journal.tick();
    this.#sayCounts(journal.counts);
    const gauges = this.#source.gauges();
    const text = JSON.stringify({ ...gauges, at: 0 });
    if (text !== this.#gauges) this.#batch.add(gauges);
    this.#gauges = text;
    if (!this.#isLive) this.#batch.add({ type: 'live', of: 'near', at: journal.now });
    this.#isLive = true;
  }

  #sayCounts(counts: Float64Array, at = this.#journal.now): void {
    const edges: number[] = [];
    const taken: number[] = [];
    for (let edge = 0; edge < counts.length; edge++) {
      const count = counts[edge] as number;
      if (count === this.#counts[edge]) continue;
      this.#counts[edge] = count;
      edges.push(edge);
      taken.push(count);
    }
    if (edges.length > 0) this.#batch.add({ type: 'counts', of: 'near', at, edges, taken });
  }

  /** The counts as they were at the oldest entry. Those of the manager, most of whose steps are not in the ring, as they are now. */
  #countBefore(taken: Float64Array): void {
    const { counts } = this.#journal;
    this.#sayCounts(
      counts.map((count, edge) => count - (taken[edge] as number)),
      this.#source.reader.oldest,
    );
  }

  #sayLeftOut(): void {
    if (this.#leftJobs + this.#leftSteps > 0) this.#leaveOut(this.#leftJobs, this.#leftSteps, this.#isLive ? 'rate' : 'ring');
    this.#leftJobs = this.#leftSteps = 0;
  }

  #leaveOut(jobs: number, steps: number, why: LeftOutRecord['why']): void {
    const oneIn = why === 'rate' ? this.#sampling.oneIn : 1;
    this.#batch.add({ type: 'left-out', of: 'near', at: this.#journal.now, jobs, steps, why, oneIn });
  }

  /** What was overwritten before it was read is left out. */
  #leaveRing(): void {
    const { ring } = this.#journal;
    const jobs = ring.begunBefore - this.#begun;
    const steps = ring.stepsBefore - this.#steps;
    this.#begun = ring.begunBefore;
    this.#steps = ring.stepsBefore;
    this.#position = ring.tail;
    if (jobs + steps > 0) this.#leaveOut(jobs, steps, 'ring');
  }

  /** The viewer was behind for too long: it is told where what it knows stands at the oldest entry that is left. */
  #catchUp(): void {
    this.#leaveRing();
    const { reader } = this.#source;
    const { first } = reader.look((job) => this.#told.has(job));
    const { live } = reader;
    for (const record of [...this.#told.values()]) {
      const state = reader.stateBefore(record, first.get(record.job), live);
      this.#tell({ ...record, at: reader.oldest, ...inState(state) });
    }
  }

  /** One that can't say is let go, as one that throws at what it is told. */
  get #isReady(): boolean {
    try {
      return this.#viewer.isReady?.() ?? true;
    } catch {
      this.#isOver = true;
      return false;
    }
  }

  get #journal(): Journal {
    return this.#source.reader.journal;
  }

  #hand(): void {
    const records: readonly InspectRecord[] = this.#batch.take();
    if (records.length === 0) return;
    try {
      this.#viewer.take(records);
    } catch {
      // Whoever throws at what he asked for is told no more.
      this.#isOver = true;
    }
  }
}
