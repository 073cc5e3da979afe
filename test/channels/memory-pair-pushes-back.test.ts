import { once } from 'node:events';
import { expect, test } from 'vitest';
import { memoryPair } from '../../transport/channels/index.ts';
import { bytes, turns } from './support.ts';

const KiB = 1024;

test('write() says false when 16 KiB lie unread, within one turn', () => {
  const [left] = memoryPair();
  let written = 1;
  while (left.write(Buffer.alloc(KiB))) written += 1;
  expect(written).toBe(16);
});

test('write() says false when 16 KiB lie unread, over many turns', async () => {
  const [left, right] = memoryPair();
  let written = 1;
  for (; left.write(Buffer.alloc(KiB)); written += 1) await turns(1);
  expect(written).toBe(16);
  await turns(1);
  expect(right.readableLength).toBe(16 * KiB);
  expect(left.write('x')).toBe(false);
});

test('callbacks come while there is room, and the next one when the other side reads', async () => {
  const [left, right] = memoryPair({ highWaterMark: 10 });
  const called: number[] = [];
  for (const size of [4, 5, 6, 7]) {
    left.write(Buffer.alloc(size), () => called.push(size));
    await turns(1);
  }
  expect(called).toEqual([4, 5]);
  expect(await bytes(right, 9)).toHaveLength(9);
  await turns(1);
  expect(called).toEqual([4, 5, 6]);
  expect(await bytes(right, 13)).toHaveLength(13);
  await turns(1);
  expect(called).toEqual([4, 5, 6, 7]);
});

test("'drain' comes when the other side reads, and not before", async () => {
  const [left, right] = memoryPair({ highWaterMark: 8 });
  let drained = false;
  left.on('drain', () => (drained = true));
  left.write('1234');
  await turns();
  expect(left.write('5678')).toBe(false);
  expect(left.writableNeedDrain).toBe(true);
  await turns();
  expect(drained).toBe(false);
  right.read();
  await once(left, 'drain');
  expect(left.write('again')).toBe(true);
});

test("neither the callback nor 'drain' runs inside the other side's read()", async () => {
  const [left, right] = memoryPair({ highWaterMark: 1 });
  const seen: string[] = [];
  left.write('x', () => seen.push('callback'));
  left.on('drain', () => seen.push('drain'));
  await turns();
  right.read();
  seen.push('read');
  await turns();
  expect(seen.toSorted()).toEqual(['callback', 'drain', 'read']);
  expect(seen[0]).toBe('read');
});

test('nothing arrives within write()', async () => {
  const [left, right] = memoryPair();
  let got = '';
  right.on('data', (chunk: Buffer) => (got += chunk.toString()));
  await turns();
  left.write('hello');
  expect(got).toBe('');
  await turns();
  expect(got).toBe('hello');
});

test('a reader may ask for more than one write holds, or than the mark', async () => {
  const [left, right] = memoryPair({ highWaterMark: 4 });
  for (let part = 0; part < 50; part += 1) left.write(String(part % 10));
  expect(await bytes(right, 40)).toBe('0123456789'.repeat(4));
});

test('the directions do not wait for each other', async () => {
  const [left, right] = memoryPair({ highWaterMark: 4 });
  expect(left.write('far too much')).toBe(false);
  right.write('y');
  expect(await bytes(left, 1)).toBe('y');
});

test('the writer may use its buffer again once the callback has come', async () => {
  const [left, right] = memoryPair();
  const buffer = Buffer.from('first');
  await new Promise((resolve) => left.write(buffer, resolve));
  buffer.write('WRONG');
  expect(await bytes(right, 5)).toBe('first');
});

test.each([0, -1, 1.5, Number.NaN, '16' as unknown as number])('a highWaterMark of %s is refused', (highWaterMark) => {
  expect(() => memoryPair({ highWaterMark })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }) as Error);
});
