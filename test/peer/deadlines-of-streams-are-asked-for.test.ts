import { expect, test } from 'vitest';
import { rejection } from '../support/peers.ts';
import { SessionPeers } from './session-peers.ts';

const methods = {
  async *slow(_: unknown, { signal }: { signal: AbortSignal }) {
    yield 1;
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
  },
};

test.each([{}, { timeoutMs: undefined }, { timeoutMs: Infinity }])(
  'with %j a stream has none, whatever its peer has for calls',
  async (options) => {
    const peers = await SessionPeers.up({ timeoutMs: 1_000 }, { methods });
    const stream = peers.left.stream('slow', undefined, options);
    await peers.until(stream.next());
    const ended = rejection(stream.next());
    await peers.pass(5_000);
    stream.cancel();
    expect(await ended).toMatchObject({ code: 'CANCELLED' });
  },
);

test('one that is given ends it', async () => {
  const peers = await SessionPeers.up({}, { methods });
  const stream = peers.left.stream('slow', undefined, { timeoutMs: 1_000 });
  await peers.until(stream.next());
  const ended = rejection(stream.next());
  await peers.pass(2_000);
  expect(await ended).toMatchObject({ code: 'TIMEOUT' });
});
