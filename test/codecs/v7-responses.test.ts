import { expect, test } from 'vitest';
import { codecOf, only, v7Response } from './support.ts';

const read = (body: string) => only(codecOf('virtagent-v7'), v7Response('t', body));
const answered = (answer: object) => ({ type: 'response', tag: 't', answer });

test('errnum 0 without return_data is a success without a value', () => {
  expect(read('{"errnum": 0}')).toMatchObject(answered({ ok: true, value: undefined }));
});

test('errnum 0 with return_data is a success with that value', () => {
  expect(read('{"errnum": 0, "errstr": "ignored", "return_data": {"a": [1]}}')).toMatchObject(answered({ ok: true, value: { a: [1] } }));
});

test.each([
  [-1, 'METHOD_NOT_FOUND'],
  [-5, 'HANDLER_FAILED'],
  [-11, 'BUSY'],
  [-22, 'INVALID_PARAMS'],
  [-71, 'INVALID_REQUEST'],
  [-74, 'PARSE_ERROR'],
  [-90, 'MESSAGE_TOO_LARGE'],
  [-108, 'STOPPING'],
  [-110, 'TIMEOUT'],
  [-125, 'CANCELLED'],
  [-2, 'REMOTE_ERROR'],
  [1, 'REMOTE_ERROR'],
  [22, 'REMOTE_ERROR'],
  [4294967296, 'REMOTE_ERROR'],
  [-9007199254740991, 'REMOTE_ERROR'],
])('errnum %d is %s, with the number kept', (number, code) => {
  expect(read(`{"errnum": ${number}, "errstr": "why"}`)).toMatchObject(answered({ ok: false, error: { code, message: 'why', number } }));
});

test.each([
  ['missing', '{}'],
  ['a string', '{"errnum": "0"}'],
  ['null', '{"errnum": null}'],
  ['a fraction', '{"errnum": 0.5}'],
  ['1e300', '{"errnum": 1e300}'],
  ['infinite', '{"errnum": -1e999}'],
  ['beyond exact integers', '{"errnum": 9007199254740992}'],
  ['an object', '{"errnum": {}}'],
])('an errnum that is %s makes the response invalid', (_what, body) => {
  expect(read(body)).toMatchObject(answered({ ok: false, error: { code: 'INVALID_RESPONSE' } }));
});

test.each([
  ['bad JSON', '{"errnum": 0'],
  ['nothing', ''],
  ['an array', '[{"errnum": 0}]'],
  ['null', 'null'],
  ['nested too deep', `{"errnum": 0, "return_data": {"a": ${'['.repeat(200)}${']'.repeat(200)}}}`],
  ['return_data that is no object', '{"errnum": 0, "return_data": [1]}'],
  ['return_data that is null', '{"errnum": 0, "return_data": null}'],
])('a body that is %s makes the response invalid, and never a request to be answered', (_what, body) => {
  expect(read(body)).toMatchObject(answered({ ok: false, error: { code: 'INVALID_RESPONSE' } }));
});

test('an endless errstr is cut to 1024 characters', () => {
  expect(read(`{"errnum": -5, "errstr": "${'x'.repeat(5000)}"}`)).toMatchObject(
    answered({ ok: false, error: { message: 'x'.repeat(1024) } }),
  );
});
