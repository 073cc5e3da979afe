import { describe, expect, test } from 'vitest';
import { decodeMessage } from '../../transport/codecs/virtagent-2-messages.ts';
import { v2Limits } from '../../transport/limits.ts';
import { gist, readText } from './v2-messages.ts';

const longTag = JSON.stringify('t'.repeat(65));
const longName = JSON.stringify('m'.repeat(257));

describe('a request that can not be taken is refused under its tag', () => {
  test.each([
    [`{"id":"a","method":${longName}}`, 'rejected INVALID_REQUEST a'],
    ['{"id":"a","method":"m","deadline":-1}', 'rejected INVALID_REQUEST a'],
    ['{"id":"a","method":"m","deadline":1.5}', 'rejected INVALID_REQUEST a'],
    ['{"id":"a","method":"m","deadline":null}', 'rejected INVALID_REQUEST a'],
    ['{"id":"a","method":"m","deadline":1e300}', 'rejected INVALID_REQUEST a'],
    ['{"id":"a","method":"m","urgency":3}', 'rejected INVALID_REQUEST a'],
    ['{"id":"a","method":"m","urgency":"0"}', 'rejected INVALID_REQUEST a'],
    ['{"id":"a","method":"m","wants":"items"}', 'rejected INVALID_REQUEST a'],
    ['{"id":"a","method":"m","wants":{}}', 'rejected INVALID_REQUEST a'],
    ['{"id":"a","method":"m","wants":{"items":1}}', 'rejected INVALID_REQUEST a'],
    ['{"id":"a","method":"m","wants":{"items":-1,"bytes":1}}', 'rejected INVALID_REQUEST a'],
    ['{"id":"a","method":"m","wants":[1,2]}', 'rejected INVALID_REQUEST a'],
    ['{"id":"a","method":"m","nested":1}', 'rejected INVALID_REQUEST a'],
    ['{"id":"a","method":5}', 'rejected INVALID_REQUEST a'],
    ['{"id":"a","params":5}', 'rejected INVALID_REQUEST a'],
    ['{"id":"a","method":"$/status"}', 'rejected INVALID_PARAMS a'],
    ['{"id":"a","method":"$/status","params":{"id":5}}', 'rejected INVALID_PARAMS a'],
  ])('%s', (text, expected) => {
    expect(gist(readText(text))).toBe(expected);
  });
});

describe('a response that can not be used fails its call', () => {
  test.each([
    ['{"id":"a"}'],
    ['{"id":"a","result":1,"error":{"code":1,"message":""}}'],
    ['{"id":"a","result":1,"error":null}'],
    ['{"id":"a","result":1,"method":5}'],
    ['{"id":"a","error":null}'],
    ['{"id":"a","error":"no"}'],
    ['{"id":"a","error":[1,"no"]}'],
    ['{"id":"a","error":{"code":1}}'],
    ['{"id":"a","error":{"message":"no"}}'],
    ['{"id":"a","error":{"code":1.5,"message":"no"}}'],
    ['{"id":"a","error":{"code":1,"message":5}}'],
  ])('%s', (text) => {
    expect(gist(readText(text))).toBe('response INVALID_RESPONSE a');
  });
});

