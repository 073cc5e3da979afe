import fc from 'fast-check';
import { expect, test } from 'vitest';
import { codecOf, decode, headed, plain, raw } from './support.ts';
import { runs } from '../property.ts';

// A stray print on stdout kills the session elsewhere: vscode-languageserver-node #353, pygls #133.

const note = '{"jsonrpc":"2.0","method":"m"}';
const good = headed(note).toString('latin1');
const taken = { type: 'notification', method: 'm', params: undefined };
const decoded = (stream: string) => plain(decode(codecOf('jsonrpc-headers'), stream));

test.each([
  ['a line', 'hello\n'],
  ['a line with CR LF', 'hello\r\n'],
  ["a line with a progress bar's CR", '42 %\r'],
  ['text without a line break', 'hello'],
  ['text that mentions the header', 'sending Content-Length: next '],
  ['many lines', 'Traceback:\n  File "x.py", line 1\n\nError\n'],
  ['a blank line', '\r\n'],
  ['two blank lines', '\r\n\r\n'],
  ['a line feed', '\n'],
  ['colours', '\x1b[31mfailed\x1b[0m\n'],
  ['bytes that are no text', '\x00\xff\xfe'],
  ['a byte order mark', '\xef\xbb\xbf'],
  ['a lot of text in one line', 'x'.repeat(4090)],
  ['more text than a header may have', 'x'.repeat(10_000)],
  ["half of the header's name", 'content-leng'],
])('%s before a header is noise', (_what, noise) => {
  expect(decoded(noise + good + good)).toStrictEqual([`noise ${noise.length}`, taken, taken]);
  expect(decoded(good + noise + good)).toStrictEqual([taken, `noise ${noise.length}`, taken]);
});

test('a log line with a colon is noise, and with CR LF a header like any other', () => {
  expect(decoded(`INFO: started\n${good}`)).toStrictEqual(['noise 14', taken]);
  expect(decoded(`INFO: started\r\n${good}`)).toStrictEqual([taken]);
});

test('a length that counts characters instead of bytes costs what it left over', () => {
  const body = '{"jsonrpc":"2.0","method":"ä"}';
  const short = raw(`Content-Length: ${body.length}\r\n\r\n${Buffer.from(body).toString('latin1')}`).toString('latin1');
  expect(decoded(short + good)).toStrictEqual([expect.objectContaining({ type: 'rejected' }), 'noise 1', taken]);
});

test('headers that fail one after the other are one report', () => {
  expect(decoded(`Content-Length: a\r\n\r\nContent-Length: b\r\n\r\nContent-Length: 3\n${good}`)).toStrictEqual(['bad-length 60', taken]);
});

test('a message behind any bytes that do not name the header is delivered', () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    fc.string({ unit: fc.constantFrom('\r', '\n', '\r\n', ':', ' ', 'a', 'Content-', 'Length', 'Content-Length', '\xff'), maxLength: 50 }),
    fc.nat(300).map((more) => 'x'.repeat(3950 + more)),
  );
  fc.assert(
    fc.property(fc.array(noise, { maxLength: 3 }), (pieces) => {
      const before = pieces.join('');
      fc.pre(!/content-length:/i.test(before));
      expect(decoded(before + good).at(-1)).toStrictEqual(taken);
    }),
    runs(3000),
  );
});

test.each([
  ['a little', 60, 'truncated'],
  ['megabytes', 9_000_000, 'truncated'],
  ['gigabytes', 9_000_000_000, 'message-too-large'],
])('a length that is %s too large costs its own message, and not those that follow', (_what, length, reason) => {
  const lying = `Content-Length: ${length}\r\n\r\n${note.slice(0, 20)}`;
  expect(decoded(lying + good + good)).toStrictEqual([`${reason} ${lying.length}`, taken, taken]);
});
