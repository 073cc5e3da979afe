import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { HandlerContext } from '../../actors/index.ts';
import { runs } from '../property.ts';
import { settled } from '../support/peers.ts';
import { SessionPeers } from './session-peers.ts';

type Sized = readonly number[];

const steps = {
  steps: (sizes: Sized, { progress }: HandlerContext) => sizes.filter((bytes, n) => !progress({ n, bytes: Buffer.alloc(bytes) })).length,
};

test.each([false, true])(
  'large values among small ones, before the result, with any number of send slots (reliable: %s)',
  async (reliable) => {
    const sizes = fc.array(fc.constantFrom(0, 0, 10, 20_000, 100_000), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(fc.array(sizes, { maxLength: 4 }), fc.constantFrom(1, 2, 4, Infinity), async (calls, sendSlots) => {
        const peers = await SessionPeers.up({ reliable }, { sendSlots, methods: steps, maxOwedBytes: 2 ** 26 });
        const seen = calls.map(() => [] as unknown[]);
        const results = calls.map(async (params, at) => {
          const onProgress = (value: unknown): void => void seen[at]?.push((value as { n: number }).n);
          const dropped = await peers.left.call('steps', params, { onProgress });
          seen[at]?.push(`and ${String(dropped)} were dropped`);
        });
        await peers.until(Promise.all(results), { steps: 20_000 });
        await settled();
        expect(seen).toEqual(calls.map((params) => [...params.map((_, n) => n), 'and 0 were dropped']));
        expect(peers.right.slots).toMatchObject({ server: { count: 0, bytes: 0 }, send: { taken: 0, waiting: 0 } });
        peers.left.close();
        peers.right.close();
      }),
      runs(8),
    );
  },
);

test('values that wait behind a large one are dropped when their call is given up, and nothing is owed for them', async () => {
  const peers = await SessionPeers.up(
    {},
    {
      sendSlots: 4,
      maxOwedBytes: 3_000_000,
      methods: { ...steps, forever: (sizes, context) => (steps.steps(sizes as Sized, context), new Promise(() => {})) },
    },
  );
  const seen: unknown[] = [];
  const sizes = [2_000_000, 1, 2_000_000, 1, 1];
  const aborter = new AbortController();
  const { left, right, relay } = peers;
  // Nothing gets there meanwhile.
  const kept: Buffer[] = [];
  relay.filter = (from, chunk) => (from === 0 ? chunk : (kept.push(Buffer.from(chunk)), undefined));
  const call = left.call('forever', sizes, { signal: aborter.signal, onProgress: (value) => seen.push(value) }).catch(() => 'given up');
  await settled(20);
  aborter.abort();
  expect(await call).toBe('given up');
  await settled(20);
  relay.filter = (_, chunk) => chunk;
  for (const chunk of kept) relay.say(0, chunk);
  await peers.pass(2_000);
  expect(seen).toEqual([]);
  // As much may be owed as before: all of it is sent.
  const again: unknown[] = [];
  const result = await peers.until(left.call('steps', [1_000_000, 1, 1_000_000], { onProgress: (value) => again.push(value) }));
  expect([result, again.length]).toEqual([0, 3]);
  expect(right.slots.server.count).toBe(1);
});
