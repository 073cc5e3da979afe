import { expect, test } from 'vitest';
import { nothingLeft, World } from './world.ts';

test('it is kept, and delivered once the send is done', () => {
  const world = new World();
  world.client('a');
  world.read('a', { ok: true, value: 'fast' });
  expect(world.outcome('a')).toBe('running');
  world.sent('a');
  expect(world.outcomeOf('a')).toEqual({ type: 'value', value: 'fast', known: 'executed' });
  expect(world.violations).toEqual([]);
  expect(world.left).toEqual(nothingLeft);
});

test('it may come inside the send operation', () => {
  const world = new World();
  world.inside('send a', () => world.read('a'));
  world.client('a');
  world.sent('a');
  expect(world.outcome('a')).toBe('value/executed');
});

test('a second one is reported and counted; the first is delivered', () => {
  const world = new World();
  world.client('a');
  world.read('a', { ok: true, value: 1 });
  world.read('a', { ok: true, value: 2 });
  expect(world.violations).toEqual([{ where: 'client', event: 'read_done', tag: 'a' }]);
  world.sent('a');
  expect(world.outcomeOf('a')).toMatchObject({ value: 1 });
});

test('a send that fails after all ends the job, which is known to have been executed', () => {
  const world = new World();
  world.client('a');
  world.read('a');
  world.sent('a', { ok: false, error: 'cut' });
  expect(world.outcome('a')).toBe('send-failed/executed');
});

test.each([
  ['a cancel', (world: World) => world.job('a').cancel(), 'cancelled/executed'],
  ['its deadline', (world: World) => world.step(10), 'timed-out/executed'],
  ['a lost line', (world: World) => world.manager.lineLost(), 'line-lost/executed'],
] as const)('%s meanwhile ends the job, which is known to have been executed', (_, end, outcome) => {
  const world = new World();
  world.client('a', { timeoutMs: 10 });
  world.read('a');
  end(world);
  expect(world.outcome('a')).toBe(outcome);
});
