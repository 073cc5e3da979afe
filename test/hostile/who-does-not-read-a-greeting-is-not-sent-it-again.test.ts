import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import type { Peer } from '../../actors/index.ts';
import { memoryPair } from '../../transport/index.ts';
import { FarSide } from '../../torture/hostile/far-side.ts';
import { opened, settled, type Loose } from '../support/peers.ts';

// What a peer can have said to it by few bytes of its own, and without reading any, it can have said until the memory is full.

async function met(highWaterMark: number): Promise<{ far: FarSide; peer: Peer<Loose>; unread: () => number }> {
  const [ours, line] = memoryPair({ highWaterMark });
  const far = new FarSide(line, { confirms: 1 });
  const peer = opened<Loose>({ stream: ours, protocol: 'virtagent-2', clock: new SimulatedClock() });
  await far.meet();
  return { far, peer, unread: () => ours.writableLength + line.readableLength };
}

const KiB = 1024;

test.each([
  ['the same HELLO', (far: FarSide) => void far.hello()],
  [
    'a HELLO of another line and its agreement',
    (far: FarSide, i: number) => void (far.hello({ line: nonce(i) }), far.hello({ line: nonce(i) })),
  ],
  ['a HELLO of another session', (far: FarSide, i: number) => void far.hello({ half: nonce(i), other: '' })],
  ['a HELLO that knows another session', (far: FarSide, i: number) => void far.hello({ other: nonce(i) })],
  ['limits that want ours', (far: FarSide) => void far.message({ method: '$/limits', params: { again: 1 } })],
  ['a STATUS that asks for one', (far: FarSide) => void far.status({ ask: true })],
])('%s, two thousand times', async (_what, say) => {
  const { far, peer, unread } = await met(4 * KiB);
  far.line.removeAllListeners('data');
  far.line.pause();
  void peer.call('any', { pad: 'x'.repeat(8 * KiB) }).catch(() => {});
  void peer.call('any', { pad: 'x'.repeat(8 * KiB) }).catch(() => {});
  await settled();
  for (let i = 1; i <= 2_000; i++) {
    say(far, i);
    if (i % 50 === 0) await settled(1);
  }
  await settled();
  expect(unread()).toBeLessThan(64 * KiB);
});

const nonce = (i: number): string => i.toString(16).padStart(12, '0');
