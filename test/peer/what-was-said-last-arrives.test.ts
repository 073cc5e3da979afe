import { expect, test } from 'vitest';
import { settled } from '../support/peers.ts';
import { held, SessionPeers } from './session-peers.ts';

/** Two peers, a call that runs at the right one, and a stop of that one: its answer is the last that it says. */
async function stopping(reliable: boolean, lose: (chunk: Buffer) => boolean) {
  const work = held();
  const peers = await SessionPeers.up({ reliable }, { reliable, methods: work.methods });
  const call = peers.left.call('held').then(String, (error: { code: string }) => error.code);
  await settled();
  const state = (): unknown => peers.right.ref.getSnapshot().value;
  let hasStopped = false;
  const stopped = peers.right.stop().then(() => (hasStopped = true));
  await settled();
  expect(state()).toBe('stopping');
  peers.relay.filter = (from, chunk) => (from === 1 && lose(chunk) ? undefined : chunk);
  work.release();
  await settled(3);
  return { peers, call, state, stopped, hasStopped: () => hasStopped };
}

test('a reliable session that is stopped says its last answer until it has arrived', async () => {
  let lost = 0;
  const { peers, call, state, stopped } = await stopping(true, (chunk) => chunk.includes('released') && ++lost <= 3);
  expect(state()).toBe('confirming');
  await peers.pass(10_000);
  expect(lost).toBeGreaterThan(3);
  expect(await call).toBe('released');
  await stopped;
});

test('where nothing is lost it is closed as soon as the other side has said that it has all', async () => {
  const { call, stopped } = await stopping(true, () => false);
  await stopped;
  expect(await call).toBe('released');
});

test('a plain session waits for nothing', async () => {
  const { call, stopped } = await stopping(false, () => false);
  await stopped;
  expect(await call).toBe('released');
});

test('who hears nothing any more waits for a while, and no longer', async () => {
  const { peers, state, stopped, hasStopped } = await stopping(true, () => true);
  await peers.pass(2_000);
  expect(state()).toBe('confirming');
  expect(hasStopped()).toBe(false);
  await peers.pass(9_000);
  await stopped;
});

test('a line that is lost meanwhile is not waited for', async () => {
  const { peers, stopped } = await stopping(true, () => true);
  peers.relay.cut();
  await stopped;
});
