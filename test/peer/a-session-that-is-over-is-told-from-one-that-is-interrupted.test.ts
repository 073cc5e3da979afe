import { expect, test } from 'vitest';
import { rejection, settled } from '../support/peers.ts';
import { framesOf, kindOf, onLine } from '../support/relay.ts';
import { held, SessionPeers } from './session-peers.ts';

test('calls outlive a line, and the link says what it is without', async () => {
  const work = held();
  const peers = await SessionPeers.up({}, { methods: work.methods });
  const states: string[] = [];
  peers.left.link$.subscribe(({ state }) => states.push(state));
  const call = peers.left.call('held', 1);
  await settled();
  peers.relay.cut();
  await settled();
  const later = peers.left.call('held', 2);
  expect(peers.left.link).toBe('waiting');
  await peers.pass(500);
  work.release();
  expect(await peers.until(call)).toBe('released');
  await settled();
  work.release();
  expect(await peers.until(later)).toBe('released');
  expect(work.begun).toEqual([1, 2]);
  expect(states).toEqual(['up', 'down', 'waiting', 'connecting', 'greeting', 'up']);
  expect(peers.left.counters).toMatchObject({ violations: 0, damaged: 0, unclaimed: 0 });
});

test('a process that is new at the other end ends the calls of the one before it, and takes those that wait', async () => {
  const [old, young, own] = [held(), held(), held()];
  const peers = await SessionPeers.up({ methods: own.methods }, { methods: old.methods, maxServerJobs: 2, executeSlots: 1 });
  const running = rejection(peers.left.call('held', 'running'));
  const asked = peers.right.call('held', 'of the old').catch(() => {});
  await settled();
  const onLine = rejection(peers.left.call('held', 'on the line'));
  await settled();
  const waiting = peers.left.call('held', 'waiting');
  await settled();
  expect(old.begun).toEqual(['running']);
  // As a process is killed: nothing is said.
  peers.relay.cut();
  peers.relay.filter = (from, chunk) => (from === 1 ? undefined : chunk);
  peers.right.close();
  await settled();
  peers.relay.filter = (_, chunk) => chunk;
  peers.right = peers.peer('right', { methods: young.methods });
  expect(await peers.until(running)).toMatchObject({ code: 'LINE_LOST', known: 'perhaps-executed' });
  expect(await peers.until(onLine)).toMatchObject({ code: 'LINE_LOST', known: 'perhaps-executed' });
  await peers.pass(100);
  expect(young.begun).toEqual(['waiting']);
  expect(own.aborted).toEqual(['LINE_LOST']);
  young.release();
  expect(await peers.until(waiting)).toBe('released');
  await asked;
});

test('a session is kept for keepMs without a line, the lower of both, counted from its last line', async () => {
  const work = held();
  const peers = await SessionPeers.up({ keepMs: 3_000 }, { methods: work.methods, keepMs: 60_000 });
  const call = rejection(peers.left.call('held', 1));
  await settled();
  // Lines come, and nothing passes on them.
  peers.relay.filter = () => undefined;
  for (let lines = 0; lines < 5; lines++) {
    peers.relay.cut();
    await peers.pass(500);
  }
  expect(peers.left.slots.client.count).toBe(1);
  expect(work.aborted).toEqual([]);
  await peers.pass(600);
  expect(await call).toMatchObject({ code: 'LINE_LOST', known: 'perhaps-executed' });
  expect(work.aborted).toEqual(['LINE_LOST']);
  // The next session is as good as the first.
  peers.relay.filter = (_, chunk) => chunk;
  const next = peers.left.call('held', 2);
  await peers.pass(6_000);
  work.release();
  expect(await peers.until(next)).toBe('released');
});

test('a side that is put back to an earlier moment while its line stays is found out by what it says of itself', async () => {
  const work = held();
  const peers = await SessionPeers.up(
    { heartbeatMs: 1_000 },
    { methods: { ...work.methods, echo: (params: unknown) => params }, heartbeatMs: 1_000 },
  );
  const early: Buffer[] = [];
  peers.relay.filter = (from, chunk) => {
    if (from === 1)
      early.push(
        ...framesOf(chunk)
          .filter((frame) => kindOf(frame) === 'status')
          .map((frame) => Buffer.from(frame)),
      );
    return chunk;
  };
  await peers.pass(3_000);
  expect(early.length).toBeGreaterThan(0);
  const past = early[0] as Buffer;
  for (let n = 0; n < 200; n++) await peers.until(peers.left.call('echo', n));
  const call = rejection(peers.left.call('held', 1));
  await peers.pass(3_000);
  // It says where it was: once may be a late word, again and again is not.
  peers.relay.say(0, onLine([past]));
  await settled();
  expect(peers.left.slots.client.count).toBe(1);
  for (let n = 0; n < 3; n++) peers.relay.say(0, onLine([past]));
  expect(await peers.until(call)).toMatchObject({ code: 'LINE_LOST', known: 'perhaps-executed' });
  expect(await peers.until(peers.left.call('echo', 'again'))).toBe('again');
  expect(peers.relay.lines).toBe(1);
});
