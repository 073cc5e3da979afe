import { expect, test } from 'vitest';
import { codecOf, decode, plain, raw, v7Frame, v7Request } from './support.ts';

const post = 'POST /RPC2 HTTP/1.1';
const body = '{"method": "ping"}';
const length = 'Content-Length: 18';
const next = v7Request('next', body);
const taken = { type: 'request', tag: 'next', method: 'ping', params: undefined };

// Each as it stands between its marks; the last mark is the flush byte behind it.
const refused: [string, Buffer, string][] = [
  ['neither POST nor HTTP', v7Frame(['GET /RPC2 HTTP/1.1', length], body), 'bad-header'],
  ['post in small letters', v7Frame(['post /RPC2 HTTP/1.1', length], body), 'bad-header'],
  ['two bytes that begin nothing', raw('\xffxy\xff'), 'bad-header'],
  ['a bare LF in the first line', raw(`\xffPOST\nContent-Length: 18\r\n\r\n${body}\xff`), 'bad-header'],
  ['bare LFs throughout', raw(`\xffPOST /RPC2 HTTP/1.1\nContent-Length: 18\n\n${body}\xff`), 'bad-header'],
  ['a bare CR', v7Frame([post, 'X: a\rb', length], body), 'bad-header'],
  ['a CR before the CR LF', v7Frame([post, `${length}\r`], body), 'bad-header'],
  ['a header line without a colon', v7Frame([post, 'nonsense', length], body), 'bad-header'],
  ['a header line without a name', v7Frame([post, ': x', length], body), 'bad-header'],
  ['a tag over the limit', v7Frame([post, length, `X-Virtagent-Client-Tag: ${'t'.repeat(63)}`], body), 'bad-header'],
  ['no Content-Length', v7Frame([post, 'X-Virtagent-Client-Tag: 1'], body), 'bad-length'],
  ['a good length before a bad one', v7Frame([post, length, 'Content-Length: x'], body), 'bad-length'],
  ['an empty header', raw(`\xffPOST\r\n\r\n${body}\xff`), 'bad-length'],
  ['a content over the limit', v7Frame([post, 'Content-Length: 9999999'], body), 'message-too-large'],
  ['an endless header', raw(`\xffPOST ${'x'.repeat(10_000)}\xff`), 'header-too-large'],
  ['a header that was cut', raw(`\xffPOST /RPC2 HTTP/1.1\r\nContent-Le\xff`), 'truncated'],
  ['a first line that was cut', raw(`\xffPO\xff`), 'truncated'],
  ['a header cut between its CR and LF', raw(`\xffPOST /RPC2 HTTP/1.1\r\xff`), 'truncated'],
  ['a header cut before its body', raw(`\xffPOST /RPC2 HTTP/1.1\r\nContent-Length: 18\r\n\r\n\xff`), 'truncated'],
  ['a body that was cut', v7Frame([post, 'Content-Length: 19'], body), 'truncated'],
];

test.each(refused)('%s is refused with its reason, and the next frame is taken', (_what, frame, reason) => {
  expect(plain(decode(codecOf('virtagent-v7'), Buffer.concat([frame, next])))).toStrictEqual([`${reason} ${frame.length - 1}`, taken]);
});

test.each(refused)('%s costs the same right behind a frame', (_what, frame, reason) => {
  expect(plain(decode(codecOf('virtagent-v7'), Buffer.concat([next, frame, next])))).toStrictEqual([
    taken,
    `${reason} ${frame.length - 1}`,
    taken,
  ]);
});

test.each(refused)('%s is reported at its end when nothing follows', (_what, frame, reason) => {
  expect(plain(decode(codecOf('virtagent-v7'), frame.subarray(0, -1)))).toStrictEqual([`${reason} ${frame.length - 1}`]);
});

test('a frame that was cut by the next one costs only itself', () => {
  for (let cut = 1; cut < next.length - 1; cut++) {
    const whole = decode(codecOf('virtagent-v7'), Buffer.concat([next.subarray(0, cut), next]));
    expect(plain(whole)).toStrictEqual(cut === 1 ? [taken] : [`truncated ${cut}`, taken]);
  }
});

test('nothing that a peer wrote reaches an error unquoted', () => {
  const frame = v7Frame([post, 'Content-Length: \x1b[31m\x00'], body);
  const [error] = decode(codecOf('virtagent-v7'), frame);
  expect(error).toMatchObject({ message: `dropped ${frame.length - 1} bytes: a Content-Length of "\\u001b[31m\\u0000"` });
});
