import { expect, test } from 'vitest';
import { rejection, settled } from '../support/peers.ts';
import { framesOf, kindOf } from '../support/relay.ts';
import { held, SessionPeers } from './session-peers.ts';

test('a call that waits, here or there, is given up without being executed', async () => {
  const work = held();
  const peers = await SessionPeers.up({}, { methods: work.methods, executeSlots: 1, maxServerJobs: 3 });
  const aborts = [1, 2, 3].map(() => new AbortController());
  const calls = aborts.map(({ signal }, n) => rejection(peers.left.call('held', n, { signal })));
  await settled();
  expect(peers.left.slots.credit?.requests).toBe(0);
  for (const abort of aborts.slice(1)) abort.abort();
  expect(await calls[2]).toMatchObject({ code: 'CANCELLED', known: 'not-sent' });
  expect(await calls[1]).toMatchObject({ code: 'CANCELLED', known: 'perhaps-executed' });
  await settled();
  expect(work.begun).toEqual([0]);
  aborts[0]?.abort();
  expect(await calls[0]).toMatchObject({ code: 'CANCELLED', known: 'perhaps-executed' });
  await settled();
  expect(work.aborted).toHaveLength(1);
  expect(peers.left.slots.credit?.requests).toBe(1);
  expect(peers.right.manager.jobs).toBe(0);
});

test('a call that is given up in the middle of its message is dropped there, and costs no credit', async () => {
  const work = held();
  const peers = await SessionPeers.up({}, { methods: work.methods });
  const before = peers.left.slots.credit;
  const kinds: string[] = [];
  // The window is soon full: nothing is confirmed.
  peers.relay.filter = (from, chunk) => {
    for (const frame of framesOf(chunk)) if (from === 0) kinds.push(`${kindOf(frame)} ${((frame[0] as number) & 15).toString(2)}`);
    return from === 1 ? undefined : chunk;
  };
  const abort = new AbortController();
  const call = rejection(peers.left.call('held', { text: 'x'.repeat(2_000_000) }, { signal: abort.signal }));
  await settled(10);
  abort.abort();
  expect(await call).toMatchObject({ code: 'CANCELLED' });
  await settled();
  expect(kinds).toContain('data 1000');
  peers.relay.filter = (_, chunk) => chunk;
  peers.relay.cut();
  await peers.pass(1_000);
  expect(peers.left.slots.credit).toEqual(before);
  expect(peers.left.slots.send).toMatchObject({ taken: 0, waiting: 0 });
  expect(work.begun).toEqual([]);
  expect(peers.right.transport.codec.buffered).toBe(0);
  const next = peers.left.call('held', 'next');
  await settled();
  work.release();
  expect(await peers.until(next)).toBe('released');
});

test('a call that is given up while its line is away is given up there when the next has come', async () => {
  const work = held();
  const peers = await SessionPeers.up({}, { methods: work.methods });
  const abort = new AbortController();
  const call = rejection(peers.left.call('held', 1, { signal: abort.signal }));
  await settled();
  peers.relay.cut();
  await settled();
  abort.abort();
  expect(await call).toMatchObject({ code: 'CANCELLED', known: 'perhaps-executed' });
  expect(work.aborted).toEqual([]);
  await peers.pass(500);
  expect(work.aborted).toHaveLength(1);
  expect(peers.left.slots).toMatchObject({ client: { count: 0 }, server: { count: 0 } });
});
