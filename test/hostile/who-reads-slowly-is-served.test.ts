import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { memoryPair } from '../../transport/index.ts';
import { FarSide, request } from '../../torture/hostile/far-side.ts';
import { opened, settled } from '../support/peers.ts';

const stallTimeoutMs = 1_000;

test.each([
  { reads: true, link: 'up' },
  { reads: false, link: 'ended' },
])(
  'answers that are read within stallTimeoutMs, one after the other, keep a line; none that is read ends it (reads: $reads)',
  async (one) => {
    const [ours, line] = memoryPair({ highWaterMark: 1_024 });
    const far = new FarSide(line, { confirms: 1 });
    const clock = new SimulatedClock();
    const methods = { big: () => 'x'.repeat(1_000_000) };
    const peer = opened({
      stream: ours,
      protocol: 'virtagent-2',
      clock,
      methods,
      maxOwedBytes: 50_000,
      stallTimeoutMs,
      heartbeatMs: 60_000,
    });
    await far.meet();
    far.line.pause();
    for (let i = 0; i < 40; i++) far.message(request(`${i}`, 'big'));
    await settled();
    for (let second = 0; second < 5; second++) {
      if (one.reads) {
        // One frame of the four million bytes that it is owed.
        far.line.once('data', () => far.line.pause());
        far.line.resume();
        await settled(2);
      }
      clock.increment(stallTimeoutMs);
      await settled(2);
    }
    expect(peer.link).toBe(one.link);
  },
);
