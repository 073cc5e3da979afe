import { expect, test } from 'vitest';
import type { OutgoingMessage } from '../../transport/messages.ts';
import { refusalOf, sent } from './v2-messages.ts';

const request = (params: unknown, own: object = {}): OutgoingMessage => ({ type: 'request', tag: 'a', method: 'm', params, ...own });
const result = (value: unknown): OutgoingMessage => ({ type: 'response', tag: 'a', answer: { ok: true, value } });
const blob = Buffer.from([1]);

function nested(depth: number, inside: unknown): unknown {
  let value = inside;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

test.each([
  ['null', null],
  ['a string', 'x'],
  ['a number', 0],
  ['a list', [1]],
  ['an object', {}],
  ['a byte string', blob],
])('params may be %s', (_what, params) => {
  expect(sent(request(params))).toMatchObject({ params });
});

test('what JSON has no words for is refused', () => {
  const loop: unknown[] = [blob];
  loop.push(loop, loop);
  const throwing = { toJSON: () => { throw new Error('no'); } }; // prettier-ignore
  const trap = new Proxy({}, { ownKeys: () => { throw new Error('no'); } }); // prettier-ignore
  for (const value of [loop, { loop }, 1n, { a: 1n }, { a: 1n, blob }, () => 1, Symbol('x'), throwing, [throwing, blob], trap]) {
    expect(refusalOf(request(value))).toBe('UNENCODABLE');
    expect(refusalOf(result(value))).toBe('UNENCODABLE');
    expect(refusalOf({ type: 'progress', token: 'a', value })).toBe('UNENCODABLE');
    expect(refusalOf({ type: 'item', tag: 'a', at: 0, value })).toBe('UNENCODABLE');
    const error = { code: 'REMOTE_ERROR', message: '', data: value } as const;
    expect(refusalOf({ type: 'response', tag: 'a', answer: { ok: false, error } })).toBe('UNENCODABLE');
  }
});

test.each([1, blob])('what would be nested too deep for the other side is refused here (%s)', (inside) => {
  expect(refusalOf(request(nested(127, inside)))).toBe('taken');
  expect(sent(request(nested(127, inside)))).toMatchObject({ type: 'request' });
  expect(refusalOf(request(nested(128, inside)))).toBe('UNENCODABLE');
  expect(sent({ type: 'item', tag: 'a', at: 0, value: nested(126, inside) })).toMatchObject({ type: 'item' });
  expect(refusalOf({ type: 'item', tag: 'a', at: 0, value: nested(127, inside) })).toBe('UNENCODABLE');
  expect(refusalOf(request(nested(9, inside)), { maxDepth: 10 })).toBe('taken');
  expect(refusalOf(request(nested(10, inside)), { maxDepth: 10 })).toBe('UNENCODABLE');
});

test('nesting that overflows the stack is refused, not thrown', () => {
  expect(refusalOf(result(nested(100_000, 1)))).toBe('UNENCODABLE');
  const endless = { toJSON: (): unknown => ({ next: endless }) };
  expect(refusalOf(result([endless]))).toBe('UNENCODABLE');
});

test('a tag is a string of at most 64 characters', () => {
  for (const tag of [undefined, null, 5, 't'.repeat(65)] as const) {
    expect(refusalOf(request(1, { tag }))).toBe('UNENCODABLE');
    expect(refusalOf({ ...result(1), tag } as OutgoingMessage)).toBe('UNENCODABLE');
    expect(refusalOf({ type: 'cancel', tag })).toBe('UNENCODABLE');
    expect(refusalOf({ type: 'status', tag: 'a', of: tag as string })).toBe('UNENCODABLE');
  }
  expect(refusalOf(request(1, { tag: 't'.repeat(64) }))).toBe('taken');
});

test("a method's name is a string that the other side takes, and not one of the protocol's own", () => {
  expect(refusalOf(request(1, { method: 'm'.repeat(256) }))).toBe('taken');
  for (const method of [undefined, 5, 'm'.repeat(257), '$/cancel', '$/anything']) {
    expect(refusalOf(request(1, { method }))).toBe('UNENCODABLE');
    expect(refusalOf({ type: 'notification', method, params: 1 } as OutgoingMessage)).toBe('UNENCODABLE');
  }
});

test('a message of the limit is made, and one byte more is refused', () => {
  const overhead = '{"id":"a","result":""}'.length;
  expect(refusalOf(result('x'.repeat(100 - overhead)), { maxMessageBytes: 100 })).toBe('taken');
  expect(refusalOf(result('x'.repeat(101 - overhead)), { maxMessageBytes: 100 })).toBe('MESSAGE_TOO_LARGE');
  expect(refusalOf(result('ü'.repeat(50)), { maxMessageBytes: 100 })).toBe('MESSAGE_TOO_LARGE');
});
