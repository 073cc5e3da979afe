import { expect, test } from 'vitest';
import { VirtagentError } from '../../actors/index.ts';
import { settled } from '../support/peers.ts';
import { SessionPeers } from './session-peers.ts';

const nested = (depth: number): unknown => (depth === 0 ? 0 : [nested(depth - 1)]);
const longName = 'x'.repeat(30);
const narrow = { limits: { maxDepth: 10, maxMethodLength: 20 } };
const methods = { echo: (params: unknown) => params, [longName]: () => 'run', deep: () => nested(20) };

async function failure(call: Promise<unknown>): Promise<unknown> {
  const error = await call.then(
    () => undefined,
    (one: unknown) => one,
  );
  return error instanceof VirtagentError ? [error.code, error.known] : error;
}

test.each([false, true])('what the other side would drop is not sent to it (reliable: %s)', async (reliable) => {
  const peers = await SessionPeers.up({ reliable }, { ...narrow, methods, maxServerJobs: 8 });
  // More of them than there is credit for: none has cost any.
  for (let nth = 0; nth < 10; nth++) {
    expect(await failure(peers.until(peers.left.call('echo', nested(20))))).toEqual(['UNENCODABLE', 'not-sent']);
    expect(await failure(peers.until(peers.left.call(longName)))).toEqual(['UNENCODABLE', 'not-sent']);
    expect(await failure(peers.until(peers.left.notify('echo', nested(20))))).toEqual(['UNENCODABLE', 'not-sent']);
  }
  expect(await peers.until(peers.left.call('echo', nested(8)))).toEqual(nested(8));
  expect(peers.right.counters.damaged).toBe(0);
});

test('nor is what was asked for before its limits had come', async () => {
  const peers = new SessionPeers({}, { ...narrow, methods });
  const calls = [
    peers.left.call('echo', nested(20)),
    peers.left.call('echo', { bytes: Buffer.alloc(10), deep: nested(20) }),
    peers.left.call(longName),
    peers.left.call('echo', { long: 'x'.repeat(100_000), deep: nested(20) }),
  ];
  const ended = Promise.all(calls.map(failure));
  const fine = peers.left.call('echo', { long: 'x'.repeat(100_000), deep: nested(5) });
  await settled();
  expect(await peers.until(ended)).toEqual(calls.map(() => ['UNENCODABLE', 'not-sent']));
  expect(await peers.until(fine)).toMatchObject({ deep: nested(5) });
  expect(peers.right.counters.damaged).toBe(0);
});

test('a result that is too deep for who asked is an error there, and not silence', async () => {
  const peers = await SessionPeers.up({ limits: { maxDepth: 10 } }, { methods });
  expect(await failure(peers.until(peers.left.call('deep')))).toEqual(['HANDLER_FAILED', 'executed']);
});
