import { expect, test } from 'vitest';
import { everyProtocol, pairOfPeers } from '../support/peers.ts';

test.each(everyProtocol)(
  'calls of one urgency begin at the other side in the order in which they were made: $protocol',
  async (protocol) => {
    const begun: number[] = [];
    const { host } = await pairOfPeers(protocol, { methods: { note: ({ n }: { n: number }) => void begun.push(n) } });
    const numbers = Array.from({ length: 300 }, (_, n) => n);
    await Promise.all(numbers.map((n) => host.call('note', { n })));
    expect(begun).toEqual(numbers);
  },
);

test.each(['virtagent-2', 'jsonrpc-lines', 'jsonrpc-headers'] as const)('so do notifications among them: %s', async (protocol) => {
  const begun: number[] = [];
  const { host } = await pairOfPeers({ protocol }, { methods: { note: ({ n }: { n: number }) => void begun.push(n) } });
  const numbers = Array.from({ length: 300 }, (_, n) => n);
  await Promise.all(numbers.map((n) => (n % 3 === 0 ? host.notify('note', { n }) : host.call('note', { n }))));
  await host.call('note', { n: 300 });
  expect(begun).toEqual([...numbers, 300]);
});
