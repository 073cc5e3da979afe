import { describe, expect, test } from 'vitest';
import { errorTable, type ErrorCode } from '../../transport/errors.ts';
import type { OutgoingMessage, WireError } from '../../transport/messages.ts';
import { codecOf, refusal } from './support.ts';

const lines = codecOf('jsonrpc-lines');
const headers = codecOf('jsonrpc-headers');
const line = (message: OutgoingMessage) => Buffer.from(lines.encode(message)).toString();
const sent = (message: OutgoingMessage): unknown => JSON.parse(line(message));
const response = (value: unknown) => ({ type: 'response', tag: 'a', answer: { ok: true, value } }) as const;
const failure = (error: WireError) => ({ type: 'response', tag: 'a', answer: { ok: false, error } }) as const;

test('a message is one line, whatever is in it', () => {
  const text = 'a\r\nb\u2028\u0000"\\ü😀';
  expect(line({ type: 'request', tag: text, method: text, params: { [text]: text } })).toMatch(/^[^\r\n]*\n$/);
  expect(sent({ type: 'request', tag: text, method: text, params: { [text]: text } })).toStrictEqual({
    jsonrpc: '2.0',
    id: text,
    method: text,
    params: { [text]: text },
  });
});

test('a message with headers has its length in bytes', () => {
  const text = '{"jsonrpc":"2.0","method":"ü"}';
  expect(Buffer.from(headers.encode({ type: 'notification', method: 'ü', params: undefined })).toString()).toBe(
    `Content-Length: ${text.length + 1}\r\n\r\n${text}`,
  );
});

test('params that are undefined are left out', () => {
  expect(line({ type: 'request', tag: 1, method: 'm', params: undefined })).toBe('{"jsonrpc":"2.0","id":1,"method":"m"}\n');
  expect(line({ type: 'notification', method: 'm', params: undefined })).toBe('{"jsonrpc":"2.0","method":"m"}\n');
});

test('params may be an object or an array', () => {
  expect(sent({ type: 'notification', method: 'm', params: { a: 1 } })).toHaveProperty('params', { a: 1 });
  expect(sent({ type: 'notification', method: 'm', params: [1] })).toHaveProperty('params', [1]);
});

test.each([
  ['null', null],
  ['a string', 'x'],
  ['a number', 0],
  ['a function', () => 1],
  ['a date', new Date(0)],
  ['an object that turns into nothing', { toJSON: () => undefined }],
])('params that are %s are refused', (_what, params) => {
  expect(refusal(lines, { type: 'request', tag: 1, method: 'm', params })).toBe('INVALID_PARAMS');
  expect(refusal(headers, { type: 'notification', method: 'm', params })).toBe('INVALID_PARAMS');
});

test('a result that is undefined is sent as null', () => {
  expect(line(response(undefined))).toBe('{"jsonrpc":"2.0","id":"a","result":null}\n');
});

test.each([[null], [0], [''], [false], [[1]], [{ a: { b: [] } }]])('the result %j is sent as it is', (value) => {
  expect(sent(response(value))).toStrictEqual({ jsonrpc: '2.0', id: 'a', result: value });
});

test('what JSON has no words for is refused', () => {
  const loop: unknown[] = [];
  loop.push(loop);
  expect(refusal(lines, { type: 'request', tag: 1, method: 'm', params: loop })).toBe('UNENCODABLE');
  expect(refusal(lines, response(loop))).toBe('UNENCODABLE');
  expect(refusal(lines, response(1n))).toBe('UNENCODABLE');
  expect(
    refusal(
      lines,
      response(() => 1),
    ),
  ).toBe('UNENCODABLE');
  expect(refusal(lines, response(Symbol('x')))).toBe('UNENCODABLE');
  expect(refusal(lines, failure({ code: 'REMOTE_ERROR', message: '', data: 1n }))).toBe('UNENCODABLE');
  expect(refusal(headers, { type: 'progress', token: 1, value: 1n })).toBe('UNENCODABLE');
  const throwing = { toJSON: () => { throw new Error('no'); } }; // prettier-ignore
  expect(refusal(lines, response(throwing))).toBe('UNENCODABLE');
});

test('nesting that overflows the stack is refused, not thrown', () => {
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = [deep];
  expect(refusal(lines, response(deep))).toBe('UNENCODABLE');
});

test.each([[undefined], [Number.NaN], [Infinity], [2 ** 60], ['t'.repeat(257)]])(
  'a request with the id %s is refused: it could not be answered',
  (tag) => {
    expect(refusal(lines, { type: 'request', tag, method: 'm', params: undefined })).toBe('UNENCODABLE');
    expect(refusal(headers, { type: 'cancel', tag })).toBe('UNENCODABLE');
  },
);

test('a response to no id goes out under null', () => {
  expect(sent({ ...response(1), tag: undefined })).toHaveProperty('id', null);
  expect(sent({ ...response(1), tag: null })).toHaveProperty('id', null);
});

test.each(Object.entries(errorTable).map(([code, kind]) => [code as ErrorCode, 'jsonrpc' in kind ? kind.jsonrpc : -32603] as const))(
  '%s is sent as %d',
  (code, number) => {
    expect(sent(failure({ code, message: 'why' }))).toStrictEqual({ jsonrpc: '2.0', id: 'a', error: { code: number, message: 'why' } });
  },
);

test.each([
  [-32001, -32001],
  [5, 5],
  [0, 0],
  [1.5, -32603],
  [1e300, -32603],
  [undefined, -32603],
])("a method's own error number %s is sent as %d", (number, code) => {
  expect(sent(failure({ code: 'REMOTE_ERROR', message: 'mine', number }))).toHaveProperty('error.code', code);
});

test("only a method's own error has its own number", () => {
  expect(sent(failure({ code: 'TIMEOUT', message: '', number: 5 }))).toHaveProperty('error.code', -32012);
});

test('the data of an error is sent unless it is undefined', () => {
  expect(sent(failure({ code: 'REMOTE_ERROR', message: '', data: null }))).toHaveProperty('error.data', null);
  expect(sent(failure({ code: 'REMOTE_ERROR', message: '', data: [1] }))).toHaveProperty('error.data', [1]);
  expect(sent(failure({ code: 'REMOTE_ERROR', message: '', data: undefined }))).not.toHaveProperty('error.data');
});

test('an endless message of an error is cut to 1024 characters', () => {
  expect(sent(failure({ code: 'REMOTE_ERROR', message: 'x'.repeat(5000) }))).toHaveProperty('error.message', 'x'.repeat(1024));
});

describe.each(['jsonrpc-lines', 'jsonrpc-headers'] as const)('%s', (name) => {
  test('a message of the limit is made, and one byte more is refused', () => {
    const small = codecOf(name, { maxMessageBytes: 100 });
    const overhead = '{"jsonrpc":"2.0","id":"a","result":""}'.length;
    expect(refusal(small, response('x'.repeat(100 - overhead)))).toBe('taken');
    expect(refusal(small, response('x'.repeat(101 - overhead)))).toBe('MESSAGE_TOO_LARGE');
    expect(refusal(small, response('ü'.repeat(50)))).toBe('MESSAGE_TOO_LARGE');
  });
});
