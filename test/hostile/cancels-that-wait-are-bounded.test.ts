/** A session reads on while its answers are unread; what it keeps meanwhile is bounded, also of what costs its sender no credit. */
import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { memoryPair } from '../../transport/index.ts';
import { opened, settled, type Loose } from '../support/peers.ts';
import { SessionEnd } from '../support/session-end.ts';

const KiB = 1024;
/** Cancels and the like, without their frames. */
const most = 512 * KiB;
/** A chunk, and what two streams hold between them. */
const slack = 64 * KiB;

test('who leaves answers unread and sends nothing but cancels is read up to a limit, and then cut off with a reason', async () => {
  const clock = new SimulatedClock();
  const [ours, theirs] = memoryPair({ highWaterMark: 16 * KiB });
  const peer = opened<Loose>({
    stream: ours,
    protocol: 'virtagent-2',
    clock,
    maxOwedBytes: 100 * KiB,
    methods: { big: () => 'x'.repeat(10 * KiB) },
  });
  const far = new SessionEnd(theirs);
  await far.greet();
  await peer.ready();
  theirs.pause();
  for (let n = 0; n < 40; n++) far.message({ id: `big ${n}`, method: 'big' });
  await settled(3);
  const before = peer.counters.bytesIn;
  const cancel = { method: '$/cancel', params: { id: 'nobody' } };
  const size = JSON.stringify(cancel).length;
  const count = (4 * most) / size;
  for (let n = 0; n < count; n++) far.message(cancel);
  let read = -1;
  while (read !== peer.counters.bytesIn) {
    read = peer.counters.bytesIn;
    await settled(3);
  }
  const frame = 11;
  const came = ((read - before) * size) / (size + frame);
  expect(came).toBeGreaterThan(most);
  expect(came).toBeLessThan(most + slack);
  expect(peer.link).toBe('up');
  // Of all that it has said the rest is not looked at: what it has taken of our answers is behind it.
  const ended = peer.ended();
  for (let ms = 0; ms < 20_000; ms += 1_000) {
    clock.increment(1_000);
    await settled(1);
  }
  expect(await ended).toMatchObject({ code: 'STALLED' });
  expect(peer.manager.jobs).toBe(0);
  expect(peer.counters.violations).toBe(0);
});
