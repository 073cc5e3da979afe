import { expect, test } from 'vitest';
import { Model } from '../../inspector/model.ts';
import type { InspectRecord } from '../../inspector/records.ts';
import { edgeOf, gauges, handMadeCharts, head, job, step, walk } from './hand-made.ts';

const someGauges = gauges('far', 0);

function wholeJob(number: number, at: number): InspectRecord[] {
  return [
    job('near', at, number, 'client'),
    walk('near', number, 'client', [
      [at, 'new'],
      [at, 'busy.callback'],
      [at + 1, 'done'],
    ]),
  ];
}

test('of jobs that are done the oldest are forgotten, which is counted, and moments with them are not offered', () => {
  const model = new Model({ jobs: 10 });
  model.add(head());
  for (let n = 0; n < 25; n++) for (const record of wholeJob(n, n * 10)) model.add(record);
  const side = model.side('near');
  expect(side?.jobs.list.map(({ number }) => number)).toEqual([15, 16, 17, 18, 19, 20, 21, 22, 23, 24]);
  expect(side?.forgotten.jobs).toBe(15);
  expect(side?.range.from).toBe(141);
});

test('live jobs are never forgotten: of more than there is room for, the later are not held', () => {
  const model = new Model({ jobs: 3 });
  model.add(head());
  for (let n = 0; n < 5; n++) {
    model.add(job('near', n, n, 'client'));
    model.add(step('near', n, n, edgeOf('client', undefined, 'new')));
  }
  const view = model.viewAt('near', 'live');
  expect(view?.jobs.map(({ number }) => number)).toEqual([0, 1, 2]);
  expect(view?.history.forgotten.jobs).toBe(2);
  // They still count.
  expect(view?.history.charts.charts.map((chart) => view.liveOf(chart))).toEqual([5, 0, 0]);
});

test('a job with very many steps keeps its last, and is where it is', () => {
  const model = new Model({ stepsOfOne: 100 });
  model.add(head());
  model.add(job('near', 0, 1, 'client'));
  model.add(
    walk('near', 1, 'client', [
      [0, 'new'],
      [0, 'busy.sending'],
    ]),
  );
  const stays = edgeOf('client', 'busy.sending', 'busy.sending');
  for (let n = 1; n < 1000; n++) model.add(step('near', n, 1, stays));
  const track = model.side('near')?.track(1);
  expect(track?.length).toBeLessThanOrEqual(100);
  expect((track?.length ?? 0) + (track?.dropped ?? 0)).toBe(1001);
  expect(track?.standingAt(1000).state?.path).toBe('busy.sending');
});

test('when all steps are too many, jobs that are done go first, then halves of paths', () => {
  const model = new Model({ pathSteps: 50 });
  model.add(head());
  for (let n = 0; n < 20; n++) for (const record of wholeJob(n, n)) model.add(record);
  expect(model.side('near')?.jobs.size).toBeLessThanOrEqual(17);
  model.add(job('near', 30, 99, 'client'));
  const stays = edgeOf('client', 'busy.sending', 'busy.sending');
  for (let n = 30; n < 500; n++) model.add(step('near', n, 99, stays));
  const held = model.side('near')?.jobs.list.reduce((sum, { length }) => sum + length, 0);
  expect(held).toBeLessThanOrEqual(50);
});

test('messages are held by their number and by the size of their values', () => {
  const model = new Model({ messages: 10, messageCharacters: 1000 });
  model.add(head());
  const add = (at: number, value: unknown): void =>
    model.add({ type: 'message', of: 'near', at, direction: 'in', message: 'request', tag: 't', bytes: 1, value });
  for (let n = 0; n < 30; n++) add(n, n);
  const { messages } = model.side('near') ?? {};
  expect(messages?.of('t', Infinity).length).toBeLessThanOrEqual(10);
  expect(messages?.of('t', Infinity).at(-1)?.at).toBe(29);
  for (let n = 30; n < 40; n++) add(n, { text: 'x'.repeat(400) });
  expect(messages?.of('t', Infinity).length).toBeLessThanOrEqual(3);
});

