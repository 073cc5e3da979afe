import { expect, test } from 'vitest';
import { encodeFrame } from '../../transport/codecs/virtagent-2-frames.ts';
import { plainly, readAll, readerOf, seed } from './v2-support.ts';

const bye = { kind: 'bye', seen: '', code: 1, text: 'so long' } as const;
const frame = encodeFrame(bye, seed);
const print = Buffer.from('[    0.000000] Linux version 6.12\r\nlogin: ');

test.each([Infinity, 7, 1])('what a line begins with is dropped up to the first FLAG, and told as one (pieces of %d)', (size) => {
  expect(plainly(readAll(Buffer.concat([print, frame]), [size]))).toEqual([`noise ${print.length}`, bye]);
});

test('none of it is held', () => {
  const reader = readerOf();
  for (let i = 0; i < 1000; i++) {
    expect(reader.push(print)).toEqual([]);
    expect(reader.buffered).toBe(0);
  }
  expect(plainly(reader.push(frame))).toEqual([`noise ${1000 * print.length}`, bye]);
});

test('a line that ends before any FLAG says so at its end', () => {
  expect(plainly(readAll(print, [5]))).toEqual([`noise ${print.length}`]);
});

test('a line that begins with a FLAG has none, and neither has an empty one', () => {
  expect(readAll(frame)).toEqual([bye]);
  expect(readAll(Buffer.alloc(0))).toEqual([]);
  expect(readAll(Buffer.alloc(50, 0xff))).toEqual([]);
});
