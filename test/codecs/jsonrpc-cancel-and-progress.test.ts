import { expect, test } from 'vitest';
import { codecOf, decode, headed, only, plain, refusal } from './support.ts';

const read = (members: string) => only(codecOf('jsonrpc-headers'), headed(`{"jsonrpc":"2.0",${members}}`));
const cancel = (params: string) => read(`"method":"$/cancelRequest","params":${params}`);
const progress = (params: string) => read(`"method":"$/progress","params":${params}`);

test.each([
  ['"a"', 'a'],
  ['5', 5],
])('$/cancelRequest with the id %s is a cancel', (id, tag) => {
  expect(cancel(`{"id":${id}}`)).toMatchObject({ type: 'cancel', tag });
});

test.each([['{}'], ['[1]'], ['{"id":{}}'], ['{"id":true}'], ['{"id":1e300}'], ['null']])(
  '$/cancelRequest with the params %s is reported',
  (params) => {
    expect(cancel(params)).toMatchObject({ reason: 'not-a-message' });
  },
);

test.each([
  ['"t"', 't'],
  ['7', 7],
])('$/progress with the token %s is progress', (token, expected) => {
  expect(progress(`{"token":${token},"value":{"n":1}}`)).toMatchObject({ type: 'progress', token: expected, value: { n: 1 } });
});

test('progress may be null', () => {
  expect(progress('{"token":1,"value":null}')).toMatchObject({ type: 'progress', token: 1, value: null });
});

test.each([
  ['{}'],
  ['[1]'],
  ['{"value":1}'],
  ['{"token":1}'],
  ['{"token":null,"value":1}'],
  ['{"token":{},"value":1}'],
  ['{"token":1e300,"value":1}'],
])('$/progress with the params %s is reported', (params) => {
  expect(progress(params)).toMatchObject({ reason: 'not-a-message' });
});

test('without params both are reported', () => {
  expect(read('"method":"$/cancelRequest"')).toMatchObject({ reason: 'not-a-message' });
  expect(read('"method":"$/progress"')).toMatchObject({ reason: 'not-a-message' });
});

test('with an id of its own either is a request like any other, and gets its answer', () => {
  expect(read('"id":1,"method":"$/cancelRequest","params":{"id":2}')).toMatchObject({ type: 'request', tag: 1, method: '$/cancelRequest' });
});

test('both are written as the Language Server Protocol has them', () => {
  const codec = codecOf('jsonrpc-headers');
  const cancelled = '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":"a"}}';
  const progressed = '{"jsonrpc":"2.0","method":"$/progress","params":{"token":1,"value":{"n":2}}}';
  expect(Buffer.from(codec.encode({ type: 'cancel', tag: 'a' }))).toEqual(headed(cancelled));
  expect(Buffer.from(codec.encode({ type: 'progress', token: 1, value: { n: 2 } }))).toEqual(headed(progressed));
});

test('progress that is undefined is sent as null', () => {
  const codec = codecOf('jsonrpc-headers');
  expect(plain(decode(codec, codec.encode({ type: 'progress', token: 't', value: undefined })))).toEqual([
    { type: 'progress', token: 't', value: null },
  ]);
});

test('by lines they are notifications like any other, and none can be sent', () => {
  const lines = codecOf('jsonrpc-lines');
  expect(only(lines, '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}\n')).toMatchObject({
    type: 'notification',
    method: '$/cancelRequest',
    params: { id: 1 },
  });
  expect(only(lines, '{"jsonrpc":"2.0","method":"$/progress","params":{}}\n')).toMatchObject({
    type: 'notification',
    method: '$/progress',
  });
  expect(refusal(lines, { type: 'cancel', tag: 1 })).toBe('UNSUPPORTED');
  expect(refusal(lines, { type: 'progress', token: 1, value: 1 })).toBe('UNSUPPORTED');
});
