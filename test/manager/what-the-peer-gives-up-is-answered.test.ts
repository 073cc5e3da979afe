import { expect, test } from 'vitest';
import { cancelledByPeer } from '../../machines/server-job.ts';
import { nothingLeft, World } from './world.ts';

test.each([
  ['executes', () => {}, true],
  ['is parked', (world: World) => world.execution('a').park(), true],
  ['waits to be executed', undefined, false],
] as const)('a request that %s is answered with the cancelled error, and its handler aborted', (_, reach, told) => {
  const world = new World({ executeSlots: 1 });
  if (reach === undefined) world.server('before');
  world.server('a');
  reach?.(world);
  world.news();
  world.job('a').abort();
  expect(world.news()).toEqual(told ? ['abort a', 'send a'] : ['send a']);
  expect(world.sending('a').value).toEqual({ ok: false, error: cancelledByPeer });
  world.sent('a');
  expect(world.outcomeOf('a')).toMatchObject({ type: 'error', error: cancelledByPeer });
  // What the handler comes to afterwards is sent to nobody.
  if (told) world.executed('a', { ok: true, value: 'late' });
  else world.executed('before', { ok: true });
  if (!told) world.sent('before');
  expect(world.log.filter((line) => line === 'send a' || line === 'callback a')).toHaveLength(1);
  expect(world.violations).toEqual([]);
  expect(world.left).toEqual(nothingLeft);
});

test('one that came too late changes nothing: the answer is sent as it is', () => {
  const world = new World();
  world.client('before');
  world.server('a');
  world.executed('a', { ok: true, value: 1 });
  world.job('a').abort();
  world.sent('before');
  expect(world.sending('a').value).toEqual({ ok: true, value: 1 });
  world.job('a').abort();
  world.sent('a');
  expect([world.outcome('a'), world.violations]).toEqual(['value/executed', []]);
});

test('a notification that is given up is not answered', () => {
  const world = new World({ executeSlots: 1 });
  world.server('a', { answers: false });
  world.server('b', { answers: false });
  world.job('a').abort();
  world.job('b').abort();
  expect(world.log).toEqual(['execute a', 'abort a', 'callback a', 'callback b']);
  expect([world.outcome('a'), world.outcome('b')]).toEqual(['error/perhaps-executed', 'error/refused']);
  world.executed('a');
  expect(world.left).toEqual(nothingLeft);
});

test('its handler sees the signal, with the reason', () => {
  const world = new World();
  world.server('a');
  world.job('a').abort();
  expect(world.execution('a').signal.reason).toMatchObject({ code: 'CANCELLED' });
});
