import { expect, test } from 'vitest';
import { defaultLimits } from '../../transport/limits.ts';
import { codecOf, decode, only, plain, raw, v7Frame, v7Request, v7Response } from './support.ts';

// How the original breaks, by the number in its protocol's description. Those that need more than a decoder
// (1, 2, 7 to 11, 14, 16) are tested on a whole peer.

const codec = () => codecOf('virtagent-v7');
const ping = v7Request('after', '{"method": "ping"}');
const pinged = { type: 'request', tag: 'after', method: 'ping', params: undefined };
const post = 'POST /RPC2 HTTP/1.1';

test('3: an error response without a string errstr, and an errnum of 2^32, are errors with a message', () => {
  const errors = ['{"errnum": -22}', '{"errnum": -22, "errstr": null}', '{"errnum": -22, "errstr": [1]}', '{"errnum": 4294967296}'];
  const said = decode(codec(), Buffer.concat(errors.map((body, i) => v7Response(`${i}`, body))));
  const error = (tag: string, code: string, number: number) => ({
    type: 'response',
    tag,
    answer: { ok: false, error: { code, message: `errnum ${number}`, number } },
  });
  expect(plain(said)).toStrictEqual([
    error('0', 'INVALID_PARAMS', -22),
    error('1', 'INVALID_PARAMS', -22),
    error('2', 'INVALID_PARAMS', -22),
    error('3', 'REMOTE_ERROR', 4294967296),
  ]);
});

test('4: a header line of 1025 bytes or more is taken below the limit of a header, and refused above', () => {
  const frame = (length: number) =>
    v7Frame([post, `X-Long: ${'x'.repeat(length - 8)}`, 'Content-Length: 18', 'X-Virtagent-Client-Tag: long'], '{"method": "ping"}');
  expect(plain(decode(codec(), frame(1025)))).toStrictEqual([{ ...pinged, tag: 'long' }]);
  expect(plain(decode(codec(), Buffer.concat([frame(5000), ping])))).toStrictEqual([`header-too-large ${frame(5000).length - 1}`, pinged]);
});

test('5: a tag line with a bare LF is refused, and tags of 1 to 3 characters come back whole', () => {
  const bare = raw('\xffPOST /RPC2 HTTP/1.1\r\nContent-Length: 18\r\nX-Virtagent-Client-Tag: 1.1\n\r\n{"method": "ping"}\xff');
  expect(plain(decode(codec(), Buffer.concat([bare, ping])))).toStrictEqual([`bad-header ${bare.length - 1}`, pinged]);
  for (const tag of ['1', '12', '123']) {
    expect(only(codec(), v7Request(tag, '{"method": "ping"}'))).toMatchObject({ type: 'request', tag });
    const answer = codec().encode({ type: 'response', tag, answer: { ok: true, value: undefined } });
    expect(Buffer.from(answer).toString('latin1')).toContain(`\r\nX-Virtagent-Client-Tag: ${tag}\r\n\r\n`);
  }
});

test('6: a shorter header after a longer one inherits neither its tag nor its length', () => {
  const first = v7Request('the.first.tag', '{"method": "ping", "params": {"a": 1}}');
  const untagged = v7Frame([post, 'Content-Length: 18'], '{"method": "ping"}');
  const lengthless = v7Frame([post, 'X-Virtagent-Client-Tag: x'], '{"method": "ping"}');
  expect(plain(decode(codec(), Buffer.concat([first, untagged, first, lengthless, ping])))).toStrictEqual([
    { type: 'request', tag: 'the.first.tag', method: 'ping', params: { a: 1 } },
    { type: 'request', tag: undefined, method: 'ping', params: undefined },
    { type: 'request', tag: 'the.first.tag', method: 'ping', params: { a: 1 } },
    `bad-length ${lengthless.length - 1}`,
    pinged,
  ]);
});

test('12: garbage between frames, a byte at a time, is one report and no wait', () => {
  const garbage = raw('boot: \x00\x01\x02 ok\r\n'.repeat(100));
  expect(plain(decode(codec(), Buffer.concat([ping, garbage, ping]), 1))).toStrictEqual([pinged, `noise ${garbage.length}`, pinged]);
});

test('13: a truncated body ends at the next mark, and the messages that follow are taken', () => {
  const cut = v7Request('cut', '{"method": "ping", "params": {"a": 1}}').subarray(0, -10);
  expect(plain(decode(codec(), Buffer.concat([cut, ping, ping])))).toStrictEqual([`truncated ${cut.length}`, pinged, pinged]);
});

test('15: JSON nested 10,000 deep is refused, and an array of 32 kB is just a message', () => {
  const deep = `{"method": "ping", "params": ${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`;
  expect(only(codec(), v7Request('deep', deep))).toMatchObject({
    type: 'rejected',
    tag: 'deep',
    error: { code: 'PARSE_ERROR', message: `The body is nested more than ${defaultLimits.maxDepth} deep` },
  });
  const flat = `{"method": "ping", "params": {"a": [${'{},'.repeat(11_000)}{}]}}`;
  expect(only(codec(), v7Request('flat', flat))).toMatchObject({ type: 'request', tag: 'flat' });
});

test.each(['18abc', '+18', '4294967314', '-5', '', ' ', ' 18', '18 ', '1 8', '0x12', '1e1', '00000018', '١٨', '18,18'])(
  '17: a Content-Length of "%s" is refused',
  (length) => {
    const frame = v7Frame(
      [post, `Content-Length: ${Buffer.from(length).toString('latin1')}`, 'X-Virtagent-Client-Tag: 1.1'],
      '{"method": "ping"}',
    );
    expect(plain(decode(codec(), Buffer.concat([frame, ping])))).toStrictEqual([`bad-length ${frame.length - 1}`, pinged]);
  },
);

test.each([
  ['bad JSON', '{"method": "ping"', 'PARSE_ERROR'],
  ['no body at all', '', 'PARSE_ERROR'],
  ['a body that is no object', '[1]', 'INVALID_REQUEST'],
  ['a missing method', '{"params": {}}', 'INVALID_REQUEST'],
  ['a method that is no string', '{"method": 5}', 'INVALID_REQUEST'],
])('18: %s can be answered', (_what, body, code) => {
  const rejected = only(codec(), v7Request('18.1', body));
  expect(rejected).toMatchObject({ type: 'rejected', tag: '18.1', error: { code } });
});
