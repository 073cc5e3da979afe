import { expect, test } from 'vitest';
import { pairOfPeers, settled } from '../support/peers.ts';

test('who begins and leaves streams of handlers that never return has as many of them run as there are slots', async () => {
  let begun = 0;
  const methods = {
    async *deaf() {
      begun++;
      yield 'begun';
      await new Promise(() => {});
    },
  };
  const { host, guest } = await pairOfPeers({}, { methods, executeSlots: 3 });
  for (let round = 0; round < 50; round++) {
    const streams = Array.from({ length: 40 }, () => host.stream('deaf'));
    for (const stream of streams) void stream.next().catch(() => {});
    await settled();
    for (const stream of streams) stream.cancel();
  }
  await settled(20);
  expect(begun).toBe(3);
  expect(guest.slots).toMatchObject({ execute: { taken: 3, parked: 0, waiting: 0 }, server: { count: 3 } });
});
