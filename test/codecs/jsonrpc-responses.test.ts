import { expect, test } from 'vitest';
import { codecOf, only } from './support.ts';

const read = (members: string) => only(codecOf('jsonrpc-lines'), Buffer.from(`{"jsonrpc": "2.0"${members}}\n`));
const answered = (answer: object, tag: unknown = 'a') => ({ type: 'response', tag, answer });
const invalid = (tag: unknown = 'a') => answered({ ok: false, error: { code: 'INVALID_RESPONSE' } }, tag);

test.each([
  ['null', null],
  ['0', 0],
  ['{"x": [1]}', { x: [1] }],
])('a result of %s is the value', (text, value) => {
  expect(read(`, "id": "a", "result": ${text}`)).toMatchObject(answered({ ok: true, value }));
});

test.each([
  [-32700, 'PARSE_ERROR'],
  [-32600, 'INVALID_REQUEST'],
  [-32601, 'METHOD_NOT_FOUND'],
  [-32602, 'INVALID_PARAMS'],
  [-32603, 'HANDLER_FAILED'],
  [-32010, 'BUSY'],
  [-32011, 'STOPPING'],
  [-32012, 'TIMEOUT'],
  [-32013, 'MESSAGE_TOO_LARGE'],
  [-32800, 'CANCELLED'],
  [-32000, 'REMOTE_ERROR'],
  [0, 'REMOTE_ERROR'],
  [7, 'REMOTE_ERROR'],
])('an error with the number %d is %s, with the number kept', (number, code) => {
  const said = read(`, "id": "a", "error": {"code": ${number}, "message": "why"}`);
  expect(said).toHaveProperty('answer', { ok: false, error: { code, message: 'why', number } });
  expect(said).not.toHaveProperty('answer.error.data');
});

test('the data of an error is kept, null included', () => {
  expect(read(', "id": "a", "error": {"code": 1, "message": "", "data": {"x": 1}}')).toMatchObject(
    answered({ ok: false, error: { data: { x: 1 } } }),
  );
  expect(read(', "id": "a", "error": {"code": 1, "message": "", "data": null}')).toMatchObject(
    answered({ ok: false, error: { data: null } }),
  );
});

test('an endless message of an error is cut to 1024 characters', () => {
  expect(read(`, "id": "a", "error": {"code": 1, "message": "${'x'.repeat(5000)}"}`)).toMatchObject(
    answered({ ok: false, error: { message: 'x'.repeat(1024) } }),
  );
});

test.each([
  ['both result and error', '"result": 1, "error": {"code": 1, "message": ""}'],
  ['a result and an error of null', '"result": 1, "error": null'],
  ['an error of null', '"error": null'],
  ['an error that is a string', '"error": "bad"'],
  ['an error that is an array', '"error": [1, "bad"]'],
  ['an error without a number', '"error": {"message": "bad"}'],
  ['an error whose number is a fraction', '"error": {"code": 1.5, "message": "bad"}'],
  ['an error whose number is text', '"error": {"code": "1", "message": "bad"}'],
  ['an error whose number is beyond exact integers', '"error": {"code": 1e300, "message": "bad"}'],
  ['an error without a message', '"error": {"code": 1}'],
  ['an error whose message is no string', '"error": {"code": 1, "message": {}}'],
  ['a method that is no string', '"method": null, "result": 1'],
])('a response with %s is invalid', (_what, members) => {
  expect(read(`, "id": "a", ${members}`)).toMatchObject(invalid());
});

test('a response with neither result nor error is invalid: servers leave out a result that is undefined', () => {
  expect(read(', "id": "a"')).toMatchObject(invalid());
  expect(read(', "id": 5')).toMatchObject(invalid(5));
});

test('a response of another version is invalid', () => {
  expect(only(codecOf('jsonrpc-lines'), '{"id": "a", "result": 1}\n')).toMatchObject(invalid());
  expect(only(codecOf('jsonrpc-lines'), '{"jsonrpc": "1.0", "id": 1, "result": 1}\n')).toMatchObject(invalid(1));
});

test('a response under null is one: that is how a peer answers what it could not read', () => {
  expect(read(', "id": null, "error": {"code": -32700, "message": "?"}')).toMatchObject(
    answered({ ok: false, error: { code: 'PARSE_ERROR' } }, null),
  );
});

test.each([
  ['no id', '"result": 1'],
  ['no id, and an error', '"error": {"code": 1, "message": ""}'],
  ['an object for an id', '"id": {}, "result": 1'],
  ['true for an id', '"id": true, "result": 1'],
  ['an id that is too long', `"id": "${'t'.repeat(257)}", "result": 1`],
])('a response with %s is reported, never answered', (_what, members) => {
  expect(read(`, ${members}`)).toMatchObject({ reason: 'not-a-message' });
});
