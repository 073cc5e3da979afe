import { expect, test } from 'vitest';
import { Present } from '../../inspector/far/present.ts';
import { ShareOutbox } from '../../inspector/far/share-outbox.ts';
import { Model } from '../../inspector/model.ts';
import type { InspectRecord } from '../../inspector/records.ts';
import { edgeOf, head, job, step, walk } from './hand-made.ts';

const live: InspectRecord = { type: 'live', of: 'near', at: 100 };

const past: readonly InspectRecord[] = [
  head('near'),
  { type: 'counts', of: 'near', at: 0, edges: [edgeOf('client', undefined, 'new')], taken: [7] },
  job('near', 1, -2, 'link'),
  walk('near', -2, 'link', [
    [1, 'closed'],
    [2, 'up'],
  ]),
  job('near', 10, 1, 'client'),
  job('near', 11, 2, 'client'),
  walk('near', 1, 'client', [
    [10, 'new'],
    [20, 'busy.sending'],
    [21, 'sent'],
  ]),
  walk('near', 2, 'client', [
    [11, 'new'],
    [12, 'busy.callback'],
    [13, 'done'],
  ]),
  live,
];

function modelOf(records: readonly InspectRecord[]): Model {
  const model = new Model();
  for (const record of records) model.add(record);
  return model;
}

function presentOf(records: readonly InspectRecord[]): InspectRecord[] {
  const present = new Present();
  for (const record of records) present.take(record);
  return present.records();
}

test('who is told the present alone has the same counts, live jobs and states as who was told all', () => {
  const [all, late] = [past, presentOf(past)].map((records) => modelOf(records).viewAt('near', 'live'));
  expect([...(late?.counts ?? [])]).toEqual([...(all?.counts ?? [])]);
  expect(late?.jobs.map(({ number }) => number)).toEqual([1]);
  for (const number of [1, -2]) {
    const [before, after] = [all, late].map((view) => view?.history.track(number));
    expect([after?.state?.path, after?.began, after?.doneAt]).toEqual([before?.state?.path, before?.began, before?.doneAt]);
  }
  expect(late?.leftOut).toMatchObject({ jobs: 1, steps: 6 });
  expect(late?.history.isLive).toBe(true);
});

test('a new head begins anew, and before the first there is nothing', () => {
  expect(presentOf([job('near', 1, 1, 'client'), live])).toEqual([]);
  const anew = presentOf([...past, head('near', { at: 200 }), { ...live, at: 201 }]);
  expect(modelOf(anew).viewAt('near', 'live')?.jobs).toEqual([]);
  expect(anew[0]).toMatchObject({ type: 'head', at: 200 });
});

test('a hostile side fills no memory: edges that no chart has, and jobs without end', () => {
  const present = new Present();
  present.take(head('near'));
  for (let number = 0; number < 5_000; number++) {
    present.take({ type: 'counts', of: 'near', at: 1, edges: [100_000 + number], taken: [1] });
    present.take(step('near', 1, number, 50_000 + number));
    present.take(job('near', 1, number, 'client'));
  }
  const records = present.records();
  expect(records.find(({ type }) => type === 'counts')).toMatchObject({ edges: [] });
  expect(records.filter(({ type }) => type === 'job').length).toBe(1_000);
});

test('what is told over the line leaves out the jobs that telling makes, and their steps and ends', () => {
  const outbox = new ShareOutbox();
  const charts = head('near').charts.map((chart) => (chart.name === 'server' ? { ...chart, name: 'notice' } : chart));
  outbox.take([head('near', { charts }), live]);
  expect(outbox.next(0)?.map(({ type }) => type)).toEqual(['head', 'counts', 'live']);
  outbox.take([
    job('near', 101, 5, 'client', { method: 'inspect' }),
    job('near', 101, 6, 'notice'),
    job('near', 101, 7, 'client'),
    { type: 'steps', of: 'near', at: 102, after: [0, 1, 2], jobs: [5, 6, 7], edges: [0, 9, 0] },
    { type: 'end', of: 'near', at: 103, job: 5, outcome: 'value', known: 'executed', code: undefined },
    { type: 'steps', of: 'near', at: 104, after: [0], jobs: [6], edges: [9] },
  ]);
  expect(outbox.next(1)).toEqual([
    job('near', 101, 7, 'client'),
    { type: 'steps', of: 'near', at: 102, after: [2], jobs: [7], edges: [0] },
  ]);
  expect(outbox.next(2)).toBeUndefined();
});

test('while nothing but gauges moves it tells every two seconds, and what waits is bounded', () => {
  const outbox = new ShareOutbox();
  const counts: InspectRecord = { type: 'counts', of: 'near', at: 1, edges: [0], taken: [1] };
  outbox.take([head('near'), live]);
  outbox.next(0);
  outbox.take([counts]);
  expect(outbox.next(1_999)).toBeUndefined();
  expect(outbox.next(2_000)).toEqual([counts]);
  for (let number = 0; outbox.isReady; number++) outbox.take([job('near', 2, number, 'client')]);
  expect(outbox.next(2_001)?.length).toBe(200);
  expect(outbox.isReady).toBe(true);
});
