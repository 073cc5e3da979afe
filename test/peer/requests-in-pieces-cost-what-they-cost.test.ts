import { expect, test } from 'vitest';
import { pairOfPeers, settled } from '../support/peers.ts';

const never = (): Promise<never> => new Promise(() => {});
const methods = { echo: ({ n }: { n: number }) => n, never };
const large = 'x'.repeat(50_000);

test('many of them leave the two sides agreed on what may wait', async () => {
  const { host, guest } = await pairOfPeers({ protocol: 'virtagent-2' }, { methods, maxServerJobs: 4, executeSlots: 1 });
  for (let n = 0; n < 20; n++) expect(await Promise.all([1, 2, 3].map(() => host.call('echo', { n, large })))).toEqual([n, n, n]);
  const calls = Array.from({ length: 100 }, () => host.call('never').catch(() => {}));
  await settled(20);
  expect([host.link, guest.link]).toEqual(['up', 'up']);
  host.close();
  await Promise.all(calls);
});

test('the last to begin may end before others that began earlier, and leave nothing for them', async () => {
  const { host, guest } = await pairOfPeers({ protocol: 'virtagent-2' }, { methods, maxServerBytes: 500_000, executeSlots: 1 });
  const calls = [host.call('never').catch(() => {})];
  for (const [urgency, size] of [
    [0, 2],
    [1, 2],
    [2, 9],
  ] as const)
    calls.push(host.call('echo', { large: large.repeat(size) }, { urgency, timeoutMs: 500 }).catch(() => {}));
  await settled(100);
  expect([host.link, guest.link]).toEqual(['up', 'up']);
  host.close();
  await Promise.all(calls);
});
