import { expect, test } from 'vitest';
import { memoryPair } from '../../transport/channels/index.ts';
import { opened } from '../support/peers.ts';

/** So much follows if nobody has a turn in between. */
const most = 50_000;

/** Two ends that answer each byte with the next, in ticks alone. */
function chatter(): { readonly said: () => number; stop(): void } {
  const ends = memoryPair();
  let said = 0;
  let isOver = false;
  for (const end of ends)
    end.on('data', () => {
      if (++said < most && !isOver) end.write('x');
    });
  ends[0].write('x');
  return { said: () => said, stop: () => void (isOver = true) };
}

test('a timer fires and a turn comes while both ends always have something to say', async () => {
  const { said, stop } = chatter();
  await new Promise((resolve) => setTimeout(resolve, 1));
  await new Promise((resolve) => setImmediate(resolve));
  stop();
  expect(said()).toBeLessThan(most);
});

test('so it does while a peer makes one call after another', async () => {
  const [a, b] = memoryPair();
  opened({ stream: b, methods: { ping: () => 'pong' } });
  const host = opened({ stream: a });
  let fired = false;
  setTimeout(() => (fired = true), 1);
  for (let calls = 0; calls < most && !fired; calls++) await host.call('ping');
  expect(fired).toBe(true);
});

test('and while it reads a stream without an end, which a timer ends', async () => {
  const [a, b] = memoryPair();
  const endless = async function* (): AsyncGenerator<number> {
    for (let n = 0; n < most; n++) yield n;
  };
  opened({ stream: b, methods: { endless } });
  const host = opened({ stream: a });
  const givingUp = new AbortController();
  setTimeout(() => givingUp.abort(), 1);
  const items = host.stream('endless', undefined, { signal: givingUp.signal });
  const read = async (): Promise<void> => {
    for await (const _ of items);
  };
  await expect(read()).rejects.toMatchObject({ code: 'CANCELLED' });
});

test('what waits for its turn arrives in order, and before the end', async () => {
  const { stop } = chatter();
  // The last of them waits for its turn now and then, as so many have gone before.
  for (let bytes = 120; bytes < 140; bytes++) {
    const [left, right] = memoryPair();
    const sent = Array.from({ length: bytes }, (_, n) => n);
    const read: number[] = [];
    const ended = new Promise<void>((resolve) => right.on('data', (chunk: Buffer) => read.push(...chunk)).on('end', resolve));
    for (const n of sent.slice(0, -1)) await new Promise((resolve) => left.write(Buffer.from([n]), resolve));
    left.write(Buffer.from(sent.slice(-1)));
    left.destroy();
    await ended;
    expect(read).toEqual(sent);
  }
  stop();
});
