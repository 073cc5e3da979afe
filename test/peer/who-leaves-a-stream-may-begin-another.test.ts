import { expect, test } from 'vitest';
import { sessionLimits } from '../../transport/limits.ts';
import { settled } from '../support/peers.ts';
import { SessionPeers } from './session-peers.ts';

test.each([false, true])('while the answer to the first waits behind a large one (reliable: %s)', async (reliable) => {
  const methods = {
    async *open(_: unknown, { signal }: { signal: AbortSignal }) {
      yield 'begun';
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
    large: () => 'x'.repeat(500_000),
  };
  const peers = await SessionPeers.up({ reliable }, { methods, executeSlots: 2 * sessionLimits.streams });
  const { left, relay } = peers;
  const streams = Array.from({ length: sessionLimits.streams }, () => left.stream('open'));
  await peers.until(Promise.all(streams.map((stream) => stream.next())));
  const late: Buffer[] = [];
  relay.filter = (from, chunk) => {
    if (from === 0) return chunk;
    late.push(Buffer.from(chunk));
    return undefined;
  };
  const large = left.call('large');
  await settled(10);
  await streams[0]?.return();
  const next = left.stream('open').next();
  await settled(10);
  relay.filter = (_, chunk) => chunk;
  for (const chunk of late) relay.say(0, chunk);
  expect(await peers.until(next)).toEqual({ done: false, value: 'begun' });
  expect(await peers.until(large)).toHaveLength(500_000);
});
