import { expect, test } from 'vitest';
import { capture, codecOf, decode, plain } from './support.ts';

// What the original's own programs put on the line. 17 was rebuilt from the hex of its capture's timeline.

const methods = ['shutdown', 'ping', 'capabilities'];
const request = (tag: string, method: string, params?: object) => ({ type: 'request', tag, method, params });
const success = (tag: string, value?: object) => ({ type: 'response', tag, answer: { ok: true, value } });
const failure = (tag: string, number: number, code: string, message: string) => ({
  type: 'response',
  tag,
  answer: { ok: false, error: { code, message, number } },
});
const capabilities = (tag: string) => success(tag, { version: '1.0', methods });
const badShutdown = (tag: string) => failure(tag, -22, 'INVALID_PARAMS', 'Resource temporarily unavailable');
const unknownMethod = (tag: string) => failure(tag, -1, 'METHOD_NOT_FOUND', 'error executing rpc');

const known: [string, object[]][] = [
  ['01-start-hello.guest-out', [request('1795349352.676825', 'hello')]],
  ['01-start-hello.host-out', [success('1795349352.676825')]],
  [
    '02-basic-calls.guest-out',
    [
      request('1795349358.901326', 'hello'),
      capabilities('1111.1'),
      success('1111.2'),
      success('1111.3'),
      success('1111.4'),
      badShutdown('1111.5'),
      badShutdown('1111.6'),
      badShutdown('1111.7'),
      unknownMethod('1111.8'),
      unknownMethod('1111.9'),
    ],
  ],
  [
    '02-basic-calls.host-out',
    [
      success('1795349358.901326'),
      request('1111.1', 'capabilities'),
      request('1111.2', 'ping'),
      request('1111.3', 'ping', { a: 1 }),
      { type: 'rejected', tag: '1111.4', error: { code: 'INVALID_PARAMS', message: 'params has to be an object' } },
      request('1111.5', 'shutdown', { shutdown_mode: 'bogus' }),
      request('1111.6', 'shutdown', { shutdown_mode: 5 }),
      request('1111.7', 'shutdown', {}),
      request('1111.8', 'nosuch'),
      request('1111.9', 'hello'),
    ],
  ],
  [
    '17-chost-cguest.guest-out',
    [
      request('1795348750.300227', 'hello'),
      capabilities('1795348750.304223'),
      success('1795348750.804389'),
      capabilities('1795348751.104753'),
      badShutdown('1795348751.405114'),
      success('1795348751.705459'),
    ],
  ],
  [
    '17-chost-cguest.host-out',
    [
      request('1795348750.304223', 'capabilities'),
      success('1795348750.300227'),
      request('1795348750.804389', 'ping'),
      request('1795348751.104753', 'capabilities'),
      request('1795348751.405114', 'shutdown', { shutdown_mode: 'bogus' }),
      request('1795348751.705459', 'ping'),
    ],
  ],
];

test.each(known)('%s says what the original meant', (name, messages) => {
  expect(plain(decode(codecOf('virtagent-v7'), capture(name)))).toStrictEqual(messages);
});

test.each(known)('%s says the same byte by byte', (name, messages) => {
  expect(plain(decode(codecOf('virtagent-v7'), capture(name), 1))).toStrictEqual(messages);
});

test.each(known)('the messages of %s take all of its bytes', (name) => {
  const stream = capture(name);
  const sum = decode(codecOf('virtagent-v7'), stream).reduce((total, item) => total + (item instanceof Error ? 0 : item.bytes), 0);
  expect(sum).toBe(stream.length);
});

test('a request without params is encoded byte for byte as the original does', () => {
  const codec = codecOf('virtagent-v7');
  expect(Buffer.from(codec.encode({ type: 'request', tag: '1795349352.676825', method: 'hello', params: undefined }))).toEqual(
    capture('01-start-hello.guest-out'),
  );
});

test('a response without a value is encoded byte for byte as the original does', () => {
  const codec = codecOf('virtagent-v7');
  expect(Buffer.from(codec.encode({ type: 'response', tag: '1795349352.676825', answer: { ok: true, value: undefined } }))).toEqual(
    capture('01-start-hello.host-out'),
  );
});
