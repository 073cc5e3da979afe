import { expect, test } from 'vitest';
import { Random } from '../../torture/random.ts';
import { SessionPeers } from '../peer/session-peers.ts';
import { seed } from '../property.ts';

const streams = 30;

test.each([1e-5, 1e-4, 1e-3])(`a plain line with a bit flipped in a byte with a chance of %d (SEED=${seed})`, async (rate) => {
  const random = new Random(seed);
  const methods = {
    async *count({ to, pad }: { to: number; pad: string }) {
      for (let n = 0; n < to; n++) yield { n, pad };
      return to;
    },
  };
  // Of the seed as well, or a run that fails is not to be had again.
  const peers = await SessionPeers.up({ random: random.fork('left').next }, { methods, random: random.fork('right').next });
  let hit = 0;
  peers.relay.filter = (_, chunk) => {
    const noisy = Buffer.from(chunk);
    for (let at = 0; at < noisy.length; at++) {
      if (random.next() >= rate) continue;
      noisy[at] = (noisy[at] as number) ^ (1 << random.below(8));
      hit++;
    }
    return noisy;
  };
  const ended: unknown[] = [];
  const read = async (to: number, pad: number): Promise<void> => {
    const stream = peers.left.stream('count', { to, pad: 'x'.repeat(pad) }, { room: { items: 1 + random.below(8), bytes: 20_000 } });
    let items = 0;
    try {
      for (;;) {
        const { done, value } = await stream.next();
        if (done === true) break;
        // What comes is right, and in its place.
        expect((value as { n: number }).n).toBe(items++);
      }
      expect(items).toBe(to);
      ended.push('whole');
    } catch (error) {
      ended.push((error as { code?: unknown }).code ?? error);
    }
  };
  const all = Promise.all(Array.from({ length: streams }, () => read(random.below(60), random.below(800))));
  // None has a deadline.
  for (let second = 0; second < 130 && ended.length < streams; second++) await peers.pass(1_000, 250);
  // An expectation that failed above has failed the stream, and is among its ends.
  const ways = new Set(ended);
  for (const way of ways) expect(['whole', 'ITEMS_LOST', 'LINE_LOST', 'LINE_SILENT']).toContain(way);
  expect(ended).toHaveLength(streams);
  await all;
  if (hit === 0) expect(ways).toEqual(new Set(['whole']));
  peers.left.close();
  peers.right.close();
});
