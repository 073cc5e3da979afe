import { expect, test } from 'vitest';
import { errorTable, type ErrorCode } from '../../transport/errors.ts';
import type { Answer } from '../../transport/messages.ts';
import { codecOf, raw, refusal } from './support.ts';

const codec = codecOf('virtagent-v7');
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
const request = (params: unknown, tag: string | undefined = '1.1') => ({ type: 'request', tag, method: 'm', params }) as const;
const response = (answer: Answer) => ({ type: 'response', tag: '1.1', answer }) as const;
const bodyOf = (bytes: Uint8Array): unknown =>
  JSON.parse(
    Buffer.from(bytes)
      .toString()
      .replace(/^[^]*?\r\n\r\n/, '')
      .slice(0, -1),
  );
const errorBody = (error: Extract<Answer, { ok: false }>['error']) => bodyOf(codec.encode(response({ ok: false, error })));

test("a frame has the original's headers in the original's order", () => {
  expect(text(codec.encode(request({ a: 'ü' })))).toBe(
    text(
      raw(
        '\xffPOST /RPC2 HTTP/1.1\r\nContent-Type: text/xml\r\nContent-Length: 37\r\nX-Virtagent-Client-Tag: 1.1\r\n\r\n{"method": "m", "params": {"a":"\xc3\xbc"}}\xff',
      ),
    ),
  );
});

test('a success has errnum 0 and its value as return_data', () => {
  expect(bodyOf(codec.encode(response({ ok: true, value: undefined })))).toStrictEqual({ errnum: 0 });
  expect(bodyOf(codec.encode(response({ ok: true, value: { a: 1 } })))).toStrictEqual({ errnum: 0, return_data: { a: 1 } });
});

test.each(Object.entries(errorTable).map(([code, kind]) => [code as ErrorCode, 'errnum' in kind ? kind.errnum : -5] as const))(
  '%s is sent as errnum %d',
  (code, errnum) => {
    expect(errorBody({ code, message: 'why' })).toStrictEqual({ errnum, errstr: 'why' });
  },
);

test.each([
  [-13, -13],
  [13, -5],
  [0, -5],
  [-1.5, -5],
  [-1e300, -5],
])("a method's own error number %d is sent as %d", (number, errnum) => {
  expect(errorBody({ code: 'REMOTE_ERROR', message: 'mine', number })).toStrictEqual({ errnum, errstr: 'mine' });
});

test('an endless message is cut, and not within a character', () => {
  expect(errorBody({ code: 'HANDLER_FAILED', message: `${'x'.repeat(1023)}😀` })).toStrictEqual({ errnum: -5, errstr: 'x'.repeat(1023) });
});

test.each([
  ['null', null],
  ['an array', [1]],
  ['a string', 'x'],
  ['a number', 1],
  ['a function', () => 1],
  ['an object that turns into a string', new Date(0)],
  ['an object that turns into nothing', { toJSON: () => undefined }],
])('params that are %s are refused', (_what, params) => {
  expect(refusal(codec, request(params))).toBe('INVALID_PARAMS');
});

test.each([
  ['null', null],
  ['an array', [1]],
  ['a string', 'x'],
  ['a symbol', Symbol('x')],
  ['an object that turns into a string', new Date(0)],
])('a result that is %s is refused', (_what, value) => {
  expect(refusal(codec, response({ ok: true, value }))).toBe('UNENCODABLE');
});

test('what JSON has no words for is refused', () => {
  const loop: Record<string, unknown> = {};
  loop['loop'] = loop;
  expect(refusal(codec, request(loop))).toBe('UNENCODABLE');
  expect(refusal(codec, request({ n: 1n }))).toBe('UNENCODABLE');
  expect(refusal(codec, response({ ok: true, value: { n: 1n } }))).toBe('UNENCODABLE');
});

test.each([
  ['of 63 characters', 't'.repeat(63)],
  ['with a line break', 'a\r\nContent-Length: 1'],
  ['with a mark', 'a\xff'],
  ['with a control character', 'a\x00'],
  ['with a character that is no byte', 'ā'],
])('a tag of our own %s is refused', (_what, tag) => {
  expect(refusal(codec, request(undefined, tag))).toBe('UNENCODABLE');
});

test.each([['a\rb'], ['a\nb'], ['a\xff'], ['ā'], ['t'.repeat(63)], [5], [null]])(
  'no frame is made with the tag %j, even as an echo',
  (tag) => {
    expect(refusal(codec, { type: 'response', tag, answer: { ok: true, value: undefined } })).toBe('UNENCODABLE');
  },
);

test('what v7 has no message for is refused', () => {
  expect(refusal(codec, { type: 'notification', method: 'm', params: undefined })).toBe('UNSUPPORTED');
  expect(refusal(codec, { type: 'cancel', tag: '1' })).toBe('UNSUPPORTED');
  expect(refusal(codec, { type: 'progress', token: 1, value: 1 })).toBe('UNSUPPORTED');
});

test('a body of the limit is made, and one byte more is refused', () => {
  const overhead = '{"method": "m", "params": {"a":""}}'.length;
  const small = codecOf('virtagent-v7', { maxMessageBytes: 100 });
  expect(refusal(small, request({ a: 'x'.repeat(100 - overhead) }))).toBe('taken');
  expect(refusal(small, request({ a: 'x'.repeat(101 - overhead) }))).toBe('MESSAGE_TOO_LARGE');
  expect(refusal(small, request({ a: 'ü'.repeat(51) }))).toBe('MESSAGE_TOO_LARGE');
});

test('whatever the limits say, no length of more than seven digits is sent', () => {
  const large = codecOf('virtagent-v7', { maxMessageBytes: 20_000_000 });
  expect(refusal(large, request({ a: 'x'.repeat(9_999_000) }))).toBe('taken');
  expect(refusal(large, request({ a: 'x'.repeat(10_000_000) }))).toBe('MESSAGE_TOO_LARGE');
});

test('an error of the encoder says that nothing was sent', () => {
  expect(() => codec.encode(request([1]))).toThrowError(expect.objectContaining({ known: 'not-sent' }));
});
