import { expect, test } from 'vitest';
import { nothingLeft, World } from './world.ts';

test.each(['execute', 'send', 'abort', 'callback'])(
  'from inside the %s of another job: it is taken, and its operations run after that one has returned',
  (operation) => {
    const world = new World();
    world.inside(`${operation} a`, () => {
      world.server('b');
      expect(world.log).not.toContain('execute b');
    });
    world.server('a');
    if (operation === 'abort') world.job('a').cancel();
    world.executed('a');
    if (operation !== 'abort') world.sent('a');
    expect(world.log).toContain('execute b');
    world.finish();
    expect([world.left, world.violations]).toEqual([nothingLeft, []]);
  },
);

test('from a snapshot subscriber, in the middle of a transition: it is taken when that is over', () => {
  const world = new World();
  let left = 3;
  world.manager.ref.subscribe(() => {
    if (left-- > 0) world.server(`inner${left}`, { timeoutMs: 50 });
  });
  world.server('outer');
  world.finish();
  expect(['inner0', 'inner1', 'inner2', 'outer'].map((tag) => world.outcome(tag))).toEqual(Array(4).fill('value/executed'));
  expect(world.left).toEqual(nothingLeft);
});

test('from a subscriber, where the queue is full: its callback is told, since the add had returned', () => {
  const world = new World({ maxServerJobs: 1 });
  let isDone = false;
  world.manager.ref.subscribe(() => {
    if (isDone) return;
    isDone = true;
    world.server('inner', { timeoutMs: 50 });
  });
  world.server('outer');
  expect(world.outcomeOf('inner')).toMatchObject({ type: 'send-failed', error: { code: 'BUSY' }, known: 'not-sent' });
  world.finish();
  expect(world.left).toEqual(nothingLeft);
});

test('from an inspector, in the middle of a job’s birth', () => {
  const adding: (() => void)[] = [];
  const world: World = new World({
    inspect: (event) => {
      if (event.type === '@xstate.actor' && event.actorRef !== (world?.manager.ref as unknown)) adding.shift()?.();
    },
    maxClientJobs: 2,
  });
  adding.push(() => {
    world.client('inner');
    world.client('third');
  });
  world.client('outer');
  world.finish();
  expect(['outer', 'inner', 'third'].map((tag) => world.outcome(tag))).toEqual([
    'value/executed',
    'value/executed',
    'send-failed/not-sent',
  ]);
});

test('a job that is cancelled before the manager has got to its add still has its callback, once', () => {
  const world = new World();
  let isDone = false;
  world.manager.ref.subscribe(() => {
    if (isDone) return;
    isDone = true;
    world.client('inner');
    world.job('inner').cancel();
    world.manager.cancel('inner');
  });
  world.client('outer');
  expect(world.outcome('inner')).toBe('cancelled/not-sent');
  world.finish();
  expect(world.left).toEqual(nothingLeft);
});

test('a chain of ten thousand jobs, each added in the callback of the one before, does not overflow the stack', () => {
  const world = new World();
  const add = (i: number): void => {
    if (i === 10_000) return;
    world.manager.addServer({
      tag: '',
      operations: {
        execute: (execution) => execution.done({ ok: true }),
        send: (sending) => sending.done({ ok: true }),
        callback: () => add(i + 1),
      },
    });
  };
  add(0);
  expect(world.left).toEqual(nothingLeft);
});

test('ten thousand that wait and complete inside their operations do not either, and go in order', () => {
  const world = new World();
  const order: number[] = [];
  let first: (() => void) | undefined;
  for (let i = 0; i < 10_000; i++) {
    const added = world.manager.addClient({
      tag: `${i}`,
      operations: {
        send: (sending) => {
          if (i === 0) first = () => sending.done({ ok: true });
          else sending.done({ ok: true });
          world.manager.readDone(`${i}`, { ok: true });
        },
        callback: () => void order.push(i),
      },
    });
    expect(added.ok).toBe(true);
  }
  first?.();
  expect(order).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
  expect(world.left).toEqual(nothingLeft);
});
