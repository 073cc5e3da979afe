import { expect, test } from 'vitest';
import { pairOfPeers, settled } from '../support/peers.ts';

test.each([
  [1, 1],
  [8, 4],
  [3, 1],
])('%d streams without end, whose readers keep up, leave room for calls on %d slots', async (streams, executeSlots) => {
  const methods = {
    async *endless() {
      for (let n = 0; ; n++) yield n;
    },
    ping: () => 'pong',
  };
  const { host, guest } = await pairOfPeers({ protocol: 'virtagent-2' }, { methods, executeSlots });
  const read = Array.from({ length: streams }, () => 0);
  let isOver = false;
  const reading = read.map(async (_, at) => {
    for await (const n of host.stream('endless')) {
      expect(n).toBe(read[at]);
      read[at] = (read[at] as number) + 1;
      if (isOver) break;
    }
  });
  for (let n = 0; n < 20; n++) expect(await host.call('ping')).toBe('pong');
  // None of the streams waits for the others to end either.
  while (read.some((count) => count < 200)) await settled(1);
  isOver = true;
  await Promise.all(reading);
  await settled(5);
  expect(guest.slots.execute).toMatchObject({ taken: 0, parked: 0, waiting: 0 });
});
