import { describe, expect, test } from 'vitest';
import { codecOf, headed, only, raw } from './support.ts';

// Both framings carry the same messages.
const readers = [
  ['jsonrpc-lines', (text: string) => only(codecOf('jsonrpc-lines'), Buffer.from(`${text}\n`))],
  ['jsonrpc-headers', (text: string) => only(codecOf('jsonrpc-headers'), headed(text))],
] as const;
const call = (members: string) => `{"jsonrpc": "2.0", ${members}}`;
const rejected = (code: string, tag: unknown = null) => ({ type: 'rejected', tag, error: { code } });

describe.each(readers)('%s', (name, read) => {
  test('an object with a method and an id is a request, with the bytes that it took', () => {
    const text = call('"id": "a", "method": "m", "params": {"x": 1}, "more": 1');
    const bytes = name === 'jsonrpc-lines' ? text.length + 1 : headed(text).length;
    expect(read(text)).toStrictEqual({ type: 'request', tag: 'a', method: 'm', params: { x: 1 }, bytes });
  });

  test('an object with a method and no id is a notification', () => {
    expect(read(call('"method": "m", "params": [1]'))).toMatchObject({ type: 'notification', method: 'm', params: [1] });
    expect(read(call('"method": "m"'))).toHaveProperty('params', undefined);
  });

  test.each([
    ['"a"', 'a'],
    ['""', ''],
    [JSON.stringify('t'.repeat(256)), 't'.repeat(256)],
    ['0', 0],
    ['-7', -7],
    ['1.5', 1.5],
    ['9007199254740991', 9007199254740991],
    ['null', null],
  ])('an id of %s comes back as it is', (id, tag) => {
    expect(read(call(`"id": ${id}, "method": "m"`))).toMatchObject({ type: 'request', tag });
  });

  test.each([['{}'], ['[1]'], ['true'], ['9007199254740992'], ['1e300'], ['1e999'], ['-1e999'], [JSON.stringify('t'.repeat(257))]])(
    'an id of %s is rejected, under null',
    (id) => {
      expect(read(call(`"id": ${id}, "method": "m"`))).toMatchObject(rejected('INVALID_REQUEST'));
    },
  );

  test.each([['null'], ['5'], ['"x"'], ['false']])('params of %s are rejected in a request, and reported in a notification', (params) => {
    expect(read(call(`"id": 1, "method": "m", "params": ${params}`))).toMatchObject(rejected('INVALID_PARAMS', 1));
    expect(read(call(`"method": "m", "params": ${params}`))).toMatchObject({ reason: 'not-a-message' });
  });

  test.each([
    ['no jsonrpc', '{"id": 1, "method": "m"}', 1],
    ['jsonrpc 1.0', '{"jsonrpc": "1.0", "id": 1, "method": "m"}', 1],
    ['jsonrpc as a number', '{"jsonrpc": 2.0, "id": 1, "method": "m"}', 1],
    ['no jsonrpc and no id', '{"method": "m"}', null],
    ['no jsonrpc and an unusable id', '{"id": {}, "method": "m"}', null],
    ['a method that is no string', call('"id": 1, "method": 5'), 1],
    ['a method that is no string, and no id', call('"method": 1, "params": "bar"'), null],
    ['params but no method', call('"id": 1, "params": {}'), 1],
    ['an empty object', '{}', null],
    ['nothing but jsonrpc', '{"jsonrpc": "2.0"}', null],
    ['an unusable id alone', '{"id": {}}', null],
    ['a number', '5', null],
    ['a string', '"hello"', null],
    ['null', 'null', null],
    ['true', 'true', null],
  ])('%s is rejected as no request, under the id if that is usable', (_what, text, tag) => {
    expect(read(text)).toMatchObject(rejected('INVALID_REQUEST', tag));
  });

  test('a method that is too long is rejected in a request, and reported in a notification', () => {
    expect(read(call(`"id": 1, "method": "${'m'.repeat(256)}"`))).toMatchObject({ type: 'request' });
    expect(read(call(`"id": 1, "method": "${'m'.repeat(257)}"`))).toMatchObject(rejected('INVALID_REQUEST', 1));
    expect(read(call(`"method": "${'m'.repeat(257)}"`))).toMatchObject({ reason: 'not-a-message' });
  });

  test.each([['{'], ['{"a": }'], ['hello'], ["{'a': 1}"], ['{"a": 1} {"b": 2}'], ['NaN'], ['\x00']])(
    '%j is rejected as not parsed, under null',
    (text) => {
      expect(read(text)).toMatchObject(rejected('PARSE_ERROR'));
    },
  );

  test('a message in UTF-8 is taken, with a byte order mark too', () => {
    expect(read(call('"method": "größe 漢字 😀"'))).toMatchObject({ type: 'notification', method: 'größe 漢字 😀' });
    expect(read(`\ufeff${call('"method": "m"')}`)).toMatchObject({ type: 'notification', method: 'm' });
  });

  test('a member that objects have anyway is not taken for one that was sent', () => {
    expect(read('{"__proto__": {"jsonrpc": "2.0", "method": "m"}}')).toMatchObject(rejected('INVALID_REQUEST'));
    expect(read(call('"id": 1, "method": "m", "params": {"__proto__": {"x": 1}, "constructor": 1}'))).toMatchObject({ type: 'request' });
    expect(({} as { x?: number }).x).toBeUndefined();
  });
});

test.each([
  ['an overlong form', [0xc0, 0xaf]],
  ['half a surrogate pair', [0xed, 0xa0, 0x80]],
  ['a cut character', [0xe2, 0x82]],
  ['a byte of no text', [0xff]],
])('UTF-8 with %s is rejected', (_what, bad) => {
  const body = Buffer.concat([raw('{"jsonrpc":"2.0","id":1,"method":"'), Buffer.from(bad), raw('"}')]);
  const header = raw(`Content-Length: ${body.length}\r\n\r\n`);
  expect(only(codecOf('jsonrpc-lines'), Buffer.concat([body, raw('\n')]))).toMatchObject(rejected('PARSE_ERROR'));
  expect(only(codecOf('jsonrpc-headers'), Buffer.concat([header, body]))).toMatchObject(rejected('PARSE_ERROR'));
});
