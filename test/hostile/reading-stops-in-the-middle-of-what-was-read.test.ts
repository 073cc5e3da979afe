/** Rule 11: reading stops while the answers owed are over their limit; one chunk can hold thousands of requests. */
import { expect, test } from 'vitest';
import { everyProtocol, settled } from '../support/peers.ts';
import { against, answers, ask } from './support.ts';

const KiB = 1024;

test.each(everyProtocol)('a peer that does not read gets no more work done than it may leave unread ($protocol)', async ({ protocol }) => {
  let ran = 0;
  let out = 0;
  let most = 0;
  const { peer, say, line, hear, heard } = against(
    {
      protocol,
      maxOwedBytes: 100 * KiB,
      methods: {
        big: () => {
          ran++;
          most = Math.max(most, ran - out);
          return { data: 'x'.repeat(10 * KiB) };
        },
      },
    },
    { deaf: true, highWaterMark: 64 * KiB },
  );
  peer.messages$.subscribe(({ direction }) => (out += Number(direction === 'out')));
  await settled();
  say(...Array.from({ length: 500 }, (_, i) => ask(`t${i}`, 'big')));
  await settled();
  expect(ran).toBeLessThan(30);
  // Reads a little at a time: our reading goes on and stops again, each time in the middle of that one chunk.
  for (let i = 0; i < 5_000 && answers(heard).length < 500; i++) {
    hear(line.read(16 * KiB) ?? line.read());
    await settled(1);
  }
  expect(answers(heard).map(({ tag }) => tag)).toEqual(Array.from({ length: 500 }, (_, i) => `t${i}`));
  expect(most).toBeLessThan(15);
  expect(peer.counters).toMatchObject({ damaged: 0, violations: 0 });
});
