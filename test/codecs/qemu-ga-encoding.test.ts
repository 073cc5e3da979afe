import { expect, test } from 'vitest';
import type { QemuGaCodec } from '../../transport/index.ts';
import { codecOf, raw, refusal } from './support.ts';

const codec = codecOf('qemu-ga') as QemuGaCodec;
const written = (method: string, params?: unknown, tag = 'a.1'): string =>
  Buffer.from(codec.encode({ type: 'request', tag, method, params })).toString();

test('a command is one line, its id last; arguments are left out where there are none', () => {
  expect(written('guest-ping')).toBe('{"execute":"guest-ping","id":"a.1"}\n');
  expect(written('guest-file-open', { path: '/ä\n' })).toBe('{"execute":"guest-file-open","arguments":{"path":"/ä\\n"},"id":"a.1"}\n');
});

test.each<[string, unknown, string]>([
  ['an array', [1], 'INVALID_PARAMS'],
  ['a text', 'x', 'INVALID_PARAMS'],
  ['null', null, 'INVALID_PARAMS'],
  ['what becomes no object', { toJSON: () => 5 }, 'INVALID_PARAMS'],
  [
    'a cycle',
    (() => {
      const a: { a?: unknown } = {};
      a.a = a;
      return a;
    })(),
    'UNENCODABLE',
  ],
  ['a BigInt', { n: 1n }, 'UNENCODABLE'],
  ['more than the limit', { text: 'x'.repeat(48 * 1024 * 1024) }, 'MESSAGE_TOO_LARGE'],
  ['an object', {}, 'taken'],
  ['one without a prototype', Object.create(null), 'taken'],
])('arguments that are %s', (_, params, expected) => {
  expect(refusal(codec, { type: 'request', tag: 'a', method: 'm', params })).toBe(expected);
});

test('a tag is a text of at most so many characters, and what is no request is not sent', () => {
  for (const tag of [5, null, undefined, 'x'.repeat(257)])
    expect(refusal(codec, { type: 'request', tag, method: 'm', params: undefined })).toBe('UNENCODABLE');
  expect(refusal(codec, { type: 'notification', method: 'm', params: undefined })).toBe('UNSUPPORTED');
  expect(refusal(codec, { type: 'response', tag: 'a', answer: { ok: true, value: 1 } })).toBe('UNSUPPORTED');
  expect(refusal(codec, { type: 'cancel', tag: 'a' })).toBe('UNSUPPORTED');
});

test.each(['a.1', 'ä"\\', ''])('a command that was encoded can be sent without its id (%j)', (tag) => {
  for (const params of [undefined, { path: 'ü' }]) {
    const frame = codec.encode({ type: 'request', tag, method: 'guest-ping', params });
    const args = params === undefined ? '' : ',"arguments":{"path":"ü"}';
    expect(Buffer.from(codec.withoutId(frame, tag)).toString()).toBe(`{"execute":"guest-ping"${args}}\n`);
  }
});

test('a sync begins with a 0xFF, unless the agent is in step', () => {
  const text = '{"execute":"guest-sync-delimited","arguments":{"id":7}}\n';
  expect(Buffer.from(codec.sync(7, true))).toEqual(raw(`\xff${text}`));
  expect(Buffer.from(codec.sync(7, false))).toEqual(raw(text));
});
