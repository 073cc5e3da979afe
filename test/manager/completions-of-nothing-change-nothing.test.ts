import { expect, test } from 'vitest';
import { World } from './world.ts';

/** A server job that executes, another that is being sent, a call on the line, and two that wait. */
function busyWorld(): World {
  const world = new World({ executeSlots: 2 });
  for (const tag of ['s1', 's2', 's3']) world.server(tag);
  world.client('c1');
  world.sent('c1');
  world.executed('s2');
  for (const tag of ['c2', 'c3']) world.client(tag);
  world.news();
  return world;
}

const nothing: Readonly<
  Record<string, { readonly act: (world: World) => void; readonly reported: { where: string; event: string; tag: string | undefined } }>
> = {
  'a response to an unknown tag': {
    act: (world) => expect(world.manager.readDone('nobody', { ok: true })).toBe(false),
    reported: { where: 'manager', event: 'read_done', tag: undefined },
  },
  'a busy response to an unknown tag': {
    act: (world) => world.manager.readDone('nobody', { ok: false, error: 'busy' }, true),
    reported: { where: 'manager', event: 'read_done', tag: undefined },
  },
  'a response to a request that was not sent': {
    act: (world) => world.read('c2', { ok: false, error: 'busy' }, true),
    reported: { where: 'client', event: 'read_done', tag: 'c2' },
  },
  'a response to a request that came in': {
    act: (world) => world.read('s1'),
    reported: { where: 'server', event: 'read_done', tag: 's1' },
  },
  'a second execute_done': { act: (world) => world.executed('s2'), reported: { where: 'manager', event: 'execute_done', tag: 's2' } },
  'a second send_done': { act: (world) => world.sent('c1'), reported: { where: 'manager', event: 'send_done', tag: 'c1' } },
  'a park by a handler that has returned': {
    act: (world) => world.execution('s2').park(),
    reported: { where: 'manager', event: 'park', tag: 's2' },
  },
  'an unpark by a handler that has returned': {
    act: (world) => world.execution('s2').unpark(),
    reported: { where: 'manager', event: 'unpark', tag: 's2' },
  },
  'an unpark without a park': { act: (world) => world.execution('s1').unpark(), reported: { where: 'server', event: 'unpark', tag: 's1' } },
  'a cancel of an unknown tag': {
    act: (world) => world.manager.cancel('nobody'),
    reported: { where: 'manager', event: 'cancel', tag: undefined },
  },
  'an abort of a request of ours': { act: (world) => world.job('c1').abort(), reported: { where: 'client', event: 'abort', tag: 'c1' } },
};

test.each(Object.keys(nothing))('%s is reported and counted; nothing else changes', (name) => {
  const { act, reported } = nothing[name] as (typeof nothing)[string];
  const world = busyWorld();
  const before = world.manager.ref.getSnapshot().context;
  act(world);
  expect(world.violations).toEqual([reported]);
  expect(world.manager.violations).toBe(1);
  expect(world.news()).toEqual([]);
  expect(world.manager.ref.getSnapshot().context).toEqual(before);
});

test('everything that is completed for a finished job is reported, and its successor in the same place is not touched', () => {
  const world = new World();
  const old = world.server('old');
  const execution = world.execution('old');
  world.executed('old');
  const sending = world.sending('old');
  world.sent('old');
  const next = world.server('next');
  expect(next.ref.index).toBe(old.ref.index);
  world.news();
  const before = world.manager.ref.getSnapshot().context;
  execution.done({ ok: true, value: 'wrong' });
  execution.park();
  execution.unpark();
  sending.done({ ok: true });
  old.cancel();
  old.abort();
  old.readDone({ ok: true });
  expect(world.violations.map(({ event }) => event)).toEqual([
    'execute_done',
    'park',
    'unpark',
    'send_done',
    'cancel',
    'abort',
    'read_done',
  ]);
  expect(world.violations.every(({ where, tag }) => where === 'manager' && tag === undefined)).toBe(true);
  expect(world.manager.ref.getSnapshot().context).toEqual(before);
  expect([world.news(), world.outcome('next')]).toEqual([[], 'running']);
});

test('a late response finds no later job under the same tag of ours, once that one was answered', () => {
  const world = new World();
  for (const value of [1, 2]) {
    const job = world.client('a');
    world.sent('a');
    world.manager.readDone('a', { ok: true, value });
    // By the job itself: its tag says nothing about which of two jobs is meant.
    if (value === 1) world.inside('send a', () => job.readDone({ ok: true, value: 'late' }));
  }
  expect(world.violations).toEqual([{ where: 'manager', event: 'read_done', tag: undefined }]);
});

test('late completions after the manager has closed are counted, and wake nothing', async () => {
  const world = new World();
  world.server('a');
  world.executed('a');
  world.sent('a');
  await world.manager.stop();
  world.executed('a');
  world.sent('a');
  world.job('a').cancel();
  expect(world.violations.map(({ event }) => event)).toEqual(['execute_done', 'send_done', 'cancel']);
});
