import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeMessage, encodeMessage } from '../../transport/codecs/virtagent-2-messages.ts';
import { v2Limits } from '../../transport/limits.ts';
import type { OutgoingMessage } from '../../transport/messages.ts';
import { anyMessage } from './v2-messages.ts';
import { runs } from '../property.ts';

test('a message that is encoded and decoded is the same message, byte strings included', () => {
  fc.assert(
    fc.property(anyMessage, (message: OutgoingMessage) => {
      const { payload, bytes } = encodeMessage(message, v2Limits);
      // Not toStrictEqual, for which an object with a member `constructor` is of another class.
      expect(isDeepStrictEqual(decodeMessage(payload, bytes, v2Limits), { ...message, bytes: payload.length })).toBe(true);
    }),
    runs(4000),
  );
});

test('one without byte strings is JSON and nothing else, in the shape of JSON-RPC 2.0 without its version', () => {
  const text = (message: OutgoingMessage): string => {
    const { payload, bytes } = encodeMessage(message, v2Limits);
    expect(bytes).toBe(false);
    return payload.toString();
  };
  expect(text({ type: 'request', tag: 'a.1', method: 'm', params: undefined })).toBe('{"id":"a.1","method":"m"}');
  expect(text({ type: 'request', tag: 'a.1', method: 'm', params: null, deadline: 5, urgency: 1, nested: false })).toBe(
    '{"id":"a.1","method":"m","params":null,"deadline":5}',
  );
  expect(text({ type: 'request', tag: 'a.1', method: 'm', params: 'ü', urgency: 0, wants: 'progress', nested: true })).toBe(
    '{"id":"a.1","method":"m","params":"ü","urgency":0,"wants":"progress","nested":true}',
  );
  expect(text({ type: 'request', tag: 'a.1', method: 'm', params: 5, wants: { items: 8, bytes: 65_536 } })).toBe(
    '{"id":"a.1","method":"m","params":5,"wants":{"items":8,"bytes":65536}}',
  );
  expect(text({ type: 'notification', method: 'm', params: [] })).toBe('{"method":"m","params":[]}');
  expect(text({ type: 'response', tag: 'a.1', answer: { ok: true, value: undefined } })).toBe('{"id":"a.1","result":null}');
  expect(text({ type: 'response', tag: 'a.1', answer: { ok: false, error: { code: 'EXPIRED', message: 'no' } } })).toBe(
    '{"id":"a.1","error":{"code":-32014,"message":"no"}}',
  );
  expect(
    text({ type: 'response', tag: 'a.1', answer: { ok: false, error: { code: 'REMOTE_ERROR', number: -32_014, message: 'no' } } }),
  ).toBe('{"id":"a.1","error":{"code":-32014,"message":"no","own":true}}');
  expect(text({ type: 'cancel', tag: 'a.1' })).toBe('{"method":"$/cancel","params":{"id":"a.1"}}');
  expect(text({ type: 'progress', token: 'a.1', value: 5 })).toBe('{"method":"$/progress","params":{"id":"a.1","value":5}}');
  expect(text({ type: 'item', tag: 'a.1', at: 7, value: {} })).toBe('{"method":"$/item","params":{"id":"a.1","at":7,"value":{}}}');
  expect(text({ type: 'more', tag: 'a.1', items: 4, itemBytes: 9 })).toBe('{"method":"$/more","params":{"id":"a.1","items":4,"bytes":9}}');
  expect(text({ type: 'status', tag: 'a.2', of: 'a.1' })).toBe('{"id":"a.2","method":"$/status","params":{"id":"a.1"}}');
  expect(text({ type: 'limits', limits: { frame: 4096 } })).toBe('{"method":"$/limits","params":{"frame":4096}}');
});

test('without its mark an error is read by its number, as those who do not know the mark send it', () => {
  const read = (error: string): unknown => decodeMessage(Buffer.from(`{"id":"a","error":${error}}`), false, v2Limits);
  const code = (name: string): object => ({ answer: { ok: false, error: { code: name } } });
  expect(read('{"code":-32014,"message":"no"}')).toMatchObject(code('EXPIRED'));
  expect(read('{"code":-32014,"message":"no","own":false}')).toMatchObject(code('EXPIRED'));
  expect(read('{"code":-2,"message":"no"}')).toMatchObject(code('REMOTE_ERROR'));
  expect(read('{"code":-32014,"message":"no","own":true}')).toMatchObject(code('REMOTE_ERROR'));
});

test('members that are not known are not looked at', () => {
  const read = (text: string): unknown => decodeMessage(Buffer.from(text), false, v2Limits);
  expect(read('{"id":"a","method":"m","jsonrpc":1,"bytes":5,"more":{}}')).toMatchObject({ type: 'request', tag: 'a' });
  expect(read('{"id":"a","result":1,"deadline":"x"}')).toMatchObject({ type: 'response', answer: { ok: true, value: 1 } });
});
