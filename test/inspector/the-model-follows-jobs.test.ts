import { expect, test } from 'vitest';
import { Model, type ChartEntry, type View } from '../../inspector/model.ts';
import { edgeOf, handMadeCharts, head, job, step, walk } from './hand-made.ts';

const whole = [
  [10, 'new'],
  [12, 'busy.sending'],
  [13, 'sent'],
  [40, 'read'],
  [40, 'busy.callback'],
  [41, 'done'],
] as const;

function oneCall(): Model {
  const model = new Model();
  model.add(head());
  model.add(job('near', 10, 1, 'client'));
  model.add(walk('near', 1, 'client', whole.slice(0, 5)));
  model.add({ type: 'end', of: 'near', at: 40, job: 1, outcome: 'error', known: 'executed', code: 'BAD_PARAMS' });
  model.add(step('near', 41, 1, edgeOf('client', 'busy.callback', 'done')));
  return model;
}

function standing(view: View | undefined, chart: string): Record<string, number> {
  const entry = view?.history.charts.chart(chart) as ChartEntry;
  return Object.fromEntries(view?.standingIn(entry).map((count, place) => [entry.states[place]?.path ?? '', count]) ?? []);
}

test('a job is shown with its states, how long it was in each, and how it ended', () => {
  const [track] = oneCall().viewAt('near', 'live')?.jobs ?? [];
  expect(track?.staysUntil(Infinity).map(({ state, from, to }) => [state.path, from, to])).toEqual([
    ['new', 10, 12],
    ['busy.sending', 12, 13],
    ['sent', 13, 40],
    ['read', 40, 40],
    ['busy.callback', 40, 41],
    ['done', 41, undefined],
  ]);
  expect(track?.end).toEqual({ at: 40, outcome: 'error', known: 'executed', code: 'BAD_PARAMS' });
  expect([track?.doneAt, track?.hasFailed]).toEqual([40, true]);
});

test('at a past moment a job is where it was then, and has no outcome yet', () => {
  const view = oneCall().viewAt('near', 20);
  const [track] = view?.jobs ?? [];
  if (view === undefined || track === undefined) throw new Error('nothing is shown');
  expect(view.standingOf(track)).toMatchObject({ state: { path: 'sent' }, since: 13 });
  expect([track.isDoneAt(20), track.endAt(20)]).toEqual([false, undefined]);
  expect(oneCall().viewAt('near', 9)?.jobs).toEqual([]);
});

test('those who stand in a nested state stand in the outer one too, and an end counts who has come to it', () => {
  const model = oneCall();
  expect(standing(model.viewAt('near', 12), 'client')).toMatchObject({ new: 0, busy: 1, 'busy.sending': 1, sent: 0, done: 0 });
  expect(standing(model.viewAt('near', 'live'), 'client')).toMatchObject({ busy: 0, 'busy.callback': 0, done: 1 });
  const view = model.viewAt('near', 12);
  expect(view?.liveOf(view.history.charts.chart('client') as ChartEntry)).toBe(1);
});

test('counts that are told are believed, whatever steps were left out before', () => {
  const model = oneCall();
  const first = edgeOf('client', undefined, 'new');
  const second = edgeOf('client', 'new', 'busy.sending');
  model.add({ type: 'left-out', of: 'near', at: 50, jobs: 99, steps: 600, why: 'rate', oneIn: 100 });
  model.add({ type: 'counts', of: 'near', at: 50, edges: [first, second], taken: [100, 70] });
  expect(standing(model.viewAt('near', 'live'), 'client')).toMatchObject({ new: 30 });
  expect(standing(model.viewAt('near', 49), 'client')).toMatchObject({ new: 0 });
  expect(model.viewAt('near', 'live')?.leftOut).toMatchObject({ jobs: 99, steps: 600, last: { oneIn: 100 } });
});

