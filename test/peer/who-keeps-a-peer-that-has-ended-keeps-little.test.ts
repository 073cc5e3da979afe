import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { encodeBye, encodeData } from '../../transport/codecs/virtagent-2-frames.ts';
import { memoryPair } from '../../transport/index.ts';
import type { Peer } from '../../actors/index.ts';
import { opened, rejection, settled, type Loose } from '../support/peers.ts';
import { SessionEnd } from '../support/session-end.ts';

const total = 4 * 1024 * 1024;
const block = Buffer.alloc(64 * 1024, 'x');

/** All but the end of eight messages has come, and a part of a frame; a call is on its way. */
async function full(): Promise<{ peer: Peer<Loose>; far: SessionEnd; call: Promise<unknown> }> {
  const [ours, theirs] = memoryPair();
  const peer = opened<Loose>({ stream: ours, protocol: 'virtagent-2', clock: new SimulatedClock(), timeoutMs: Infinity });
  const far = new SessionEnd(theirs);
  await far.greet();
  await peer.ready();
  const call = rejection(peer.call('any', 'x'.repeat(2_000_000)));
  for (let number = 0; number < 8; number++) {
    for (let sent = 0; sent + block.length < total; sent += block.length) {
      const [first, seq] = [sent === 0, far.sent++ % 16_384];
      const flags = { first, last: false, bytes: false, drop: false, number, total: first ? total : undefined };
      far.line.write(encodeData({ seq, ...flags }, block, 0, block.length, far.seed));
    }
    await settled(2);
  }
  far.line.write(far.messageBytes({ method: 'none', params: 'x'.repeat(10_000) }).subarray(0, 8_000));
  await settled();
  expect(peer.transport.codec.buffered).toBeGreaterThan(8 * (total - 2 * block.length));
  return { peer, far, call };
}

test.each<[string, (peer: Peer<Loose>, far: SessionEnd) => void]>([
  ['was closed', (peer) => peer.close()],
  ['has lost its line for good', (_, far) => void far.line.destroy()],
  ['was told that the other side stops', (_, far) => void far.line.write(encodeBye({ seen: far.their.line, code: 1, text: '' }))],
])('one that %s', async (_how, end) => {
  const { peer, far, call } = await full();
  end(peer, far);
  await settled();
  await call;
  expect(peer.link).toBe('ended');
  expect(peer.transport.codec.buffered).toBe(0);
});
