import { expect, test } from 'vitest';
import { SessionPeers } from './session-peers.ts';

const methods = { left: (_: unknown, { remainingMs }: { remainingMs?: number | undefined }) => remainingMs ?? 'any time' };

test.each([2 ** 53, Number.MAX_VALUE, Infinity])('one of %d ms is none', async (timeoutMs) => {
  const peers = await SessionPeers.up({}, { methods });
  expect(await peers.until(peers.left.call('left', 1, { timeoutMs }))).toBe('any time');
});

test('one that is a whole number yet is told', async () => {
  const peers = await SessionPeers.up({}, { methods });
  expect(await peers.until(peers.left.call('left', 1, { timeoutMs: 2 ** 50 }))).toBeGreaterThan(2 ** 49);
});
