import { describe, expect, test } from 'vitest';
import { encodeMessage } from '../../transport/codecs/virtagent-2-messages.ts';
import { v2Limits } from '../../transport/limits.ts';
import type { OutgoingMessage } from '../../transport/messages.ts';
import { refusalOf, sent } from './v2-messages.ts';

const blob = Buffer.from([0xff, 0, 0xfe, 1]);
const request = (params: unknown): OutgoingMessage => ({ type: 'request', tag: 'a', method: 'm', params });
const paramsOf = (params: unknown): unknown => (sent(request(params)) as { params: unknown }).params;
/** The list of byte strings that a message is sent with. */
function listOf(message: OutgoingMessage): unknown {
  const { payload, bytes } = encodeMessage(message, v2Limits);
  expect(bytes).toBe(true);
  const end = 4 + ((payload[2] as number) << 7) + (payload[3] as number);
  return (JSON.parse(payload.toString('utf8', 4, end)) as { bytes: unknown }).bytes;
}

describe('a byte string', () => {
  test.each<[string, OutgoingMessage, string]>([
    ['as the params', request(blob), '/params'],
    ['deep in the params', request({ a: [1, { b: blob }] }), '/params/a/1/b'],
    ['in a notification', { type: 'notification', method: 'm', params: [blob] }, '/params/0'],
    ['as a result', { type: 'response', tag: 'a', answer: { ok: true, value: blob } }, '/result'],
    ['in a result', { type: 'response', tag: 'a', answer: { ok: true, value: { data: blob } } }, '/result/data'],
    [
      'in the data of an error',
      { type: 'response', tag: 'a', answer: { ok: false, error: { code: 'REMOTE_ERROR', number: 5, message: 'no', data: blob } } },
      '/error/data',
    ],
    ['on the way', { type: 'progress', token: 'a', value: blob }, '/params/value'],
    ['as an item', { type: 'item', tag: 'a', at: 0, value: { chunk: blob } }, '/params/value/chunk'],
  ])('%s has its place there', (_where, message, pointer) => {
    expect(listOf(message)).toEqual([[pointer, 4]]);
    expect(sent(message)).toMatchObject(message);
  });

  test('under a key with the signs of a pointer is found again', () => {
    const params = { '': { '/': { '~': { '~1': { 'a/b~c': blob } } } } };
    expect(listOf(request(params))).toEqual([['/params//~1/~0/~01/a~1b~0c', 4]]);
    expect(paramsOf(params)).toEqual(params);
  });

  test('under the name of what every object has is that of the message', () => {
    const params = Object.fromEntries([
      ['__proto__', { constructor: blob }],
      ['length', [null]],
    ]);
    const read = paramsOf(params) as object;
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(Object.getOwnPropertyDescriptor(read, '__proto__')?.value).toEqual({ constructor: blob });
  });

  test('may be empty, and may be there twice', () => {
    expect(paramsOf([Buffer.alloc(0), blob, blob])).toEqual([Buffer.alloc(0), blob, blob]);
  });

  test('is a Buffer when it comes, whatever kind of Uint8Array it was', () => {
    const [plain, buffer, part] = paramsOf([new Uint8Array(blob), blob, blob.subarray(1, 3)]) as Buffer[];
    expect([plain, buffer, part]).toEqual([blob, blob, blob.subarray(1, 3)]);
    expect(plain).toBeInstanceOf(Buffer);
  });

  test('that toJSON gives is one as well, and toJSON is asked once', () => {
    let asked = 0;
    const file = {
      toJSON: (key: string) => {
        asked++;
        return { key, data: blob };
      },
    };
    expect(paramsOf({ file })).toEqual({ file: { key: 'file', data: blob } });
    expect(paramsOf([file])).toEqual([{ key: '0', data: blob }]);
    expect(asked).toBe(2);
    expect(paramsOf({ at: new Date(0), blob })).toEqual({ at: '1970-01-01T00:00:00.000Z', blob });
    expect(paramsOf({ gone: { toJSON: () => undefined }, blob })).toEqual({ blob });
  });
});

test('what is sent is not changed by being sent', () => {
  const params = Object.freeze({ list: Object.freeze([blob, Object.freeze({ blob })]) });
  sent(request(params));
  expect(params.list[0]).toBe(blob);
});

test('other views of memory are what JSON has for them', () => {
  expect(paramsOf({ numbers: new Uint16Array([7, 8]), blob })).toEqual({ numbers: { 0: 7, 1: 8 }, blob });
  expect(paramsOf({ numbers: new Uint16Array([7, 8]) })).toEqual({ numbers: { 0: 7, 1: 8 } });
});

test('1024 of them are sent in a message, and not one more', () => {
  const many = (count: number): unknown[] => Array.from({ length: count }, () => blob);
  expect(paramsOf(many(1024))).toEqual(many(1024));
  expect(refusalOf(request(many(1025)))).toBe('UNENCODABLE');
});

test('they count as the rest of the message does', () => {
  const { payload } = encodeMessage(request({ blob }), v2Limits);
  expect(refusalOf(request({ blob }), { maxMessageBytes: payload.length })).toBe('taken');
  expect(refusalOf(request({ blob }), { maxMessageBytes: payload.length - 1 })).toBe('MESSAGE_TOO_LARGE');
  expect(refusalOf(request({ blob: Buffer.alloc(16 * 2 ** 20) }))).toBe('MESSAGE_TOO_LARGE');
});

test('one whose memory was transferred is refused, also while the message is written', () => {
  const memory = new ArrayBuffer(8);
  const bytes = new Uint8Array(memory);
  const thief = { toJSON: () => (structuredClone(memory, { transfer: [memory] }), 5) };
  expect(refusalOf(request([bytes, thief]))).toBe('UNENCODABLE');
  expect(refusalOf(request(bytes))).toBe('UNENCODABLE');
});
