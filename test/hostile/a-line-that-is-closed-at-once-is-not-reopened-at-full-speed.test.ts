/** Number 10 of the original's failures: whoever accepts and closes had it spin. */
import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import type { Duplex } from 'node:stream';
import { memoryPair, type Channel } from '../../transport/index.ts';
import { farSide } from '../support/far-side.ts';
import { opened, settled, type Loose } from '../support/peers.ts';

/** A channel whose lines are treated by `far`, and how many it has opened. */
function accepting(far: (line: Duplex) => void): { channel: Channel; opens: () => number } {
  let opens = 0;
  return {
    channel: {
      name: 'test',
      reopens: true,
      open: async () => {
        opens++;
        const [ours, line] = memoryPair();
        far(line);
        return ours;
      },
      close: async () => {},
    },
    opens: () => opens,
  };
}

async function pass(clock: SimulatedClock, ms: number): Promise<void> {
  for (let at = 0; at < ms; at += 50) {
    clock.increment(50);
    await settled(2);
  }
}

test('who accepts and says nothing is asked again with growing pauses, up to a second', async () => {
  const clock = new SimulatedClock();
  const { channel, opens } = accepting((line) => line.destroy());
  opened<Loose>({ channel, clock, random: () => 0, protocol: 'jsonrpc-lines' });
  await settled();
  await pass(clock, 10_000);
  expect(opens()).toBeGreaterThan(10);
  expect(opens()).toBeLessThan(20);
});

test('a line on which something was heard is opened again at once', async () => {
  const clock = new SimulatedClock();
  const { channel, opens } = accepting((line) => line.end('{"jsonrpc":"2.0","method":"bye"}\n'));
  opened<Loose>({ channel, clock, random: () => 0, protocol: 'jsonrpc-lines' });
  await settled();
  await pass(clock, 1_000);
  expect(opens()).toBeGreaterThan(15);
});

test('a line on which a session was agreed on is opened again at once', async () => {
  const clock = new SimulatedClock();
  let met = 0;
  const { channel, opens } = accepting((line) => {
    const side = farSide('virtagent-2', (bytes) => line.write(bytes));
    line.on('data', (chunk: Buffer) => side.push(chunk));
    side.whenMet(() => {
      met++;
      line.end();
    });
  });
  opened<Loose>({ channel, clock, random: () => 0, protocol: 'virtagent-2' });
  await settled();
  await pass(clock, 1_000);
  expect(opens()).toBeGreaterThan(15);
  expect(met).toBeGreaterThan(15);
});

test('calls go out on the first line that stays', async () => {
  const clock = new SimulatedClock();
  let closing = true;
  const { channel } = accepting((line) => {
    if (closing) line.destroy();
    else
      line.on('data', (chunk: Buffer) => {
        const { id } = JSON.parse(chunk.toString()) as { id: string };
        line.write(`{"jsonrpc":"2.0","id":"${id}","result":"here"}\n`);
      });
  });
  const peer = opened<Loose>({ channel, clock, random: () => 0, protocol: 'jsonrpc-lines' });
  await settled();
  await pass(clock, 5_000);
  closing = false;
  const call = peer.call('any');
  await pass(clock, 1_000);
  expect(await call).toBe('here');
});
