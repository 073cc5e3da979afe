import { expect, test } from 'vitest';
import { SessionPeers } from './session-peers.ts';

const methods = { left: (_: unknown, { remainingMs }: { remainingMs?: number | undefined }) => remainingMs ?? 'any time' };

// Clocks count up to 2^35 and begin anew: what is further ahead than half of that can't be compared.
test.each([2 ** 34, 2 ** 53, Number.MAX_VALUE, Infinity])('one of %d ms is none', async (timeoutMs) => {
  const peers = await SessionPeers.up({}, { methods });
  expect(await peers.until(peers.left.call('left', 1, { timeoutMs }))).toBe('any time');
});

test('one of half a year, less a millisecond, is told', async () => {
  const peers = await SessionPeers.up({}, { methods });
  expect(await peers.until(peers.left.call('left', 1, { timeoutMs: 2 ** 34 - 1 }))).toBeGreaterThan(2 ** 33);
});