describe('what could not be answered is damage', () => {
  test.each([
    [''],
    ['x'],
    ['{"method":"m"'],
    ['{"method":"m"} '.padEnd(20, 'x')],
    ['5'],
    ['null'],
    ['"text"'],
    ['[]'],
    ['[{"method":"m"}]'],
    ['{}'],
    ['{"params":1}'],
    ['{"id":5,"method":"m"}'],
    ['{"id":null,"method":"m"}'],
    ['{"id":{"a":1},"method":"m"}'],
    [`{"id":${longTag},"method":"m"}`],
    [`{"id":${longTag},"result":1}`],
    ['{"result":1}'],
    ['{"id":5,"result":1}'],
    ['{"id":null,"error":{"code":1,"message":"no"}}'],
    [`{"method":${longName}}`],
    ['{"method":"$/cancel"}'],
    ['{"method":"$/cancel","params":{"id":5}}'],
    [`{"method":"$/cancel","params":{"id":${longTag}}}`],
    ['{"method":"$/progress","params":{"value":5}}'],
    ['{"method":"$/progress","params":{"id":"a"}}'],
    ['{"method":"$/progress","params":{"token":"a","value":5}}'],
    ['{"method":"$/item","params":{"id":"a"}}'],
    ['{"method":"$/item","params":["a",5]}'],
    ['{"method":"$/more","params":{"id":"a","items":1}}'],
    ['{"method":"$/more","params":{"id":"a","items":-1,"bytes":1}}'],
    ['{"method":"$/more","params":{"id":"a","items":"1","bytes":1}}'],
    ['{"method":"$/limits"}'],
    ['{"method":"$/limits","params":[]}'],
  ])('%s', (text) => {
    expect(gist(readText(text))).toBe('not-a-message');
  });

  test('bytes that are no UTF-8', () => {
    expect(gist(decodeMessage(Buffer.from('{"method":"\xe4"}', 'latin1'), false, v2Limits))).toBe('not-a-message');
  });

  test('the count of what was dropped is that of the message', () => {
    expect(readText('{"id":5,"method":"m"}')).toMatchObject({ dropped: 21 });
  });
});

test('a message above the limit is not parsed', () => {
  const text = '{"method":"m"}';
  expect(gist(readText(text, undefined, { maxMessageBytes: 14 }))).toBe('notification');
  expect(gist(readText(text, undefined, { maxMessageBytes: 13 }))).toBe('message-too-large');
});

test('nesting of exactly the limit is taken, and one more is not', () => {
  const nested = (depth: number): string => `{"id":"a","method":"m","params":${'['.repeat(depth)}1${']'.repeat(depth)}}`;
  expect(gist(readText(nested(127)))).toBe('request');
  expect(gist(readText(nested(128)))).toBe('not-a-message');
  expect(gist(readText('['.repeat(1_000_000)))).toBe('not-a-message');
});

test("the protocol's own methods that are not known are for who takes the message to ignore", () => {
  expect(readText('{"method":"$/new","params":[1]}')).toMatchObject({ type: 'notification', method: '$/new', params: [1] });
  expect(readText('{"id":"a","method":"$/new"}')).toMatchObject({ type: 'request', method: '$/new' });
  // Those that are known, but not as requests.
  expect(readText('{"id":"a","method":"$/cancel","params":{"id":"b"}}')).toMatchObject({ type: 'request', method: '$/cancel' });
  expect(readText('{"method":"$/status","params":{"id":"b"}}')).toMatchObject({ type: 'notification', method: '$/status' });
});

test('of the limits, those that are known and whole numbers are taken', () => {
  const limits = { frame: 4096, depth: 0, method: -1, streams: 1.5, keepMs: '5', heartbeatMs: null, message: 2 ** 60, more: 7 };
  const text = `{"method":"$/limits","params":${JSON.stringify({ ...limits, toString: 5 })}}`;
  expect(readText(text)).toStrictEqual({ type: 'limits', limits: { frame: 4096, depth: 0 }, bytes: text.length });
  expect(readText('{"method":"$/limits","params":{"__proto__":{"frame":1},"constructor":2}}')).toMatchObject({ limits: {} });
});

test('names of every object are only names', () => {
  const names =
    '"__proto__":{"method":"x","id":"b","admin":true},"constructor":{"prototype":{"admin":true}},"toString":1,"hasOwnProperty":1';
  const read = readText(`{"id":"a","method":"__proto__",${names},"params":{${names}}}`);
  expect(read).toMatchObject({ type: 'request', tag: 'a', method: '__proto__' });
  expect(Object.hasOwn((read as { params: object }).params, '__proto__')).toBe(true);
  expect(({} as { admin?: boolean }).admin).toBe(undefined);
  // Nothing is found that the message does not have itself.
  expect(gist(readText('{"__proto__":{"method":"m"}}'))).toBe('not-a-message');
  expect(gist(readText('{"id":"a","method":"m","wants":{"__proto__":{"items":1,"bytes":1}}}'))).toBe('rejected INVALID_REQUEST a');
});
