import { expect, test } from 'vitest';
import { nothingLeft, World } from './world.ts';

/** What ends a job early while its handler runs. */
const endings: Readonly<Record<string, (world: World, tag: string) => void>> = {
  'a cancel of ours': (world, tag) => world.job(tag).cancel(),
  'an abort by the peer': (world, tag) => {
    world.job(tag).abort();
    world.sent(tag);
  },
  'its deadline': (world) => world.step(10),
};

test.each(Object.keys(endings))('after %s the execute slot stays taken until the handler has returned', (name) => {
  const world = new World({ executeSlots: 1 });
  world.server('a', { timeoutMs: 10 });
  endings[name]?.(world, 'a');
  expect(world.outcome('a')).not.toBe('running');
  world.server('b');
  expect([world.log.includes('execute b'), world.taken]).toEqual([false, '0/1/0']);
  world.executed('a');
  expect([world.log.includes('execute b'), world.taken]).toEqual([true, '0/1/0']);
  expect(world.violations).toEqual([]);
  world.executed('a');
  expect(world.violations).toHaveLength(1);
  expect(world.taken).toBe('0/1/0');
});

test.each(['a cancel of ours', 'its deadline'])('after %s the send slot stays taken until the transport is done with the bytes', (name) => {
  const world = new World();
  world.client('a', { timeoutMs: 10 });
  endings[name]?.(world, 'a');
  world.client('b');
  expect([world.outcome('a').split('/')[1], world.log.includes('send b'), world.taken]).toEqual(['perhaps-executed', false, '1/0/0']);
  world.sent('a', { ok: false, error: 'late' });
  expect([world.log.includes('send b'), world.taken, world.violations]).toEqual([true, '1/0/0', []]);
});

test('or until the line is down', () => {
  const world = new World();
  world.client('a');
  world.job('a').cancel();
  world.manager.lineLost();
  expect(world.taken).toBe('0/0/0');
  world.manager.gate('all');
  world.client('b');
  world.sent('a');
  expect([world.taken, world.violations]).toEqual(['1/0/0', []]);
});

test('a job that has ended keeps its charge while its handler runs, so that a flood of cancelled requests stays bounded', () => {
  const world = new World({ executeSlots: 1, maxServerJobs: 3, maxServerBytes: 300 });
  for (const tag of ['a', 'b', 'c']) world.server(tag, { bytes: 100 });
  expect(world.refused('server', 'd', { bytes: 100 })).toBe('BUSY');
  // Those that have not begun are gone with their charge; the one whose handler runs is not.
  for (const tag of ['a', 'b', 'c']) world.job(tag).cancel();
  expect(world.manager.slots.server).toEqual({ count: 1, bytes: 100 });
  world.executed('a');
  expect(world.left).toEqual(nothingLeft);
});

test('a flood of requests that are given up at once gets no more handlers to run than there are slots', () => {
  const world = new World({ executeSlots: 4 });
  for (let i = 0; i < 1000; i++) {
    const job = world.server(`${i}`);
    if (i % 2 === 0) job.cancel();
    else job.abort();
    if (i % 2 === 1) world.sent(`${i}`);
  }
  expect(world.log.filter((line) => line.startsWith('execute'))).toHaveLength(4);
  expect(world.manager.slots.execute).toEqual({ slots: 4, taken: 4, parked: 0, waiting: 0 });
  for (const tag of ['0', '1', '2', '3']) world.executed(tag);
  expect(world.left).toEqual(nothingLeft);
});

test('neither does one of requests that park first: a handler that is given up while parked takes the next slot, and keeps it', () => {
  const world = new World({ executeSlots: 2 });
  for (let i = 0; i < 10; i++) {
    world.server(`${i}`);
    world.execution(`${i}`).park();
  }
  expect(world.manager.slots.execute).toMatchObject({ taken: 0, parked: 10 });
  for (let i = 0; i < 10; i++) world.job(`${i}`).cancel();
  // All ten run on; two hold the slots, eight are owed one, and nothing new is begun before them.
  expect(world.manager.slots.execute).toEqual({ slots: 2, taken: 2, parked: 8, waiting: 8 });
  world.server('new');
  for (let i = 0; i < 8; i++) {
    world.executed(`${i}`);
    expect(world.log).not.toContain('execute new');
    expect(world.manager.slots.execute.taken).toBe(2);
  }
  world.executed('8');
  expect(world.log).toContain('execute new');
  expect(world.log.filter((line) => line.startsWith('resume'))).toEqual([]);
  world.executed('9');
  world.executed('new');
  world.sent('new');
  expect(world.left).toEqual(nothingLeft);
  expect(world.violations).toEqual([]);
});

test('a handler that was given up can not park its slot away, nor be aborted or cancelled out of it', () => {
  const world = new World({ executeSlots: 1 });
  world.server('a');
  world.job('a').abort();
  world.execution('a').park();
  world.job('a').abort();
  world.job('a').cancel();
  world.execution('a').park();
  world.execution('a').unpark();
  world.server('b');
  expect([world.taken, world.log.includes('execute b')]).toEqual(['1/1/0', false]);
  world.executed('a');
  expect(world.log).toContain('execute b');
  expect(world.violations).toEqual([]);
});

test('one that was given up while parked is owed its slot however often it is given up again', () => {
  const world = new World({ executeSlots: 1 });
  world.server('a');
  world.execution('a').park();
  world.server('b');
  world.job('a').abort();
  world.job('a').abort();
  world.job('a').cancel();
  expect(world.manager.slots.execute).toEqual({ slots: 1, taken: 1, parked: 1, waiting: 1 });
  world.server('c');
  world.job('b').cancel();
  world.executed('b');
  expect([world.manager.slots.execute, world.log.includes('execute c')]).toEqual([{ slots: 1, taken: 1, parked: 0, waiting: 1 }, false]);
  world.executed('a');
  expect(world.log).toContain('execute c');
  expect(world.violations).toEqual([]);
});

test('after a lost line execute slots return when the handlers do, send slots at once', () => {
  const world = new World({ executeSlots: 2 });
  for (const tag of ['a', 'b', 'c']) world.server(tag);
  world.execution('b').park();
  world.client('d');
  world.manager.lineLost();
  expect(['a', 'b', 'c', 'd'].map((tag) => world.outcome(tag))).toEqual([
    'line-lost/perhaps-executed',
    'line-lost/perhaps-executed',
    'line-lost/perhaps-executed',
    'line-lost/perhaps-executed',
  ]);
  expect(world.taken).toBe('0/2/1');
  world.manager.gate('all');
  world.server('e');
  expect(world.log).not.toContain('execute e');
  for (const tag of ['a', 'b', 'c']) world.executed(tag);
  expect(world.log).toContain('execute e');
  expect(world.violations).toEqual([]);
});
