import { expect, test } from 'vitest';
import { settled } from '../support/peers.ts';
import { held, SessionPeers } from './session-peers.ts';

type Context = { readonly call: (method: string, params: unknown) => Promise<unknown> };

test('a flood of requests waits for credit where it is made, and none of it is told BUSY', async () => {
  const work = held();
  const peers = await SessionPeers.up({}, { methods: work.methods, executeSlots: 2, maxServerJobs: 8 });
  const heard: string[] = [];
  peers.left.messages$.subscribe(({ direction, message }) => direction === 'in' && heard.push(JSON.stringify(message)));
  const calls = Promise.all(Array.from({ length: 200 }, (_, n) => peers.left.call('held', n)));
  let most = 0;
  for (let turn = 0; turn < 2_000 && work.begun.length < 200; turn++) {
    await settled(2);
    most = Math.max(most, peers.right.slots.server.count);
    work.release();
  }
  await settled();
  work.release();
  await peers.until(calls);
  expect(most).toBe(6);
  expect(heard.filter((message) => message.includes('BUSY'))).toEqual([]);
  // In order, as none was sent back.
  expect(work.begun).toEqual(Array.from({ length: 200 }, (_, n) => n));
  expect(peers.left.counters).toMatchObject({ violations: 0, damaged: 0 });
});

test('without credit answers, nested calls, cancels and progress pass', async () => {
  const work = held();
  const methods = {
    ...work.methods,
    ask: (params: unknown, context: Context) => context.call('echo', params),
    echo: (params: unknown) => params,
  };
  const peers = await SessionPeers.up({ methods }, { methods, executeSlots: 1, maxServerJobs: 4 });
  const abort = new AbortController();
  const blocked = peers.left.call('held', 0, { signal: abort.signal }).catch(() => 'given up');
  const waiting = [1, 2, 3, 4].map((n) => peers.left.call('held', n));
  await settled();
  expect(peers.left.slots.credit?.requests).toBe(0);
  // Left answers, and asks as a handler.
  expect(await peers.until(peers.right.call('echo', 'answered'))).toBe('answered');
  const nested = peers.right.call('ask', 'nested');
  await settled();
  abort.abort();
  expect(await blocked).toBe('given up');
  for (let turn = 0; turn < 9; turn++) {
    await settled();
    work.release();
  }
  expect(await peers.until(nested)).toBe('nested');
  await peers.until(Promise.all(waiting));
});

test('an urgent call passes a large one: it leaves behind what the window holds, and no more', async () => {
  const peers = await SessionPeers.up({}, { methods: { size: ({ text }: { text: string }) => text.length } });
  const late: Buffer[] = [];
  const before: number[] = [];
  let sent = 0;
  peers.relay.filter = (from, chunk) => {
    if (from === 0 && chunk.includes('so urgent')) before.push(sent);
    if (from === 0) sent += chunk.length;
    else late.push(Buffer.from(chunk));
    return from === 0 ? chunk : undefined;
  };
  const large = peers.left.call('size', { text: 'x'.repeat(4_000_000) });
  await settled(10);
  expect(sent).toBeGreaterThan(200_000);
  expect(sent).toBeLessThanOrEqual(256 * 1024);
  const urgent = peers.left.call('size', { text: 'so urgent' }, { urgency: 2 });
  await settled(10);
  peers.relay.filter = (from, chunk) => {
    if (from === 0 && chunk.includes('so urgent')) before.push(sent);
    if (from === 0) sent += chunk.length;
    return chunk;
  };
  for (const chunk of late) peers.relay.say(0, chunk);
  expect(await peers.until(urgent)).toBe(9);
  expect(before).toHaveLength(1);
  // One turn had its slot when the urgent one was made.
  expect(before[0]).toBeLessThan(256 * 1024 + 2 * 17 * 1024);
  expect(await peers.until(large)).toBe(4_000_000);
});

// Slots, the most jobs and bytes, calls, and bytes of each: what runs holds more of the queue than what waits leaves.
test.each([
  [4, 4_096, 2 ** 26, 10, 15_000_000],
  [100, 4_096, 2 ** 26, 120, 1_000_000],
  [500, 400, 2 ** 26, 700, 10],
  [10, 10, 2 ** 26, 50, 10],
  [3, 4, 2 ** 26, 30, 10],
  [1, 1, 2 ** 26, 5, 10],
  [Infinity, Infinity, Infinity, 50, 10],
])(
  'who keeps to the credit is not told BUSY: %d slots, %d jobs, %d bytes, %i calls of %i bytes',
  async (executeSlots, maxServerJobs, maxServerBytes, count, bytes) => {
    const work = held();
    const peers = await SessionPeers.up({}, { methods: work.methods, executeSlots, maxServerJobs, maxServerBytes });
    const codes: unknown[] = [];
    const payload = 'x'.repeat(bytes);
    let ended = 0;
    const over = (code: unknown): void => void (ended++, codes.push(code));
    for (let n = 0; n < count; n++)
      peers.left.call('held', payload).then(
        () => over('answered'),
        (error: { code: unknown }) => over(error.code),
      );
    // Each runs for a while.
    for (let turn = 0; turn < 10_000 && ended < count; turn++) {
      await settled(2);
      if (turn % 5 === 4) work.release();
      if (turn % 100 === 99) peers.clock.increment(1_000);
    }
    expect([...new Set(codes)]).toEqual(['answered']);
    expect(ended).toBe(count);
  },
);

test('what runs for ever leaves room for what does not', async () => {
  const work = held();
  const peers = await SessionPeers.up({}, { methods: { ...work.methods, echo: (params) => params }, executeSlots: 8, maxServerJobs: 12 });
  const calls = Array.from({ length: 7 }, (_, n) => peers.left.call('held', n));
  await settled();
  for (let n = 0; n < 100; n++) expect(await peers.until(peers.left.call('echo', n))).toBe(n);
  work.release();
  await peers.until(Promise.all(calls));
});

test('notifications wait for room as well, and none is lost', async () => {
  let came = 0;
  const methods = {
    slow: async () => {
      await settled(3);
      came++;
    },
  };
  const peers = await SessionPeers.up({}, { methods, executeSlots: 20, maxServerBytes: 4_000_000, limits: { maxMessageBytes: 1_000_000 } });
  const sent = Array.from({ length: 30 }, () => peers.left.notify('slow', 'x'.repeat(900_000)));
  for (let turn = 0; turn < 5_000 && came < 30; turn++) {
    await settled(2);
    if (turn % 100 === 99) peers.clock.increment(1_000);
  }
  await Promise.all(sent);
  expect(came).toBe(30);
  expect(peers.right.counters.unclaimed).toBe(0);
});
