import { expect, test } from 'vitest';
import { nothingLeft, World } from './world.ts';

/** Everything that can end a job, done to one that is executing or on the line. */
const endings: Readonly<Record<string, (world: World, tag: string) => void>> = {
  'a cancel': (world, tag) => world.job(tag).cancel(),
  'its deadline': (world) => world.step(1000),
  'a lost line': (world) => {
    world.manager.lineLost();
    world.settle();
  },
  'a kill': (world) => world.manager.kill(),
};

test.each(Object.keys(endings))('after %s every other ending finds nothing to end', (first) => {
  const world = new World();
  world.server('s', { timeoutMs: 1000 });
  world.client('c', { timeoutMs: 1000 });
  endings[first]?.(world, 's');
  endings[first]?.(world, 'c');
  for (const end of Object.values(endings)) for (const tag of ['s', 'c']) end(world, tag);
  world.executed('s');
  world.sent('c');
  world.read('c');
  // `outcome` throws for a second callback.
  expect([world.outcome('s'), world.outcome('c')]).not.toContain('running');
  for (const tag of ['s', 'c']) expect(world.log.filter((line) => line.endsWith(` ${tag}`)).at(-1)).toBe(`callback ${tag}`);
  expect(world.left).toEqual(nothingLeft);
});

test('nothing is asked for after the callback, whatever is completed inside it', () => {
  const world = new World();
  world.inside('callback a', () => {
    world.executed('a');
    world.sent('a');
    world.job('a').cancel();
    world.job('a').abort();
    world.execution('a').park();
  });
  world.server('a');
  world.executed('a');
  world.sent('a');
  expect(world.log.at(-1)).toBe('callback a');
  expect(world.outcome('a')).toBe('value/executed');
  expect(world.left).toEqual(nothingLeft);
});

test('its tag is in use until its callback has returned, and free right after', () => {
  const world = new World();
  let inside = '';
  world.inside('callback a', () => (inside = world.refused('client', 'a')));
  world.client('a');
  world.sent('a');
  world.read('a');
  expect(inside).toBe('TAG_IN_USE');
  expect(world.refused('client', 'a')).toBe('taken');
});

test('a job that was refused was never a job: the error is returned and no callback runs', () => {
  const world = new World({ maxClientJobs: 1 });
  world.client('a');
  expect(world.refused('client', 'b', { timeoutMs: 5 })).toBe('QUEUE_FULL');
  world.step(10);
  world.sent('a');
  expect([world.outcome('b'), world.log]).toEqual(['running', ['send a']]);
  expect(world.manager.jobs).toBe(1);
});

test('callbacks of jobs that end together run one at a time, each after its own operations', () => {
  const world = new World();
  let running = 0;
  for (const tag of ['a', 'b', 'c']) {
    world.inside(`callback ${tag}`, () => {
      running++;
      expect(running).toBe(1);
      for (const other of ['a', 'b', 'c']) world.job(other).cancel();
      running--;
    });
    world.client(tag);
  }
  world.job('a').cancel();
  expect(world.log).toEqual(['send a', 'abort a', 'callback a', 'callback b', 'callback c']);
});
