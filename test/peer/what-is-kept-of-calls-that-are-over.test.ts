import { afterEach, expect, test, vi } from 'vitest';
import { SimulatedClock } from 'xstate';
import { sessionBounds } from '../../transport/limits.ts';
import { memoryPair } from '../../transport/index.ts';
import { SteadyMap } from '../../transport/steady-map.ts';
import { opened, settled } from '../support/peers.ts';
import { SessionEnd } from '../support/session-end.ts';

const CALLS = 5_000;

afterEach(() => void vi.restoreAllMocks());

/** How many entries each map has that was written to since, and has any. */
function watchMaps(): () => number[] {
  const maps = new Set<SteadyMap<unknown, unknown>>();
  const { set } = SteadyMap.prototype;
  vi.spyOn(SteadyMap.prototype, 'set').mockImplementation(function note(this: SteadyMap<unknown, unknown>, key, value) {
    maps.add(this);
    set.call(this, key, value);
  });
  return () => [...maps].map(({ size }) => size).filter((size) => size > 0);
}

async function against(methods: Record<string, (params: unknown) => unknown>) {
  const [ours, theirs] = memoryPair();
  const peer = opened({ stream: ours, protocol: 'virtagent-2', clock: new SimulatedClock(), timeoutMs: Infinity, methods });
  const far = new SessionEnd(theirs);
  await far.greet();
  await peer.ready();
  await settled();
  const confirm = (): void => far.status({ next: far.count('data') % 16_384, grantedRequests: 2 * CALLS, grantedBytes: 1e9 });
  return { peer, far, confirm };
}

test('of requests that were answered the last tags are known, and nothing else', async () => {
  const kept = watchMaps();
  const { peer, far, confirm } = await against({ echo: async (params) => params });
  for (let n = 0; n < CALLS; n++) {
    far.message({ id: `t${n}`, method: 'echo', params: n });
    if (n % 100 === 99) {
      await settled(2);
      confirm();
    }
  }
  await settled();
  expect(far.count('data')).toBeGreaterThan(CALLS);
  expect(peer.manager.jobs).toBe(0);
  expect(kept()).toEqual([sessionBounds.answered]);
});

test('of calls that were given up and are never answered the last tags are known, and nothing else', async () => {
  const kept = watchMaps();
  const { peer, far, confirm } = await against({});
  for (let n = 0; n < CALLS; n += 100) {
    const leaving = new AbortController();
    const calls = Array.from({ length: 100 }, () => peer.call('any', n, { signal: leaving.signal }).catch(() => {}));
    await settled(2);
    leaving.abort();
    await Promise.all(calls);
    confirm();
  }
  await settled();
  // Each was asked for, and cancelled.
  expect(far.count('data')).toBeGreaterThanOrEqual(2 * CALLS);
  expect(peer.manager.jobs).toBe(0);
  expect(kept()).toEqual([4_096]);
});
