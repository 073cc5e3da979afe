import { Model } from '../../inspector/model.ts';
import { readRecording, recordingLine } from '../../inspector/recording.ts';
import { shownJobs, everyJob } from '../../inspector/page/state/job-filter.ts';
import { callsOf, sequenceOf } from '../../inspector/page/sequence/sequence.ts';
import { fitted, marks } from '../../inspector/page/timeline/time-window.ts';
import { snapshotOf } from '../../cli/top-snapshot.ts';
import { topLines } from '../../cli/top-text.ts';
import type { GaugesRecord, InspectRecord } from '../../inspector/records.ts';
import { gauges, head, job, step, walk } from './hand-made.ts';

/** What is put in the place of a value: what a program that means harm, or a broken disk, may write. */
const nasty: readonly unknown[] = [
  null, -1, 0, 0.5, 1e13, -1e13, 1e308, -1e308, 2 ** 53, 16_383, 16_384, 4_294_967_295, '', '__proto__', 'constructor', 'near', 'far', 'final', 'compound',
  'x'.repeat(400), '\u001b[2J\u202e\ud800', [], {}, [[[]]], { toString: 1 }, true, 'head', 'gone', 'steps', 'new', 'busy', 'client', 'xstate.init',
]; // prettier-ignore

const some: Partial<GaugesRecord> = {
  jobs: 3,
  send: { slots: 1, taken: 1, waiting: 0 },
  execute: { slots: Infinity, taken: 0, parked: 0, waiting: 0 },
  credit: { requests: 5, bytes: 100 },
  counters: { messagesIn: 4 },
};

const honest: readonly string[] = (['near', 'far'] as const).flatMap((of): string[] => {
  const records: InspectRecord[] = [
    head(of),
    { type: 'counts', of, at: 0, edges: [0, 1], taken: [1, 1] },
    job(of, 1, -1, 'link', { state: 'closed' }),
    job(of, 1, 1, of === 'near' ? 'client' : 'server'),
    of === 'near'
      ? walk(of, 1, 'client', [[1, 'new'], [2, 'busy.sending'], [3, 'sent'], [5, 'read'], [6, 'busy.callback']])
      : walk(of, 1, 'server', [[1, 'new'], [2, 'busy.executing'], [3, 'executed'], [4, 'busy.sending'], [5, 'busy.callback']]),
    { type: 'end', of, at: 6, job: 1, outcome: 'error', known: 'executed', code: 'TIMEOUT' },
    step(of, 7, 1, 5),
    gauges(of, 4, some),
    { type: 'message', of, at: 4, direction: 'in', message: 'request', tag: '1', bytes: 5, value: { any: ['thing'] } },
    { type: 'left-out', of, at: 8, jobs: 1, steps: 2, why: 'rate', oneIn: 2 },
    { type: 'live', of, at: 8 },
    job(of, 9, 2, 'client'),
    { type: 'gone', of, at: 9, reason: 'stopped' },
  ];
  return records.map(recordingLine);
}); // prettier-ignore

/** A recording of both sides in which some lines were changed, cut, left out, doubled or moved. */
export function mangled(below: (below: number) => number): string {
  const lines = [...honest];
  for (let left = 1 + below(6); left > 0; left--) {
    const at = below(lines.length);
    const line = lines[at] ?? '';
    const way = below(10);
    if (way === 0) lines.splice(at, 1);
    else if (way === 1) lines.splice(below(lines.length), 0, line);
    else if (way === 2) lines[at] = line.slice(0, below(line.length + 1));
    else if (way === 3) lines.splice(below(lines.length), 0, ...lines.splice(at, 1));
    else lines[at] = withAnother(line, below);
  }
  return lines.join('');
}

/** A line with another value somewhere in it. */
function withAnother(line: string, below: (below: number) => number): string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return line;
  }
  const places = placesIn(value);
  const place = places[below(Math.max(1, places.length))];
  if (place === undefined) return line;
  const { of, name } = place;
  const other = places[below(places.length)];
  // Also what stands elsewhere in it: two states of one name, say.
  const another = below(3) === 0 && other !== undefined ? other.of[other.name] : nasty[below(nasty.length)];
  // It may be that very thing in itself, which JSON can't say.
  const copy: unknown = structuredClone(another);
  Object.defineProperty(of, name, { value: copy, enumerable: true, configurable: true, writable: true });
  return `${JSON.stringify(value)}\n`;
}

interface Place {
  readonly of: Readonly<Record<string, unknown>>;
  readonly name: string;
}

/** Every member of a value, of whatever is in it. */
function placesIn(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const of = value as Place['of'];
  return Object.keys(of).flatMap((name) => [{ of, name }, ...placesIn(of[name])]);
}

/** Reads a recording and does with it what the page and `top` do. Returns how many records there were, and problems. */
export function lookAt(text: string): { records: number; problems: number } {
  const { records, problems } = readRecording(text);
  const model = new Model({ jobs: 3, pathSteps: 20, stepsOfOne: 5, logSteps: 10, messages: 2, messageCharacters: 100 });
  for (const record of records) model.add(record);
  for (const of of model.sides) {
    const { from, to } = model.range(of) ?? { from: 0, to: 0 };
    const { at, step: apart } = marks(fitted(from, to, 3, 100).from, fitted(from, to, 3, 100).to, 10);
    if (at.length > 1000) throw new Error(`${at.length} marks, ${apart} apart`);
    model.side(of)?.density(from, to + 1, new Float64Array(10));
    for (const moment of ['live', from, to, (from + to) / 2, 4] as const) {
      const view = model.viewAt(of, moment);
      if (view === undefined) throw new Error('a side without a view');
      for (const chart of view.history.charts.charts) {
        view.standingIn(chart);
        view.liveOf(chart);
      }
      for (const order of ['began', 'age', 'method', 'state'] as const) shownJobs(view, everyJob, order, true);
      for (const one of view.jobs) one.staysUntil(view.at);
      sequenceOf(model, callsOf(model, view.jobs), view.at);
      JSON.stringify([view.gauges, view.gone, view.leftOut, model.clocks, model.nearTime(of, view.at)]);
      model.side(of)?.stepAfter(view.at);
      model.side(of)?.stepBefore(view.at);
    }
  }
  const snapshot = snapshotOf(model, 10, undefined);
  for (const line of snapshot === undefined ? [] : topLines(snapshot, undefined, { columns: 80, rows: 24 }))
    if (/[\p{C}\p{Zl}\p{Zp}]/u.test(line) || line.length > 80)
      throw new Error(`a line that a terminal must not get: ${JSON.stringify(line)}`);
  return { records: records.length, problems: problems.length };
}
