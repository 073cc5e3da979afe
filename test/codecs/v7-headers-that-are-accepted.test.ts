import { expect, test } from 'vitest';
import { codecOf, only, raw, v7Frame } from './support.ts';

const body = '{"method": "ping"}';
const post = 'POST /RPC2 HTTP/1.1';
const length = 'Content-Length: 18';
const tag = 'X-Virtagent-Client-Tag: 1.1';
const pinged = { type: 'request', tag: '1.1', method: 'ping' };

test.each([
  ['headers in another order', [post, tag, length, 'Content-Type: text/xml']],
  ['names in any letter case', [post, 'CONTENT-LENGTH: 18', 'x-virtagent-client-TAG: 1.1']],
  ['unknown headers', [post, 'Host: guest', length, 'X-Empty:', tag]],
  ['no Content-Type', [post, length, tag]],
  ['no space behind the colon', [post, 'Content-Length:18', 'X-Virtagent-Client-Tag:1.1']],
  ['a header twice, of which the last counts', [post, 'Content-Length: 5', 'X-Virtagent-Client-Tag: 0', length, tag]],
  ['a bad length before a good one', [post, 'Content-Length: x', length, tag]],
  ['a length with leading zeros', [post, 'Content-Length: 0000018', tag]],
  ['any first line that begins with POST', ['POST', length, tag]],
])('%s', (_what, lines) => {
  expect(only(codecOf('virtagent-v7'), v7Frame(lines, body))).toMatchObject(pinged);
});

test('any first line that begins with HTTP makes a response', () => {
  const frame = v7Frame(['HTTP/1.0 500 Oops', 'Content-Length: 13', tag], '{"errnum": 0}');
  const answer = { ok: true, value: undefined };
  expect(only(codecOf('virtagent-v7'), frame)).toStrictEqual({ type: 'response', tag: '1.1', answer, bytes: frame.length });
});

test.each([
  ['a missing tag', [post, length], undefined],
  ['an empty tag', [post, length, 'X-Virtagent-Client-Tag: '], ''],
  ['an empty tag without the space', [post, length, 'X-Virtagent-Client-Tag:'], ''],
  ['a tag with spaces around it', [post, length, 'X-Virtagent-Client-Tag:   a b '], '  a b '],
  ['a tag of bytes that are no text', [post, length, 'X-Virtagent-Client-Tag: \x00\x01\x7f\x80\xe4\xfe'], '\x00\x01\x7f\x80\xe4\xfe'],
  ['a tag as long as tags may be', [post, length, `X-Virtagent-Client-Tag: ${'t'.repeat(62)}`], 't'.repeat(62)],
])('%s is echoed as it came', (_what, lines, echoed) => {
  const codec = codecOf('virtagent-v7');
  const request = only(codec, v7Frame(lines, body));
  if (request instanceof Error || request.type !== 'request') throw new Error('no request');
  expect(request.tag).toBe(echoed);
  const answer = codec.encode({ type: 'response', tag: request.tag, answer: { ok: true, value: undefined } });
  const tagLine = echoed === undefined ? '' : `X-Virtagent-Client-Tag: ${echoed}\r\n`;
  expect(Buffer.from(answer)).toEqual(
    raw(`\xffHTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 13\r\n${tagLine}\r\n{"errnum": 0}\xff`),
  );
});

test('a header of exactly the limit is taken, and one byte more is not', () => {
  const lines = (more: number) => [post, length, `X: ${'x'.repeat(4095 - post.length - length.length - 2 * 3 - 3 - 2 + more)}`];
  expect(v7Frame(lines(0), '').length - 2).toBe(4095);
  expect(only(codecOf('virtagent-v7'), v7Frame(lines(0), body))).toMatchObject({ type: 'request' });
  expect(only(codecOf('virtagent-v7'), v7Frame(lines(1), body))).toMatchObject({ reason: 'header-too-large' });
});

test('a body of exactly the limit is taken, and one byte more is not', () => {
  const frame = (size: number) => v7Frame([post, `Content-Length: ${size}`], `{"method": "ping"}`.padEnd(size));
  expect(only(codecOf('virtagent-v7'), frame(2 * 1024 * 1024))).toMatchObject({ type: 'request', bytes: frame(2 * 1024 * 1024).length });
  expect(only(codecOf('virtagent-v7'), frame(2 * 1024 * 1024 + 1))).toMatchObject({ reason: 'message-too-large' });
});
