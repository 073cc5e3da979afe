import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import type { HandlerContext } from '../../actors/index.ts';
import { opened, rejection, settled, type Loose } from '../support/peers.ts';
import { Relay } from '../support/relay.ts';
import { held, SessionPeers } from './session-peers.ts';

test('a handler is told how long its caller still waits, and a request that waits longer than that is not begun', async () => {
  const work = held();
  const seen: unknown[] = [];
  const methods = {
    ...work.methods,
    left: (_: unknown, { remainingMs }: { remainingMs?: number | undefined }) => void seen.push(remainingMs),
  };
  const peers = await SessionPeers.up({}, { methods, executeSlots: 1 });
  await peers.left.call('left', 1, { timeoutMs: 5_000 });
  await peers.left.call('left', 1, { timeoutMs: Infinity });
  expect(seen[0]).toBeGreaterThan(4_900);
  expect(seen[0]).toBeLessThanOrEqual(5_001);
  expect(seen[1]).toBeUndefined();
  const first = peers.left.call('held', 'first');
  const second = rejection(peers.left.call('held', 'second', { timeoutMs: 1_000 }));
  const third = peers.left.call('left', 'third', { timeoutMs: 5_000 });
  await peers.pass(2_000);
  expect(await second).toMatchObject({ code: 'TIMEOUT' });
  work.release();
  await peers.until(first);
  await peers.until(third);
  expect(work.begun).toEqual(['first']);
  expect(seen[2]).toBeLessThan(3_100);
  expect(peers.left.slots.credit?.requests).toBeGreaterThan(0);
});

test('a request that is too old when it comes is refused and not executed', async () => {
  const ran: unknown[] = [];
  const peers = await SessionPeers.up({}, { methods: { run: (params: unknown) => ran.push(params) } });
  const heard: unknown[] = [];
  peers.left.messages$.subscribe(({ direction, message }) => direction === 'in' && heard.push(message));
  const late: Buffer[] = [];
  peers.relay.filter = (from, chunk) => {
    if (from === 1) return chunk;
    late.push(Buffer.from(chunk));
    return undefined;
  };
  const call = rejection(peers.left.call('run', 1, { timeoutMs: 1_000 }));
  await peers.pass(1_500);
  peers.relay.filter = (_, chunk) => chunk;
  expect(await call).toMatchObject({ code: 'TIMEOUT', known: 'perhaps-executed' });
  for (const chunk of late) peers.relay.say(1, chunk);
  await settled();
  expect(heard).toMatchObject([{ type: 'response', answer: { ok: false, error: { code: 'EXPIRED' } } }]);
  expect(ran).toEqual([]);
});

test('so is one that a handler makes', async () => {
  const ran: unknown[] = [];
  const asked: Promise<unknown>[] = [];
  const ask = async (_: unknown, { call }: HandlerContext<Loose>): Promise<void> => {
    asked.push(rejection(call('run', 1, { timeoutMs: 1_000 })));
    await asked[0];
  };
  const peers = await SessionPeers.up({ methods: { run: (params: unknown) => ran.push(params) } }, { methods: { ask } });
  const late: Buffer[] = [];
  peers.relay.filter = (from, chunk) => {
    if (from === 0) return chunk;
    late.push(Buffer.from(chunk));
    return undefined;
  };
  const call = peers.left.call('ask');
  await peers.pass(1_500);
  expect(await asked[0]).toMatchObject({ code: 'TIMEOUT', known: 'perhaps-executed' });
  peers.relay.filter = (_, chunk) => chunk;
  for (const chunk of late) peers.relay.say(0, chunk);
  await peers.until(call);
  expect(ran).toEqual([]);
});

test('one whose clock has stood still asks in vain for a while, is told that nothing was executed, and is understood again', async () => {
  const relay = new Relay();
  const clocks = [new SimulatedClock(), new SimulatedClock()] as const;
  const common = { protocol: 'virtagent-2', timeoutMs: Infinity } as const;
  const left = opened<Loose>({ ...common, channel: relay.left, clock: clocks[0] });
  opened<Loose>({ ...common, channel: relay.right, clock: clocks[1], methods: { run: () => 'ran' }, heartbeatMs: 20_000 });
  await left.ready();
  await settled();
  const both = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += 500) {
      for (const clock of clocks) clock.increment(500);
      await settled(2);
    }
  };
  expect(await left.call('run', 1, { timeoutMs: 5_000 })).toBe('ran');
  // Left is paused, as machines are: for less than what makes its line silent.
  clocks[1].increment(8_000);
  await settled();
  expect(await rejection(left.call('run', 2, { timeoutMs: 5_000 }))).toMatchObject({ code: 'EXPIRED', known: 'refused' });
  expect(await left.call('run', 3, { timeoutMs: 60_000 })).toBe('ran');
  await both(60_000);
  expect(await left.call('run', 4, { timeoutMs: 5_000 })).toBe('ran');
});

const WRAPS = 2 ** 35;

test.each([WRAPS - 3_000, WRAPS, 5 * WRAPS + 12_345])(
  'deadlines are kept by sides of which one has run for %d ms, longer than a clock counts',
  async (ms) => {
    const work = held();
    const seen: number[] = [];
    const methods = {
      ...work.methods,
      left: (_: unknown, { remainingMs = Infinity }: { remainingMs?: number | undefined }) => void seen.push(remainingMs),
    };
    const relay = new Relay();
    const clocks = [new SimulatedClock(), new SimulatedClock()] as const;
    const common = { protocol: 'virtagent-2', timeoutMs: Infinity, heartbeatMs: 1e12, retries: true } as const;
    const left = opened<Loose>({ ...common, channel: relay.left, clock: clocks[0] });
    // It has begun long ago, and nobody was there.
    clocks[0].increment(ms);
    opened<Loose>({ ...common, channel: relay.right, clock: clocks[1], methods });
    const both = async (passing: number): Promise<void> => {
      for (let at = 0; at < passing; at += 100) {
        for (const clock of clocks) clock.increment(100);
        await settled(2);
      }
    };
    const ready = left.ready();
    await both(30_000);
    await ready;
    for (let n = 0; n < 30; n++) {
      await left.call('left', n, { timeoutMs: 5_000 });
      await both(300);
    }
    for (const remaining of seen) expect(remaining).toBeGreaterThan(4_000);
    for (const remaining of seen) expect(remaining).toBeLessThan(5_100);
    await left.call('left', 0, { timeoutMs: 2 ** 34 });
    expect(seen.at(-1)).toBe(Infinity);
    const late: Buffer[] = [];
    relay.filter = (from, chunk) => (from === 1 ? chunk : (late.push(Buffer.from(chunk)), undefined));
    const call = rejection(left.call('held', 'late', { timeoutMs: 1_000 }));
    await both(1_500);
    expect(await call).toMatchObject({ code: 'TIMEOUT' });
    relay.filter = (_, chunk) => chunk;
    for (const chunk of late) relay.say(1, chunk);
    await settled();
    expect(work.begun).toEqual([]);
  },
);
