import { other, type JobTrack, type Model, type StateEntry } from '../../model.ts';
import type { Side } from '../../records.ts';

/** A line of the diagram: a job at one side has come to a state. */
export interface SequenceRow {
  /** A moment of the near side, whoever took the step. */
  readonly at: number;
  readonly side: Side;
  readonly job: JobTrack;
  readonly state: StateEntry;
  /** The call that it is of: its place among those that are shown. */
  readonly call: number;
  /** How it ended, where it does. */
  readonly failed: boolean;
}

/** A message from one side to the other: between two lines, or from one where the other side has not told of it. */
export interface SequenceArrow {
  readonly kind: 'request' | 'response';
  readonly call: number;
  readonly from: Side;
  /** Places of lines; undefined: that end of it was not told. */
  readonly sent: number | undefined;
  readonly arrived: number | undefined;
}

export interface Sequence {
  readonly calls: readonly SequenceCall[];
  readonly rows: readonly SequenceRow[];
  readonly arrows: readonly SequenceArrow[];
}

/** A call, as far as it was told at either end. */
export interface SequenceCall {
  readonly caller: JobTrack | undefined;
  readonly callee: JobTrack | undefined;
  readonly callerSide: Side;
  readonly name: string;
  readonly tag: string;
}

/** The calls of which a job of either side is shown: each once, in the order in which they began. */
export function callsOf(model: Model, jobs: readonly JobTrack[]): SequenceCall[] {
  const seen = new Set<JobTrack>();
  const calls: { readonly call: SequenceCall; readonly at: number }[] = [];
  for (const job of jobs) {
    const counterpart = model.counterpart(job);
    if (seen.has(job)) continue;
    seen.add(job);
    if (counterpart !== undefined) seen.add(counterpart);
    const isCaller = job.record.class === 'client';
    const [caller, callee] = isCaller ? [job, counterpart] : [counterpart, job];
    const { method, tag, chart } = job.record;
    const name = method ?? counterpart?.record.method ?? chart;
    calls.push({
      call: { caller, callee, callerSide: isCaller ? job.of : other(job.of), name, tag },
      at: model.nearTime(job.of, job.began),
    });
  }
  return calls.sort((a, b) => a.at - b.at).map(({ call }) => call);
}

/** Merges the steps of both sides into one order, by the near side's clock. */
export function sequenceOf(model: Model, calls: readonly SequenceCall[], until: number): Sequence {
  const placed = calls.flatMap((sides, call) => rowsOfCall(model, sides, call, until));
  // Of what happens in the same moment the order of each side is kept: sorting is stable.
  placed.sort((a, b) => a.row.at - b.row.at || a.leg - b.leg);
  const rows = placed.map(({ row }) => row);
  return { calls, rows, arrows: arrowsOf(calls, rows) };
}

/** What a call has behind it: nothing, its request, its response. */
type Leg = 0 | 1 | 2;

interface PlacedRow {
  readonly row: SequenceRow;
  readonly leg: Leg;
}

/**
 * The steps of a call at both sides. Clocks that were set, or run at different paces, would have messages arrive before they were sent:
 * what a message leads to is shown no sooner than what sends it.
 */
function rowsOfCall(model: Model, { caller, callee }: SequenceCall, call: number, until: number): PlacedRow[] {
  const sent = (job: JobTrack | undefined): number => {
    const at = job?.firstIn('busy.sending');
    return job === undefined || at === undefined ? -Infinity : model.nearTime(job.of, at);
  };
  const asked = sent(caller);
  const earliest = [-Infinity, asked, Math.max(asked, sent(callee))] as const;
  return [caller, callee]
    .flatMap((job) => (job === undefined ? [] : rowsOf(model, job, call, until)))
    .map(({ row, leg }) => ({ leg, row: { ...row, at: Math.max(row.at, earliest[leg]) } }))
    .filter(({ row, leg }) => row.at <= until || leg === 0);
}

/** Where a job's messages leave and arrive: shown however short it was there. */
const messageStates: ReadonlySet<string> = new Set(['busy.sending', 'busy.callback']);

function rowsOf(model: Model, job: JobTrack, call: number, until: number): PlacedRow[] {
  const stays = job.staysUntil(model.timeOf(job.of, until));
  const answered = stays.findIndex(({ state }) => state.path === 'read');
  const legAt = (place: number): Leg => {
    if (job.record.class !== 'client') return 1;
    return answered >= 0 && place >= answered ? 2 : 0;
  };
  return (
    stays
      .map((stay, place) => ({ ...stay, leg: legAt(place) }))
      // What is passed through without a stay says nothing that what follows does not.
      .filter(({ state, from, to }) => to !== from || messageStates.has(state.path))
      .filter(isNoFurtherPiece())
      .filter(({ state }) => !state.isEnd)
      .map(({ state, from, leg }) => ({
        leg,
        row: {
          at: model.nearTime(job.of, from),
          side: job.of,
          job,
          state,
          call,
          failed: job.hasFailed && (job.end?.at ?? Infinity) <= from,
        },
      }))
  );
}

/** A long message goes to the line in pieces, with pauses: it is one message, which leaves with the first of them. */
function isNoFurtherPiece(): (stay: { readonly state: StateEntry }) => boolean {
  let isBegun = false;
  return ({ state: { path } }) => {
    if (path !== 'busy.sending') return path !== 'busy.continuing';
    const isFirst = !isBegun;
    isBegun = true;
    return isFirst;
  };
}

function arrowsOf(calls: readonly SequenceCall[], rows: readonly SequenceRow[]): SequenceArrow[] {
  /** The first line of each job in each state; without a path, of all. */
  const first = new Map<string, number>();
  const key = (job: JobTrack, path: string): string => `${job.of} ${job.number} ${path}`;
  rows.forEach(({ job, state }, place) => {
    const name = key(job, state.path);
    if (!first.has(name)) first.set(name, place);
    if (!first.has(key(job, ''))) first.set(key(job, ''), place);
  });
  const place = (job: JobTrack | undefined, path: string): number | undefined =>
    job === undefined ? undefined : first.get(key(job, path));
  return calls.flatMap(({ caller, callee, callerSide }, call): SequenceArrow[] => {
    const asked = place(caller, 'busy.sending');
    const arrived = place(callee, '');
    const replied = place(callee, 'busy.sending');
    const hasAnswer = caller?.firstIn('read') !== undefined;
    const answered = hasAnswer ? (place(caller, 'read') ?? place(caller, 'busy.callback')) : undefined;
    const arrows: SequenceArrow[] = [];
    if (asked !== undefined || arrived !== undefined) arrows.push({ kind: 'request', call, from: callerSide, sent: asked, arrived });
    if (replied !== undefined || answered !== undefined) {
      arrows.push({ kind: 'response', call, from: other(callerSide), sent: replied, arrived: answered });
    }
    return arrows;
  });
}
