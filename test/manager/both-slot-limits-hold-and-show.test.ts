import { expect, test } from 'vitest';
import { createManager } from '../../actors/manager-logic.ts';
import { nothingLeft, World } from './world.ts';

test.each([
  [1, 4],
  [3, 2],
  [Infinity, Infinity],
])('%s send and %s execute slots: no more are ever taken, and the snapshot says how many', (sendSlots, executeSlots) => {
  const world = new World({ sendSlots, executeSlots });
  for (let i = 0; i < 10; i++) world.server(`s${i}`);
  for (let i = 0; i < 10; i++) world.client(`c${i}`);
  const sending = Math.min(sendSlots, 10);
  const executing = Math.min(executeSlots, 10);
  expect(world.manager.slots).toEqual({
    send: { slots: sendSlots, taken: sending, waiting: 10 - sending },
    execute: { slots: executeSlots, taken: executing, parked: 0, waiting: 10 - executing },
    server: { count: 10, bytes: 0 },
    client: { count: 10, bytes: 0 },
  });
  const most = { send: 0, execute: 0 };
  world.manager.ref.subscribe(() => {
    const { send, execute } = world.manager.slots;
    most.send = Math.max(most.send, send.taken);
    most.execute = Math.max(most.execute, execute.taken);
  });
  world.finish();
  expect(most.send).toBeLessThanOrEqual(sendSlots);
  expect(most.execute).toBeLessThanOrEqual(executeSlots);
  expect(world.left).toEqual(nothingLeft);
});

test('by default one job is sent and four are executed at a time, as in the original', () => {
  const { send, execute } = createManager().slots;
  expect([send.slots, execute.slots]).toEqual([1, 4]);
});

test('a slot that is given back is granted before anything else happens', () => {
  const world = new World({ executeSlots: 1 });
  world.server('a', { answers: false });
  world.server('b', { answers: false });
  world.inside('callback a', () => expect(world.log).toEqual(['execute a', 'callback a']));
  world.executed('a');
  expect(world.log).toEqual(['execute a', 'callback a', 'execute b']);
  world.executed('b');
  expect(world.left).toEqual(nothingLeft);
});

test.each([
  'sendSlots',
  'executeSlots',
  'maxBypass',
  'maxServerJobs',
  'maxClientJobs',
  'maxServerBytes',
  'maxClientBytes',
  'window',
] as const)('a limit of %s that makes no sense throws INVALID_OPTION', (name) => {
  for (const value of [0, -1, 1.5, Number.NaN, '4', null]) {
    expect(() => createManager({ [name]: value })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }) as Error);
  }
});
