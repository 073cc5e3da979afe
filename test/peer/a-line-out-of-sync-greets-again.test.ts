import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { VirtagentError } from '../../actors/index.ts';
import type { Channel } from '../../transport/index.ts';
import { opened, settled } from '../support/peers.ts';
import { virtualLine } from '../support/virtual-line.ts';

test('a line that is out of sync greets again without a new line: calls wait meanwhile, and each byte comes once', async () => {
  const line = virtualLine();
  const clock = new SimulatedClock();
  const asked: string[] = [];
  const v7 = { protocol: 'virtagent-v7', clock } as const;
  const host = opened({ ...v7, channel: line.left, role: 'host' });
  const guest = opened({ ...v7, channel: line.right, role: 'guest', methods: { echo: (params: unknown) => params } });
  guest.messages$.subscribe(({ direction, message }) => {
    if (direction === 'in' && 'method' in message) asked.push(String(message.method));
  });
  await Promise.all([host.ready(), guest.ready()]);
  await settled();
  asked.length = 0;
  const states: string[] = [];
  host.link$.subscribe(({ state }) => states.push(state));

  host.transport.resync();
  host.transport.resync();
  const call = host.call('echo', { n: 1 });
  await settled();
  expect([host.link, asked]).toEqual(['greeting', []]);
  clock.increment(250);
  expect(await call).toEqual({ n: 1 });
  expect(asked).toEqual(['capabilities', 'echo']);
  expect(states).toEqual(['up', 'greeting', 'up']);
  expect([line.lines(), host.counters.violations]).toEqual([1, 0]);
});

test('a peer that waits before another attempt can be told to try now, and its pauses begin anew', async () => {
  const clock = new SimulatedClock();
  let opens = 0;
  const channel: Channel = {
    name: 'test',
    reopens: true,
    open: async () => {
      opens++;
      throw new VirtagentError('CHANNEL_REFUSED', 'nobody listens');
    },
    close: async () => {},
  };
  const peer = opened({ channel, clock, retries: true, random: () => 0 });
  const after = async (ms: number): Promise<number> => {
    clock.increment(ms);
    await settled();
    return opens;
  };
  await settled();
  expect([await after(100), await after(199), await after(1)]).toEqual([2, 2, 3]);
  peer.reconnect();
  await settled();
  expect([opens, peer.link]).toEqual([4, 'waiting']);
  // As after the first failure, not after the fourth.
  expect([await after(99), await after(1)]).toEqual([4, 5]);
  peer.close();
  peer.reconnect();
  expect([await after(60_000), peer.link]).toEqual([5, 'ended']);
});
