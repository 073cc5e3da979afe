import { expect, test } from 'vitest';
import { nothingLeft, World } from './world.ts';

const reach: Readonly<
  Record<string, { readonly kind: 'server' | 'client'; readonly to: (world: World) => void; readonly outcome: string }>
> = {
  'in the queue, without a line': { kind: 'client', to: (world) => world.manager.gate('none'), outcome: 'timed-out/not-sent' },
  'being sent': { kind: 'client', to: () => {}, outcome: 'timed-out/perhaps-executed' },
  sent: { kind: 'client', to: (world) => world.sent('a'), outcome: 'timed-out/perhaps-executed' },
  'answered before it was sent': { kind: 'client', to: (world) => world.read('a'), outcome: 'timed-out/executed' },
  executing: { kind: 'server', to: () => {}, outcome: 'timed-out/perhaps-executed' },
  parked: { kind: 'server', to: (world) => world.execution('a').park(), outcome: 'timed-out/perhaps-executed' },
  'its answer being sent': { kind: 'server', to: (world) => world.executed('a'), outcome: 'timed-out/executed' },
};

test.each(Object.keys(reach))('it ends a job that is %s', (name) => {
  const { kind, to, outcome } = reach[name] as (typeof reach)[string];
  const world = new World();
  if (name.startsWith('in the queue')) to(world);
  world.add(kind, 'a', { timeoutMs: 50 });
  if (!name.startsWith('in the queue')) to(world);
  world.step(49);
  expect(world.outcome('a')).toBe('running');
  world.step(1);
  expect(world.outcome('a')).toBe(outcome);
  world.finish();
  expect([world.left, world.violations]).toEqual([nothingLeft, []]);
});

test('its handler’s signal says that it was the deadline', () => {
  const world = new World();
  world.server('a', { timeoutMs: 5 });
  world.step(5);
  expect(world.execution('a').signal.reason).toMatchObject({ code: 'TIMEOUT' });
});

test('a job that ends before leaves no timer', () => {
  const world = new World();
  for (let i = 0; i < 100; i++) {
    world.client(`${i}`, { timeoutMs: 1000 });
    world.sent(`${i}`);
    world.read(`${i}`);
  }
  expect(world.left).toEqual(nothingLeft);
});

test('none is none, Infinity is none, and 0 is at once but not inside the add', () => {
  const world = new World();
  world.client('none');
  world.client('never', { timeoutMs: Infinity });
  world.client('now', { timeoutMs: 0 });
  expect([world.manager.timers.size, world.outcome('now')]).toEqual([1, 'running']);
  world.step(0);
  expect([world.outcome('now'), world.outcome('none'), world.outcome('never')]).toEqual(['timed-out/not-sent', 'running', 'running']);
});

test('thousands that pass together end each once, those that the first callbacks cancel too', () => {
  const world = new World();
  for (let i = 0; i < 2000; i++) world.client(`${i}`, { timeoutMs: 10 });
  world.inside('callback 0', () => {
    for (let i = 1000; i < 2000; i++) world.job(`${i}`).cancel();
  });
  world.step(10);
  expect([world.outcome('999'), world.outcome('1000')]).toEqual(['timed-out/not-sent', 'cancelled/not-sent']);
  world.sent('0');
  expect([world.left, world.violations]).toEqual([nothingLeft, []]);
});
