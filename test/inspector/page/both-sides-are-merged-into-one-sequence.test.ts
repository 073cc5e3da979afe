import { expect, test } from 'vitest';
import { Model, type JobTrack } from '../../../inspector/model.ts';
import { callsOf, sequenceOf } from '../../../inspector/page/sequence/sequence.ts';
import { head, job, walk } from '../hand-made.ts';

/** A call of this side, told by both; the other side's clock began 1000 ms earlier. */
function oneCall({ isFarTold = true } = {}): Model {
  const model = new Model();
  model.add(head('near'));
  if (isFarTold) model.add(head('far', { epoch: 1_700_000_000_000 - 1000 }));
  model.add(job('near', 10, 1, 'client', { tag: 'h1', method: 'getfile' }));

  model.add(
    walk('near', 1, 'client', [
      [10, 'new'],
      [12, 'busy.sending'],
      [13, 'sent'],
      [40, 'read'],
      [40, 'busy.callback'],
      [41, 'done'],
    ]),
  );
  model.add(job('far', 1016, 7, 'server', { tag: 'h1', method: undefined }));

  model.add(
    walk('far', 7, 'server', [
      [1016, 'new'],
      [1017, 'busy.executing'],
      [1030, 'executed'],
      [1036, 'busy.sending'],
      [1037, 'busy.callback'],
      [1038, 'done'],
    ]),
  );
  return model;
}

/** States through which a job goes in one moment. */
const at = (moment: number, states: readonly string[]): (readonly [number, string])[] => states.map((state) => [moment, state]);

const jobs = (model: Model): readonly JobTrack[] => model.sides.flatMap((side) => model.side(side)?.jobs.list ?? []);

test('the steps of both sides are in one order, by one clock', () => {
  const model = oneCall();
  const { rows } = sequenceOf(model, callsOf(model, jobs(model)), Infinity);
  expect(rows.map(({ at, side, state }) => `${at} ${side} ${state.path}`)).toEqual([
    '10 near new',
    '12 near busy.sending',
    '13 near sent',
    '16 far new',
    '17 far busy.executing',
    '30 far executed',
    '36 far busy.sending',
    '37 far busy.callback',
    '40 near busy.callback',
  ]);
});

test('a call is one call, whichever side is asked, and its two messages lead from step to step', () => {
  const model = oneCall();
  const calls = callsOf(model, jobs(model));
  expect(calls).toMatchObject([{ name: 'getfile', tag: 'h1', callerSide: 'near' }]);
  expect(callsOf(model, model.side('far')?.jobs.list ?? [])).toEqual(calls);
  const { arrows } = sequenceOf(model, calls, Infinity);
  expect(arrows).toEqual([
    { kind: 'request', call: 0, from: 'near', sent: 1, arrived: 3 },
    { kind: 'response', call: 0, from: 'far', sent: 6, arrived: 8 },
  ]);
});

test('messages leave and arrive also where nothing took any time', () => {
  const model = new Model();
  model.add(head('near'));
  model.add(head('far', { epoch: 1_700_000_000_000 - 1000 }));
  model.add(job('near', 10, 1, 'client', { tag: 'h1' }));
  model.add(job('far', 1012, 7, 'server', { tag: 'h1' }));
  model.add(walk('far', 7, 'server', at(1012, ['new', 'busy.executing', 'executed', 'busy.sending', 'busy.callback', 'done'])));
  model.add(walk('near', 1, 'client', [...at(10, ['new', 'busy.sending', 'sent']), ...at(14, ['read', 'busy.callback', 'done'])]));
  const { rows, arrows } = sequenceOf(model, callsOf(model, jobs(model)), Infinity);
  expect(rows.map(({ side, state }) => `${side} ${state.path}`)).toEqual([
    'near busy.sending',
    'near sent',
    'far busy.sending',
    'far busy.callback',
    'near busy.callback',
  ]);
  expect(arrows).toEqual([
    { kind: 'request', call: 0, from: 'near', sent: 0, arrived: 2 },
    { kind: 'response', call: 0, from: 'far', sent: 2, arrived: 4 },
  ]);
});

