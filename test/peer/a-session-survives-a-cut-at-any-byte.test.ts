import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import type { Peer } from '../../actors/index.ts';
import { opened, type Loose } from '../support/peers.ts';
import { Relay, seeded, until } from '../support/relay.ts';

type Context = { readonly call: (method: string, params: unknown) => Promise<unknown>; readonly progress: (value: unknown) => boolean };

/** Calls in both directions, with all that calls can have, over a line that is cut once. */
async function converse(reliable: boolean, cutAt: number): Promise<{ bytes: number; lines: number }> {
  const clock = new SimulatedClock();
  const relay = new Relay();
  relay.cutAt = cutAt;
  const executed: string[] = [];
  const progress: unknown[] = [];
  const methodsOf = (side: string) => ({
    echo: (params: { n: number }) => {
      executed.push(`${side} echo ${params.n}`);
      return params;
    },
    ask: async (params: { n: number }, context: Context) => {
      executed.push(`${side} ask ${params.n}`);
      context.progress('half');
      return context.call('echo', { n: params.n });
    },
    note: ({ n }: { n: number }) => void executed.push(`${side} note ${n}`),
  });
  const peerOn = (side: 'left' | 'right', seed: number): Peer<Loose> =>
    opened<Loose>({
      channel: relay[side],
      protocol: 'virtagent-2',
      clock,
      reliable,
      random: seeded(seed),
      methods: methodsOf(side),
      timeoutMs: 25_000,
    });
  const left = peerOn('left', 1);
  const right = peerOn('right', 2);
  const calls = Promise.all([
    left.call('echo', { n: 1 }),
    right.call('ask', { n: 2 }, { onProgress: (value: unknown) => progress.push(value) }),
    left.call('echo', { n: 3, text: 'x'.repeat(3_000) }),
    right.call('echo', { n: 4, bytes: new Uint8Array(2_000).fill(0xff) }),
    left.call('ask', { n: 5 }, { urgency: 2 }),
    left.notify('note', { n: 6 }),
    right.notify('note', { n: 7 }),
  ]);
  const answers = (await until(clock, calls)) as { n: number }[];
  expect(answers.slice(0, 5).map(({ n }) => n)).toEqual([1, 2, 3, 4, 5]);
  await until(
    clock,
    waitFor(() => executed.length === 9),
  );
  expect(executed.toSorted()).toEqual([
    'left ask 2',
    'left echo 4',
    'left echo 5',
    'left note 7',
    'right ask 5',
    'right echo 1',
    'right echo 2',
    'right echo 3',
    'right note 6',
  ]);
  expect(progress).toEqual(['half']);
  for (const peer of [left, right]) {
    expect(peer.counters).toMatchObject({ violations: 0, unclaimed: 0 });
    // Half a frame is what the cut leaves.
    expect(peer.counters.damaged).toBeLessThanOrEqual(cutAt === Infinity ? 0 : 1);
    expect(peer.manager.jobs).toBe(0);
    peer.close();
    expect(peer.manager.timers.size).toBe(0);
  }
  return { bytes: relay.passed, lines: relay.lines };
}

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

test.each([false, true])(
  'calls, answers, progress and notifications pass a cut at any byte, each once (reliable: %s)',
  async (reliable) => {
    const { bytes, lines } = await converse(reliable, Infinity);
    expect(lines).toBe(1);
    for (let at = 1; at < bytes; at += at < 700 ? 7 : 131)
      expect(await converse(reliable, at), `cut at byte ${at}`).toMatchObject({ lines: 2 });
  },
);
