import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { memoryPair } from '../../transport/channels/index.ts';
import { bytes, text, turns } from './support.ts';

function eventsOf(stream: Duplex): string[] {
  const seen: string[] = [];
  for (const name of ['data', 'end', 'finish', 'error', 'close'] as const) stream.on(name, () => seen.push(name));
  return seen;
}

test('end() ends one direction; the other goes on until it is ended too', async () => {
  const [left, right] = memoryPair();
  const seen = [eventsOf(left), eventsOf(right)];
  left.end('bye');
  await once(right, 'end');
  right.write('still here');
  await once(left, 'data');
  right.end();
  await Promise.all([once(left, 'close'), once(right, 'close')]);
  expect(seen[0]).toEqual(['finish', 'data', 'end', 'close']);
  expect(seen[1]).toEqual(['data', 'end', 'finish', 'close']);
});

test("'finish' does not wait for a reader while there is room, and does when there is none", async () => {
  const [left, right] = memoryPair({ highWaterMark: 4 });
  left.end('abc');
  await once(left, 'finish');
  right.end('abcdef');
  let finished = false;
  right.on('finish', () => (finished = true));
  await turns();
  expect(finished).toBe(false);
  left.resume();
  await once(right, 'finish');
});

test.each([undefined, new Error('mine alone')])("destroy(%s) shows at the other side as 'end', then 'close'", async (error) => {
  const [left, right] = memoryPair();
  left.on('error', () => {});
  const seen = eventsOf(right);
  left.destroy(error);
  await once(right, 'close');
  expect(seen).toEqual(['end', 'close']);
  expect(right.errored).toBeNull();
});

test('what was written before destroy() still arrives', async () => {
  const [left, right] = memoryPair();
  const closed = once(right, 'close');
  left.write('last words');
  left.destroy();
  expect(await text(right)).toBe('last words');
  await closed;
});

test('an unread side keeps its bytes after the other is destroyed, and closes once they are read', async () => {
  const [left, right] = memoryPair();
  left.write('kept');
  await turns();
  left.destroy();
  await turns();
  expect(right.destroyed).toBe(false);
  expect(await bytes(right, 4)).toBe('kept');
  right.resume();
  await once(right, 'close');
});

test('writes that the destroyed side had not read end without an error', async () => {
  const [left, right] = memoryPair({ highWaterMark: 4 });
  const seen = eventsOf(right);
  const results: unknown[] = [];
  for (const part of ['12345678', 'more', 'and more']) right.write(part, (error) => results.push(error ?? null));
  await turns();
  expect(results).toEqual([]);
  left.destroy();
  await once(right, 'close');
  expect(seen).toEqual(['end', 'close']);
  expect(results[0]).toBeNull();
});

test('destroying a side settles its own write that was not read', async () => {
  const [left] = memoryPair({ highWaterMark: 1 });
  const settled = new Promise((resolve) => left.write('xx', resolve));
  await turns();
  left.destroy();
  await settled;
});

test('both sides may be destroyed at once, or one after it has ended', async () => {
  const [left, right] = memoryPair();
  left.destroy();
  right.destroy();
  await Promise.all([once(left, 'close'), once(right, 'close')]);
  const [ended, other] = memoryPair();
  const seen = eventsOf(other);
  ended.end();
  await once(other, 'end');
  ended.destroy();
  await once(other, 'close');
  expect(seen).toEqual(['end', 'close']);
});

test('a destroyed side takes no more', async () => {
  const [left, right] = memoryPair();
  left.destroy();
  right.resume();
  await once(right, 'close');
  right.on('error', () => {});
  await new Promise<void>((resolve) =>
    right.write('x', (error) => {
      expect(error).toMatchObject({ code: 'ERR_STREAM_DESTROYED' });
      resolve();
    }),
  );
});