test('of a job whose first steps were overwritten, where it was is known from the first that is here', () => {
  const model = new Model();
  model.add(head());
  model.add(job('near', 10, 1, 'client'));
  model.add(step('near', 30, 1, edgeOf('client', 'sent', 'read')));
  const view = model.viewAt('near', 20);
  expect(view?.jobs.map((one) => view.standingOf(one))).toMatchObject([{ state: { path: 'sent' }, since: 10 }]);
});

test('a job that began before what is told stands where it is said to, and goes on from there', () => {
  const model = new Model();
  model.add(head());
  model.add(job('near', 10, 1, 'client', { state: 'sent' }));
  model.add(step('near', 30, 1, edgeOf('client', 'sent', 'read')));
  const [track] = model.viewAt('near', 'live')?.jobs ?? [];
  expect(track?.standingAt(20)).toMatchObject({ state: { path: 'sent' }, since: 10 });
  expect(track?.state?.path).toBe('read');
});

test('a job that is told again stands where it is said to then: steps of it were left out, and it may be over', () => {
  const model = oneCall();
  model.add(job('near', 50, 2, 'client'));
  model.add(walk('near', 2, 'client', [[50, 'new']]));
  model.add(job('near', 60, 2, 'client', { state: 'sent' }));
  model.add(job('near', 70, 2, 'client', { state: 'done' }));
  const track = model.side('near')?.track(2);
  expect([55, 65, 75].map((at) => track?.standingAt(at).state?.path)).toEqual(['new', 'sent', 'done']);
  expect(track?.doneAt).toBe(70);
});

test('a job whose chart failed is done when its end is told: it takes no step after that', () => {
  const model = new Model();
  model.add(head());
  model.add(job('near', 10, 1, 'client'));
  model.add(walk('near', 1, 'client', [[10, 'new']]));
  model.add({ type: 'end', of: 'near', at: 20, job: 1, outcome: 'error', known: 'not-sent', code: 'INTERNAL' });
  expect(model.side('near')?.track(1)).toMatchObject({ doneAt: 20, hasFailed: true });
});

test('those who stood somewhere when counting began are counted there, until they leave', () => {
  const [first, ...others] = handMadeCharts;
  if (first === undefined) throw new Error('no chart');
  const model = new Model();
  // New, busy, busy.sending, busy.callback, sent, read, done.
  model.add(head('near', { charts: [{ ...first, standing: [4, 3, 3, 0, 0, 0, 0] }, ...others] }));
  model.add({ type: 'counts', of: 'near', at: 1, edges: [edgeOf('client', 'new', 'busy.sending')], taken: [1] });
  const view = model.viewAt('near', 'live');
  expect(standing(view, 'client')).toMatchObject({ new: 3, busy: 4, 'busy.sending': 4 });
  expect(view?.liveOf(view.history.charts.chart('client') as ChartEntry)).toBe(7);
});

test("the agent's own charts are no jobs, and one that begins anew takes the place of the one before", () => {
  const model = new Model();
  model.add(head());
  model.add(job('near', 0, -1, 'link', { tag: '' }));
  model.add(
    walk('near', -1, 'link', [
      [1, 'closed'],
      [2, 'up'],
    ]),
  );
  model.add(job('near', 5, -2, 'link', { tag: '' }));
  model.add(walk('near', -2, 'link', [[5, 'closed']]));
  expect(model.viewAt('near', 'live')?.jobs).toEqual([]);
  expect(model.side('near')?.parts.get('link')?.state?.path).toBe('closed');
});

test('a head begins anew: nothing that was before it is left', () => {
  const model = oneCall();
  model.add(head());
  expect(model.viewAt('near', 'live')?.jobs).toEqual([]);
  expect(Math.max(...(model.viewAt('near', 'live')?.counts ?? []))).toBe(0);
});

test('a side that has gone is shown as it was, with why it went', () => {
  const model = oneCall();
  model.add({ type: 'gone', of: 'near', at: 60, reason: 'the agent has ended' });
  expect(model.viewAt('near', 'live')).toMatchObject({ gone: 'the agent has ended' });
  expect(model.viewAt('near', 59)?.gone).toBeUndefined();
  expect(model.viewAt('near', 'live')?.jobs).toHaveLength(1);
});
