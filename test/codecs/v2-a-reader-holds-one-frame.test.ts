import { expect, test } from 'vitest';
import { encodeFrame, type Frame } from '../../transport/codecs/virtagent-2-frames.ts';
import { readAll, readerOf, reasonsOf, seed, type Read } from './v2-support.ts';

const maxFrame = 1000;
/** All that a frame may have, and each byte of it escaped. */
const most = 2 * (maxFrame + 32);

const data = (payload: Buffer): Frame => ({
  kind: 'data',
  seq: 0,
  first: true,
  last: true,
  bytes: true,
  drop: false,
  number: undefined,
  total: undefined,
  payload,
});

test.each([1, 100, 5000])('a line without a FLAG is dropped as it comes, in pieces of %d, and the next frame is taken', (size) => {
  const reader = readerOf(maxFrame);
  const said: Read[] = [...reader.push(Buffer.from([0xff]))];
  for (let sent = 0; sent < 1_000_000; sent += size) {
    said.push(...reader.push(Buffer.alloc(size, 0x20)));
    if (reader.buffered > most) throw new Error(`holds ${reader.buffered}`);
  }
  said.push(...reader.push(encodeFrame(data(Buffer.from('x')), seed)));
  expect(reasonsOf(said)).toEqual(['message-too-large', 'taken']);
  expect(said[0]).toMatchObject({ dropped: 1_000_000 });
});

test('the largest frame is taken whole where every byte of it has to be escaped', () => {
  const frame = data(Buffer.alloc(maxFrame, 0xff));
  const line = encodeFrame(frame, seed);
  expect(line.length).toBeGreaterThan(2 * maxFrame);
  expect(readAll(line, [1], readerOf(maxFrame))).toStrictEqual([frame]);
});

test('what a side may send before it knows the limits is taken, however small they are', () => {
  const frame = data(Buffer.alloc(256, 0xfe));
  expect(readAll(encodeFrame(frame, seed), [1], readerOf(1))).toStrictEqual([frame]);
});

test('a payload is its own: what it came in may be written over, and it holds no more than itself, or what Node shares among small ones', () => {
  for (const payload of [
    Buffer.alloc(30_000, 0x41),
    Buffer.alloc(30_000, 0xff),
    Buffer.concat([Buffer.alloc(29_000), Buffer.alloc(1000, 0xfe)]),
  ]) {
    const chunk = encodeFrame(data(payload), seed);
    const read = readerOf().push(chunk)[0] as { payload: Buffer };
    chunk.fill(0x7b);
    expect(read.payload.equals(payload)).toBe(true);
    expect(read.payload.buffer.byteLength).toBeLessThanOrEqual(Math.max(payload.length * 1.5, Buffer.poolSize));
  }
});
