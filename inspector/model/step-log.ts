import type { CountsRecord, GaugesRecord, GoneRecord, LeftOutRecord, Side } from '../records.ts';

/** What an agent had told of itself at a moment, but for its jobs. */
export interface SideState {
  /** How often each edge had been taken, by its number. */
  readonly counts: Float64Array;
  gauges: GaugesRecord | undefined;
  /** Jobs and steps that were not told, and the last word on why. */
  leftOut: { jobs: number; steps: number; last: LeftOutRecord | undefined };
  gone: GoneRecord | undefined;
}

/** A record that changes a side's state and is no step. */
type Note = CountsRecord | GaugesRecord | LeftOutRecord | GoneRecord;

/** A step: whose, and over which edge. */
export interface LoggedStep {
  readonly of: Side;
  readonly at: number;
  readonly job: number;
  readonly edge: number;
}

/** A piece of the log: the state before it, and what happened in it. */
interface Segment {
  readonly begins: number;
  readonly before: SideState;
  steps: number;
  /** As long as it needs to be, doubled when full. */
  at: Float64Array;
  job: Float64Array;
  edge: Uint16Array;
  /** Each with how many steps of the segment came before it. */
  readonly notes: { readonly after: number; readonly at: number; readonly note: Note }[];
  /** What the notes weigh together. */
  weight: number;
}

const stepsInSegment = 8192;
/** Counts may name every edge there is. */
const notesInSegment = 256;
/** Numbers and characters of notes: those of a segment before another begins, and of all that are held. An honest side's are far below. */
const most = Object.freeze({ inSegment: 256 * 1024, inAll: 8 * 1024 * 1024 });

/**
 * Everything that a side has told in its order, in segments, each with the state at its beginning. A moment is found by the segment
 * that it is in, and replayed from there; the oldest segments are forgotten.
 */
export class StepLog {
  readonly of: Side;
  /** What is so now. */
  readonly now: SideState;
  readonly #segments: Segment[] = [];
  readonly #mostSegments: number;
  #weight = 0;

  /** @param mostSteps how many steps are held, rounded up to whole segments */
  constructor(of: Side, edges: number, mostSteps: number) {
    this.of = of;
    this.now = { counts: new Float64Array(edges), gauges: undefined, leftOut: { jobs: 0, steps: 0, last: undefined }, gone: undefined };
    this.#mostSegments = Math.max(2, Math.ceil(mostSteps / stepsInSegment) + 1);
  }

  /** From when on every moment can be shown. */
  get from(): number | undefined {
    return this.#segments[0]?.begins;
  }

  step(at: number, job: number, edge: number): void {
    const segment = this.#open(at);
    if (segment.steps === segment.at.length) grow(segment);
    const place = segment.steps++;
    segment.at[place] = at;
    segment.job[place] = job;
    segment.edge[place] = edge;
    this.now.counts[edge] = (this.now.counts[edge] ?? 0) + 1;
  }

  note(at: number, note: Note): void {
    const segment = this.#open(at);
    const kept = note.type === 'counts' ? this.#sensible(note) : note;
    segment.notes.push({ after: segment.steps, at, note: kept });
    const weight = weightOf(kept);
    segment.weight += weight;
    this.#weight += weight;
    apply(this.now, kept);
    while (this.#weight > most.inAll && this.#segments.length > 1) this.#forget();
  }

  /** Counts of edges that there are, and no more than there are. */
  #sensible(note: CountsRecord): CountsRecord {
    const { length } = this.now.counts;
    if (note.edges.length <= length && note.edges.every((edge) => edge < length)) return note;
    const taken = new Map<number, number>();
    for (const [place, edge] of note.edges.entries()) if (edge >= 0 && edge < length) taken.set(edge, note.taken[place] ?? 0);
    return { ...note, edges: [...taken.keys()], taken: [...taken.values()] };
  }

