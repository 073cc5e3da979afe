import { expect, test } from 'vitest';
import { codecOf, decode, plain, raw, v7Request } from './support.ts';

const frame = v7Request('1', '{"method": "ping"}');
const unflushed = frame.subarray(0, -1);
const taken = { type: 'request', tag: '1', method: 'ping', params: undefined };
const decoded = (...parts: (Buffer | string)[]) =>
  plain(decode(codecOf('virtagent-v7'), Buffer.concat(parts.map((p) => (typeof p === 'string' ? raw(p) : p)))));

test('what stands before the first mark is one report', () => {
  expect(decoded('login: root\r\n', frame)).toStrictEqual(['noise 13', taken]);
});

test('what stands behind a flush byte is noise, and the flush byte is no part of it', () => {
  expect(decoded(frame, 'garbage', frame)).toStrictEqual([taken, 'noise 7', taken]);
});

test('what stands between a body and its flush byte is noise', () => {
  expect(decoded(unflushed, 'garbage', frame)).toStrictEqual([taken, 'noise 7', taken]);
});

test("the mark behind a body may be the next frame's", () => {
  expect(decoded(unflushed, unflushed, unflushed)).toStrictEqual([taken, taken, taken]);
});

test('the mark behind noise begins a frame', () => {
  expect(decoded(unflushed, 'abc', '\xffGET /', frame)).toStrictEqual([taken, 'noise 3', 'bad-header 6', taken]);
});

test('stray marks are nothing', () => {
  expect(decoded('\xff\xff\xff', frame, '\xff\xff', frame, '\xff')).toStrictEqual([taken, taken]);
});

test('noise is reported when the next mark comes, not before and not again', () => {
  const codec = codecOf('virtagent-v7');
  expect(codec.push(raw('abc'))).toEqual([]);
  expect(codec.push(raw('def'))).toEqual([]);
  expect(plain(codec.push(raw('\xff')))).toStrictEqual(['noise 6']);
  expect(codec.push(raw('\xff'))).toEqual([]);
  expect(codec.end()).toEqual([]);
});

test('noise is reported at the end when no mark comes', () => {
  expect(decoded(frame, 'bye')).toStrictEqual([taken, 'noise 3']);
});

test('a frame is delivered with its last byte, without waiting for a mark', () => {
  expect(plain(codecOf('virtagent-v7').push(unflushed))).toStrictEqual([taken]);
});

test('noise is not kept', () => {
  const codec = codecOf('virtagent-v7');
  codec.push(Buffer.alloc(1_000_000, 'x'));
  expect(codec.buffered).toBe(0);
});

test('the rest of a refused frame is not kept', () => {
  const codec = codecOf('virtagent-v7');
  codec.push(raw('\xffGET '));
  codec.push(Buffer.alloc(1_000_000, 'x'));
  expect(codec.buffered).toBe(0);
});
