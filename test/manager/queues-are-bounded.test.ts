import { expect, test } from 'vitest';
import { createManager } from '../../actors/manager-logic.ts';
import { nothingLeft, World } from './world.ts';

test.each([
  ['server', 'BUSY', { maxServerJobs: 3, executeSlots: 1 }],
  ['client', 'QUEUE_FULL', { maxClientJobs: 3 }],
] as const)('more %s jobs than the cap are refused with %s, until one has ended', (kind, code, limits) => {
  const world = new World(limits);
  for (const tag of ['a', 'b', 'c']) world.add(kind, tag);
  expect(world.refused(kind, 'd')).toBe(code);
  world.job('c').cancel();
  expect(world.refused(kind, 'd')).toBe('taken');
  expect(world.refused(kind, 'e')).toBe(code);
});

test.each([
  ['server', 'BUSY', { maxServerBytes: 100 }],
  ['client', 'QUEUE_FULL', { maxClientBytes: 100 }],
] as const)('more bytes of %s jobs than the cap are refused with %s; less still fits', (kind, code, limits) => {
  const world = new World(limits);
  world.add(kind, 'a', { bytes: 60 });
  expect(world.refused(kind, 'b', { bytes: 41 })).toBe(code);
  expect(world.refused(kind, 'c', { bytes: 40 })).toBe('taken');
  expect(world.refused(kind, 'd', { bytes: 1 })).toBe(code);
  expect(world.refused(kind, 'e', { bytes: 0 })).toBe('taken');
  expect(world.manager.slots[kind]).toEqual({ count: 3, bytes: 100 });
  world.finish();
  expect(world.left).toEqual(nothingLeft);
});

test('a call that no queue has room for is refused with another code, for waiting would not help', () => {
  const world = new World({ maxClientBytes: 100 });
  expect(world.refused('client', 'a', { bytes: 101 })).toBe('MESSAGE_TOO_LARGE');
  expect(world.refused('client', 'b', { bytes: 100 })).toBe('taken');
});

test('one class’s queue is not the other’s', () => {
  const world = new World({ maxServerJobs: 1, maxClientJobs: 1 });
  world.server('a');
  world.client('b');
  expect([world.refused('server', 'c'), world.refused('client', 'd')]).toEqual(['BUSY', 'QUEUE_FULL']);
});

test('the refusal of a request finds room in a full queue, and a nested call does not', () => {
  const world = new World({ maxServerJobs: 1, maxClientJobs: 1 });
  world.server('a');
  world.client('b');
  expect(world.refused('server', 'refusal', { exempt: true })).toBe('taken');
  expect(world.refused('client', 'nested', { exempt: true })).toBe('QUEUE_FULL');
});

test('each refusal says which limit it was, by name and number', () => {
  const manager = createManager({ maxServerJobs: 2, maxClientJobs: 3 });
  const operations = { execute: () => {}, send: () => {} };
  for (let i = 0; i < 3; i++) manager.addServer({ tag: '', operations });
  for (let i = 0; i < 4; i++) manager.addClient({ tag: `${i}`, operations });
  const refused = [
    manager.addServer({ tag: '', operations }),
    manager.addClient({ tag: 'x', operations }),
    manager.addClient({ tag: '0', operations }),
  ];
  expect(refused.map((one) => (one.ok ? 'taken' : `${one.error.code}: ${one.error.message}, ${one.error.known}`))).toEqual([
    expect.stringMatching(/^BUSY: .*maxServerJobs \(2\).*not-sent/) as string,
    expect.stringMatching(/^QUEUE_FULL: .*maxClientJobs \(3\).*not-sent/) as string,
    expect.stringMatching(/^QUEUE_FULL|TAG_IN_USE: .*"0".*not-sent/) as string,
  ]);
});

test('a refused add leaves nothing: not a place, not a tag, not a timer', () => {
  const world = new World({ maxClientJobs: 1 });
  world.client('a');
  const before = world.left;
  for (let i = 0; i < 1000; i++) expect(world.refused('client', `b${i}`, { timeoutMs: 100 })).toBe('QUEUE_FULL');
  expect(world.left).toEqual(before);
  world.job('a').cancel();
  world.sent('a');
  expect(world.refused('client', 'b0')).toBe('taken');
});
