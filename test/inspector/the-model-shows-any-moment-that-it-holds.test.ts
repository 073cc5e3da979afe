import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Model, type ModelLimits, type View } from '../../inspector/model.ts';
import type { InspectRecord } from '../../inspector/records.ts';
import { gauges, handMadeCharts, head, job } from './hand-made.ts';
import { runs } from '../property.ts';

/** All of a view that a page shows, as plain values. */
function shown(view: View | undefined): unknown {
  if (view === undefined) return undefined;
  return {
    jobs: view.jobs.map((one) => {
      const { state, since } = view.standingOf(one);
      const at = view.isLive ? Infinity : view.at;
      return [one.number, state?.path, since, one.isDoneAt(at), one.endAt(at)?.outcome, one.staysUntil(at).length];
    }),
    standing: view.history.charts.charts.map((chart) => [view.standingIn(chart), view.liveOf(chart)]),
    counts: [...view.counts],
    jobsOfGauges: view.gauges?.jobs,
    gone: view.gone,
    leftOut: view.leftOut,
  };
}

const lastEdge = handMadeCharts.reduce((most, { firstEdge, edges }) => Math.max(most, firstEdge + edges.length - 1), 0);

/** What happens next, and how long after what was before. */
type Happening = {
  readonly pause: number;
  readonly what: 'job' | 'step' | 'end' | 'counts' | 'gauges' | 'left-out' | 'gone';
  readonly n: number;
};
const happening: fc.Arbitrary<Happening> = fc.record({
  pause: fc.constantFrom(0, 0, 0, 1, 5),
  what: fc.constantFrom('job', 'job', 'step', 'step', 'step', 'step', 'end', 'counts', 'gauges', 'left-out', 'gone'),
  n: fc.nat(200),
});

/** Anything a side may tell, sensible or not: steps over edges of jobs that are not there, ends of jobs that go on. */
function told(happenings: readonly Happening[]): InspectRecord[] {
  let at = 0;
  return happenings.map(({ pause, what, n }): InspectRecord => {
    at += pause;
    const moment = { of: 'near', at } as const;
    if (what === 'job')
      return job('near', at, n % 12, n % 2 === 0 ? 'client' : 'server', n % 5 === 0 ? { state: n % 10 === 0 ? 'new' : 'done' } : {});
    if (what === 'step') return { type: 'steps', ...moment, after: [0], jobs: [n % 12], edges: [n % (lastEdge + 2)] };
    if (what === 'end') return { type: 'end', ...moment, job: n % 12, outcome: 'value', known: 'executed', code: undefined };
    if (what === 'counts') return { type: 'counts', ...moment, edges: [n % lastEdge], taken: [n] };
    if (what === 'gauges') return gauges('near', at, { jobs: n });
    if (what === 'left-out') return { type: 'left-out', ...moment, jobs: n, steps: n * 2, why: 'rate', oneIn: 10 };
    return { type: 'gone', ...moment, reason: `${n}` };
  });
}

function modelOf(records: readonly InspectRecord[], limits: Partial<ModelLimits> = {}): Model {
  const model = new Model(limits);
  model.add(head());
  for (const record of records) model.add(record);
  return model;
}

test('a moment of the whole is what was live when no more had been told', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 150 }), fc.nat(60), (happenings, moment) => {
      const records = told(happenings);
      const whole = modelOf(records);
      const prefix = modelOf(records.filter(({ at }) => at <= moment));
      expect(strip(shown(whole.viewAt('near', moment)))).toEqual(strip(shown(prefix.viewAt('near', 'live'))));
    }),
    runs(300),
  );
});

test('stepping from step to step meets every moment at which there was one, both ways', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 150 }), (happenings) => {
      const records = told(happenings);
      const side = modelOf(records).side('near');
      const moments = records.flatMap((record) => (record.type === 'steps' && (record.edges[0] ?? 0) <= lastEdge ? [record.at] : []));
      const expected = [...new Set(moments)];
      const forth: number[] = [];
      for (let next = side?.stepAfter(-1); next !== undefined; next = side?.stepAfter(next.at)) forth.push(next.at);
      const back: number[] = [];
      for (let next = side?.stepBefore(Infinity); next !== undefined; next = side?.stepBefore(next.at)) back.unshift(next.at);
      expect(forth).toEqual(expected);
      expect(back).toEqual(expected);
    }),
    runs(100),
  );
});

test('when the log is longer than what is held, what is held is still right, and the range says from where', () => {
  // Ten segments of 8192 steps; of 10 000 steps two segments and the open one are held.
  const records: InspectRecord[] = [];
  for (let n = 0; n < 82_000; n++) records.push({ type: 'steps', of: 'near', at: n, after: [0], jobs: [1], edges: [n % 3] });
  const model = modelOf(records, { logSteps: 10_000 });
  const range = model.range('near');
  expect(range?.to).toBe(81_999);
  expect(range?.from).toBeGreaterThan(81_999 - 3 * 8192);
  for (const moment of [range?.from ?? 0, 70_000, 81_999]) {
    expect(model.viewAt('near', moment)?.counts[0]).toBe(Math.floor(moment / 3) + 1);
  }
});

/** A job without a step has a state in hindsight, from where its first step left. */
function strip(view: unknown): unknown {
  const { jobs, ...rest } = view as { jobs: [number, string | undefined, number, boolean, unknown, number][] };
  return { ...rest, jobs: jobs.map(([number, state, ...more]) => [number, more[3] === 0 ? undefined : state, ...more]) };
}