  #forget(): void {
    this.#weight -= this.#segments.shift()?.weight ?? 0;
  }

  /** What was so at a moment, that moment's own steps included. Of one before all that is held: as it was at the beginning of that. */
  stateAt(moment: number): SideState {
    const segment = this.#segments[this.#segmentOf(moment)];
    if (segment === undefined) return copyOf(this.now);
    const state = copyOf(segment.before);
    let note = 0;
    for (let step = 0; step <= segment.steps; step++) {
      for (let next = segment.notes[note]; next !== undefined && next.after === step; next = segment.notes[++note]) {
        if (next.at > moment) return state;
        apply(state, next.note);
      }
      if (step === segment.steps || (segment.at[step] as number) > moment) return state;
      const edge = segment.edge[step] as number;
      state.counts[edge] = (state.counts[edge] ?? 0) + 1;
    }
    return state;
  }

  /** The first step after a moment. */
  stepAfter(moment: number): LoggedStep | undefined {
    for (let place = Math.max(0, this.#segmentOf(moment)); place < this.#segments.length; place++) {
      const segment = this.#segments[place] as Segment;
      const step = upperBound(segment, moment);
      if (step < segment.steps) return this.#logged(segment, step);
    }
    return undefined;
  }

  /** The last step before a moment. */
  stepBefore(moment: number): LoggedStep | undefined {
    for (let place = this.#segmentOf(moment); place >= 0; place--) {
      const segment = this.#segments[place];
      if (segment === undefined) return undefined;
      const step = lowerBound(segment, moment) - 1;
      if (step >= 0) return this.#logged(segment, step);
    }
    return undefined;
  }

  /** How many steps were taken in each of `into.length` equal parts of the time between two moments, added to what is there. */
  density(from: number, to: number, into: Float64Array): void {
    const scale = into.length / (to - from);
    for (const segment of this.#segments) {
      if ((segment.at[segment.steps - 1] ?? -Infinity) < from || segment.begins > to) continue;
      for (let step = 0; step < segment.steps; step++) {
        const part = Math.floor(((segment.at[step] as number) - from) * scale);
        if (part >= 0 && part < into.length) into[part] = (into[part] as number) + 1;
      }
    }
  }

  #logged(segment: Segment, step: number): LoggedStep {
    return { of: this.of, at: segment.at[step] as number, job: segment.job[step] as number, edge: segment.edge[step] as number };
  }

  /** The segment that has room for what happens at a moment. */
  #open(at: number): Segment {
    const last = this.#segments.at(-1);
    const hasRoom = last !== undefined && last.notes.length < notesInSegment && last.weight < most.inSegment;
    if (hasRoom && last.steps < stepsInSegment) return last;
    const columns = { at: new Float64Array(256), job: new Float64Array(256), edge: new Uint16Array(256) };
    const segment: Segment = { begins: at, before: copyOf(this.now), steps: 0, ...columns, notes: [], weight: 0 };
    this.#segments.push(segment);
    if (this.#segments.length > this.#mostSegments) this.#forget();
    return segment;
  }

  /** The place of the last segment that begins at or before a moment; a segment may begin in the middle of a moment. */
  #segmentOf(moment: number): number {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#segments[middle] as Segment).begins <= moment) low = middle + 1;
      else high = middle;
    }
    return Math.max(low - 1, 0);
  }
}

function apply(state: SideState, note: Note): void {
  switch (note.type) {
    case 'counts':
      note.edges.forEach((edge, place) => {
        const taken = note.taken[place];
        if (edge >= 0 && edge < state.counts.length && taken !== undefined) state.counts[edge] = taken;
      });
      return;
    case 'gauges':
      state.gauges = note;
      return;
    case 'left-out':
      state.leftOut = { jobs: state.leftOut.jobs + note.jobs, steps: state.leftOut.steps + note.steps, last: note };
      return;
    case 'gone':
      state.gone = note;
  }
}

/** Roughly, in numbers and characters. */
function weightOf(note: Note): number {
  switch (note.type) {
    case 'counts':
      return 2 * note.edges.length;
    case 'gauges':
      return Object.keys(note.counters).reduce((sum, { length }) => sum + length + 1, 40);
    case 'gone':
      return note.reason.length;
    case 'left-out':
      return 4;
  }
}

function copyOf(state: SideState): SideState {
  return { ...state, counts: state.counts.slice() };
}

function grow(segment: Segment): void {
  const size = Math.min(stepsInSegment, segment.at.length * 2);
  const larger = { at: new Float64Array(size), job: new Float64Array(size), edge: new Uint16Array(size) };
  larger.at.set(segment.at);
  larger.job.set(segment.job);
  larger.edge.set(segment.edge);
  Object.assign(segment, larger);
}

/** The first step at or after a moment. */
function lowerBound(segment: Segment, moment: number): number {
  return bound(segment, (at) => at < moment);
}

/** The first step after a moment. */
function upperBound(segment: Segment, moment: number): number {
  return bound(segment, (at) => at <= moment);
}

function bound({ at, steps }: Segment, isBefore: (at: number) => boolean): number {
  let low = 0;
  let high = steps;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(at[middle] as number)) low = middle + 1;
    else high = middle;
  }
  return low;
}