test('what makes no sense is left out: numbers of nothing, jobs of no chart, charts that go in circles', () => {
  const model = new Model();
  const circle = {
    name: 'circle',
    isJob: true,
    firstEdge: 1000,
    states: [
      { path: 'a', parent: 'b', type: 'atomic', description: undefined },
      { path: 'b', parent: 'a', type: 'atomic', description: undefined },
    ],
    edges: [{ from: 'nowhere', to: 'a', event: 'x', guard: undefined, actions: [] }],
  } as const;
  model.add(step('near', 0, 1, 0));
  model.add(head('near', { charts: [...handMadeCharts, circle, { ...circle, firstEdge: -5, name: 'below' }] }));
  model.add(job('near', 0, 1, 'none'));
  model.add(step('near', 1, 1, 5000));
  model.add(step('near', 1, 1, -1));
  model.add({ type: 'counts', of: 'near', at: 1, edges: [1e9, -4, 0], taken: [1, 1] });
  model.add({ type: 'steps', of: 'near', at: 2, after: [], jobs: [], edges: [0, 1] });
  const view = model.viewAt('near', 'live');
  expect(view?.jobs).toEqual([]);
  expect([...(view?.counts ?? [])].every((count) => count === 0)).toBe(true);
  expect(view?.history.forgotten.senseless).toBe(5);
});

test('moments that run backwards are taken for the last that was told', () => {
  const model = new Model();
  model.add(head());
  model.add(job('near', 100, 1, 'client'));
  model.add(
    walk('near', 1, 'client', [
      [50, 'new'],
      [60, 'busy.sending'],
    ]),
  );
  expect(model.side('near')?.track(1)?.times).toEqual([100, 100]);
  expect(model.range('near')?.to).toBe(100);
});

/** The first moment that a model can show after it was told those records. */
function firstHeld(side: 'near' | 'far', records: readonly InspectRecord[]): number {
  const model = new Model();
  model.add(head(side));
  for (const record of records) model.add(record);
  return model.range(side)?.from ?? 0;
}

test('a side that tells much at once, again and again, makes the oldest be forgotten', () => {
  const many = Array.from({ length: 100_000 }, (_, n) => n % 40);
  const counts = Array.from({ length: 3_000 }, (_, at): InspectRecord => ({ type: 'counts', of: 'far', at, edges: many, taken: many }));
  const model = new Model();
  model.add(head('far'));
  for (const record of counts) model.add(record);
  // Edges that are told twice, or are none, are not held twice.
  expect(model.range('far')).toEqual({ from: 0, to: 2_999 });
  expect(model.viewAt('far', 5)?.counts[3]).toBe(3);
  const names = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`${n}`.padEnd(300, 'x'), n]));
  const told = Array.from({ length: 1_000 }, (_, at): InspectRecord => ({ ...someGauges, at, counters: names }));
  expect(firstHeld('far', told)).toBeGreaterThan(800);
});

test('states within states without end cost no more than some of them', () => {
  const states = Array.from({ length: 512 }, (_, n) => ({
    path: `s${n}`,
    parent: n === 0 ? undefined : `s${n - 1}`,
    type: 'compound' as const,
    description: undefined,
  }));
  const model = new Model();
  model.add(head('far', { charts: [{ name: 'deep', isJob: true, states, edges: [], firstEdge: 0 }] }));
  const deepest = model.side('far')?.charts.chart('deep')?.states.at(-1);
  expect(deepest?.within.length).toBe(16);
});

test('of two states of one path the first is meant, and what stood in it stays with it', () => {
  const states = ['a', 'b', 'a', 'c'].map((path) => ({ path, parent: undefined, type: 'atomic' as const, description: undefined }));
  const model = new Model();
  model.add(head('far', { charts: [{ name: 'twice', isJob: true, states, edges: [], firstEdge: 0, standing: [1, 2, 3, 4] }] }));
  const view = model.viewAt('far', 'live');
  const chart = view?.history.charts.chart('twice');
  expect(chart?.states.map(({ path }) => path)).toEqual(['a', 'b', 'c']);
  expect(chart && view?.standingIn(chart)).toEqual([1, 2, 4]);
});
