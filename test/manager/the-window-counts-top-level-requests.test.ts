import { expect, test } from 'vitest';
import { nothingLeft, World } from './world.ts';

const sends = (world: World): string[] => world.log.filter((line) => line.startsWith('send ')).map((line) => line.slice('send '.length));

/** Five requests on the line, and one that the window holds back. */
function full(): World {
  const world = new World({ window: 5 });
  for (let i = 0; i < 6; i++) world.client(`${i}`, { timeoutMs: 1000 + i });
  for (let i = 0; i < 5; i++) world.sent(`${i}`);
  expect(sends(world)).toEqual(['0', '1', '2', '3', '4']);
  return world;
}

test('no more than five requests are unanswered at a time', () => {
  const world = full();
  expect(world.manager.slots.send).toEqual({ slots: 1, taken: 0, waiting: 1 });
});

test.each<[string, (world: World) => void]>([
  ['a response', (world) => world.read('2')],
  ['an error response', (world) => world.read('2', { ok: false, error: 'no' })],
  ['a cancel', (world) => world.job('2').cancel()],
  ['a deadline', (world) => world.step(1000)],
])('%s gives its place to the next', (_, free) => {
  const world = full();
  free(world);
  expect(sends(world)).toEqual(['0', '1', '2', '3', '4', '5']);
});

test('a failed send does, and a response that overtakes its send', () => {
  const world = full();
  world.read('0');
  world.client('6');
  world.sent('5', { ok: false, error: 'cut' });
  expect(sends(world).at(-1)).toBe('6');
  world.client('7');
  world.read('6');
  world.sent('6');
  expect(sends(world).at(-1)).toBe('7');
});

test('a lost line gives all places back, and the next line starts with none taken', () => {
  const world = full();
  world.manager.lineLost();
  expect(world.outcome('5')).toBe('running');
  world.manager.gate('all');
  for (let i = 6; i < 12; i++) world.client(`${i}`);
  for (let i = 5; i < 10; i++) world.sent(`${i}`);
  expect(sends(world).slice(5)).toEqual(['5', '6', '7', '8', '9']);
  // A second response to a request of the lost line frees nothing in this one.
  world.manager.readDone('0', { ok: true });
  expect(sends(world)).toHaveLength(10);
});

test('nested calls and answers are not held back by it, and take no place in it', () => {
  const world = full();
  for (let i = 0; i < 10; i++) {
    world.client(`n${i}`, { exempt: true });
    world.sent(`n${i}`);
  }
  world.server('s');
  world.executed('s');
  world.sent('s');
  expect(sends(world).slice(5)).toEqual([...Array.from({ length: 10 }, (_, i) => `n${i}`), 's']);
  for (let i = 0; i < 10; i++) world.read(`n${i}`);
  expect(sends(world)).not.toContain('5');
  world.read('0');
  expect(sends(world).at(-1)).toBe('5');
});

test('a place is given back once, whatever else ends the request later', () => {
  const world = full();
  world.client('6');
  world.read('0');
  world.manager.readDone('0', { ok: true });
  world.job('0').cancel();
  world.step(1000);
  expect(sends(world)).toEqual(['0', '1', '2', '3', '4', '5']);
  world.finish();
  world.step(10_000);
  expect(world.left).toEqual(nothingLeft);
});