test('at a past moment the call is as far as it was then', () => {
  const model = oneCall();
  const { rows, arrows } = sequenceOf(model, callsOf(model, jobs(model)), 20);
  expect(rows).toHaveLength(5);
  expect(arrows).toEqual([{ kind: 'request', call: 0, from: 'near', sent: 1, arrived: 3 }]);
});

test('where the other side tells nothing, messages end nowhere', () => {
  const model = oneCall({ isFarTold: false });
  const { arrows } = sequenceOf(model, callsOf(model, jobs(model)), Infinity);
  expect(arrows).toEqual([
    { kind: 'request', call: 0, from: 'near', sent: 1, arrived: undefined },
    { kind: 'response', call: 0, from: 'far', sent: undefined, arrived: 3 },
  ]);
});

test('a message that goes in pieces leaves once', () => {
  const model = new Model();
  model.add(head('near'));
  model.add(job('near', 10, 1, 'client', { tag: 'h1' }));
  model.add(
    walk('near', 1, 'client', [
      [10, 'new'],
      [10, 'busy.sending'],
      [11, 'busy.continuing'],
      [12, 'busy.sending'],
      [12, 'busy.continuing'],
      [12, 'busy.sending'],
      [13, 'sent'],
      [14, 'read'],
    ]),
  );
  const { rows } = sequenceOf(model, callsOf(model, jobs(model)), Infinity);
  expect(rows.map(({ at, state }) => `${at} ${state.path}`)).toEqual(['10 busy.sending', '13 sent', '14 read']);
});

/** Two calls, between which the other side's clock was set forward by two seconds. */
function clockSet(): Model {
  const model = oneCall();
  model.add(job('near', 100, 2, 'client', { tag: 'h2' }));
  model.add(job('far', 3100, 8, 'server', { tag: 'h2' }));

  model.add(
    walk('far', 8, 'server', [
      [3100, 'new'],
      [3101, 'busy.executing'],
      [3110, 'executed'],
      [3110, 'busy.sending'],
      [3111, 'busy.callback'],
      [3112, 'done'],
    ]),
  );

  model.add(
    walk('near', 2, 'client', [
      [100, 'new'],
      [100, 'busy.sending'],
      [101, 'sent'],
      [115, 'read'],
      [116, 'busy.callback'],
      [117, 'done'],
    ]),
  );
  return model;
}

test('no message arrives before it was sent, also of calls between which a clock was set', () => {
  const model = clockSet();
  const { rows, arrows } = sequenceOf(model, callsOf(model, jobs(model)), Infinity);
  expect(model.clocks).toEqual({ offset: -2_997.5, delay: 5, samples: 1 });
  expect(arrows).toHaveLength(4);
  for (const { sent, arrived } of arrows) expect(arrived).toBeGreaterThan(sent as number);
  expect(rows.map(({ at }) => at)).toEqual(rows.map(({ at }) => at).toSorted((a, b) => a - b));
});

test('what a message leads to is not shown before that is sent', () => {
  const model = clockSet();
  const { rows, arrows } = sequenceOf(model, callsOf(model, jobs(model)), 11);
  expect(rows.map(({ at, side, state }) => `${at} ${side} ${state.path}`)).toEqual(['10 near new']);
  expect(arrows).toEqual([]);
});

test('what is sent and arrives in the same moment is in the order of cause and effect', () => {
  const model = new Model();
  model.add(head('near'));
  model.add(head('far'));
  model.add(job('near', 10, 1, 'client', { tag: 'h1' }));
  model.add(job('far', 10, 7, 'server', { tag: 'h1' }));
  model.add(walk('far', 7, 'server', at(10, ['new', 'busy.executing', 'executed', 'busy.sending', 'busy.callback', 'done'])));
  model.add(walk('near', 1, 'client', at(10, ['new', 'busy.sending', 'sent', 'read', 'busy.callback', 'done'])));
  const { rows, arrows } = sequenceOf(model, callsOf(model, jobs(model)), Infinity);
  expect(rows.map(({ side, state }) => `${side} ${state.path}`)).toEqual([
    'near busy.sending',
    'far busy.sending',
    'far busy.callback',
    'near busy.callback',
  ]);
  expect(arrows).toEqual([
    { kind: 'request', call: 0, from: 'near', sent: 0, arrived: 1 },
    { kind: 'response', call: 0, from: 'far', sent: 1, arrived: 3 },
  ]);
});
