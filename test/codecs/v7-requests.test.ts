import { expect, test } from 'vitest';
import { codecOf, only, v7Frame, v7Request } from './support.ts';

const read = (body: string) => only(codecOf('virtagent-v7'), v7Request('t', body));

test('a request has its method, its params and the bytes that it took', () => {
  const body = '{"method": "shutdown", "params": {"shutdown_mode": "halt"}, "more": 1}';
  expect(read(body)).toStrictEqual({
    type: 'request',
    tag: 't',
    method: 'shutdown',
    params: { shutdown_mode: 'halt' },
    bytes: v7Request('t', body).length,
  });
});

test('absent params are undefined', () => {
  expect(read('{"method": "ping"}')).toHaveProperty('params', undefined);
});

test.each([
  ['null', 'null'],
  ['an array', '[1]'],
  ['a string', '"x"'],
  ['a number', '0'],
  ['false', 'false'],
])('params that are %s are rejected', (_what, params) => {
  expect(read(`{"method": "ping", "params": ${params}}`)).toMatchObject({ type: 'rejected', tag: 't', error: { code: 'INVALID_PARAMS' } });
});

test.each([
  ['a string', '"ping"'],
  ['null', 'null'],
  ['a number', '5'],
  ['an array', '[{"method": "ping"}]'],
  ['an object without a method', '{}'],
  ['a method that is null', '{"method": null}'],
  ['a method that is too long', `{"method": "${'m'.repeat(257)}"}`],
])('a body that is %s is rejected as no request', (_what, body) => {
  expect(read(body)).toMatchObject({ type: 'rejected', tag: 't', error: { code: 'INVALID_REQUEST' } });
});

test('a method as long as methods may be is taken', () => {
  expect(read(`{"method": "${'m'.repeat(256)}"}`)).toMatchObject({ type: 'request', method: 'm'.repeat(256) });
});

test('a body that is not UTF-8 is rejected as not parsed', () => {
  const frame = v7Request('t', '{"method": "ping??"}');
  frame.set([0xc3, 0x28], frame.indexOf('??'));
  expect(only(codecOf('virtagent-v7'), frame)).toMatchObject({
    type: 'rejected',
    tag: 't',
    error: { code: 'PARSE_ERROR', message: 'The body is not UTF-8' },
  });
});

test('a rejected request without a tag keeps that it has none', () => {
  expect(only(codecOf('virtagent-v7'), v7Frame(['POST', 'Content-Length: 1'], '{'))).toMatchObject({
    type: 'rejected',
    tag: undefined,
    bytes: 30,
  });
});

test("a body's length is in bytes, not in characters", () => {
  expect(read('{"method": "größe 漢字 😀"}')).toMatchObject({ type: 'request', method: 'größe 漢字 😀' });
});

test('a method may bear the name of a member of every object', () => {
  expect(read('{"method": "__proto__", "params": {"__proto__": {"x": 1}}}')).toMatchObject({ type: 'request', method: '__proto__' });
  expect(read('{"__proto__": {"method": "ping"}}')).toMatchObject({ type: 'rejected', error: { code: 'INVALID_REQUEST' } });
});
