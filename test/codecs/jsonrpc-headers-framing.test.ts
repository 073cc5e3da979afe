import { expect, test } from 'vitest';
import type { Limits } from '../../transport/limits.ts';
import { codecOf, decode, headed, plain, raw } from './support.ts';

const note = '{"jsonrpc":"2.0","method":"m"}';
const good = headed(note).toString('latin1');
const taken = { type: 'notification', method: 'm', params: undefined };
const decoded = (stream: string, own: Partial<Limits> = {}) => plain(decode(codecOf('jsonrpc-headers', own), stream));
const block = (...lines: string[]) => `${lines.map((line) => `${line}\r\n`).join('')}\r\n`;

test.each([
  ['a length alone', block('Content-Length: 30')],
  ['a name in another letter case', block('content-LENGTH: 30')],
  ['no space, or several', block('Content-Length:30') + note + block('Content-Length:   30  ')],
  ['a type before it', block('Content-Type: application/vscode-jsonrpc; charset=utf-8', 'Content-Length: 30')],
  ['a type behind it', block('Content-Length: 30', 'Content-Type: application/vscode-jsonrpc; charset=utf8')],
  ['an unknown charset, read as UTF-8 all the same', block('Content-Length: 30', 'Content-Type: text/plain; charset=latin1')],
  ['unknown headers', block('X-Empty:', 'Content-Length: 30', 'X-Other: Content-Length: 5')],
  ['the length twice, of which the last counts', block('Content-Length: 5', 'Content-Length: 30')],
])('%s is taken', (_what, header) => {
  expect(decoded(header + note + good).every((item) => JSON.stringify(item) === JSON.stringify(taken))).toBe(true);
  expect(decoded(header + note + good).length).toBeGreaterThanOrEqual(2);
});

test('a message is delivered with its last byte, and takes its header and its body', () => {
  const codec = codecOf('jsonrpc-headers');
  expect(codec.push(raw(good.slice(0, -1)))).toEqual([]);
  expect(codec.buffered).toBe(good.length - 1);
  expect(codec.push(raw('}'))).toStrictEqual([{ ...taken, bytes: good.length }]);
  expect(codec.buffered).toBe(0);
});

const damage: [string, string, string][] = [
  ['no length', block('Content-Type: x'), 'bad-length'],
  ['an empty length', block('Content-Length:'), 'bad-length'],
  ['a negative length', block('Content-Length: -5'), 'bad-length'],
  ['a length with a sign', block('Content-Length: +30'), 'bad-length'],
  ['a length with a fraction', block('Content-Length: 30.0'), 'bad-length'],
  ['a length that is text', block('Content-Length: 30abc'), 'bad-length'],
  ['a length of eleven digits', block('Content-Length: 00000000030'), 'bad-length'],
  ['a bare LF', 'Content-Length: 30\n\n', 'bad-header'],
  ['a bare CR', 'Content-Length: 30\r\r\n\r\n', 'bad-header'],
  ['a header line without a name', block('Content-Length: 30', 'nonsense'), 'bad-header'],
  ['a control character', block('Content-Length: 30', 'X: \x07'), 'bad-header'],
  ['a tab', block('Content-Length:\t30'), 'bad-header'],
  ['a byte beyond ASCII', block('Content-Length: 30', 'X: \xe4'), 'bad-header'],
  ['a header that is too large', block('Content-Length: 30', `X: ${'x'.repeat(5000)}`), 'header-too-large'],
];

test.each(damage)('%s is reported once, with everything up to the next good header', (_what, header, reason) => {
  expect(decoded(header + note + good + good)).toStrictEqual([`${reason} ${header.length + note.length}`, taken, taken]);
  expect(decoded(good + header + note)).toStrictEqual([taken, `${reason} ${header.length + note.length}`]);
});

test('a header of the limit is taken, and one byte more is not', () => {
  const limit = (more: number) => block('Content-Length: 30', `X: ${'x'.repeat(100 - 20 - 3 - 4 + more)}`);
  expect(limit(0).length).toBe(100);
  expect(decoded(limit(0) + note, { maxHeaderBytes: 100 })).toStrictEqual([taken]);
  expect(decoded(limit(1) + note, { maxHeaderBytes: 100 })).toStrictEqual([`header-too-large ${101 + 30}`]);
});

test('a message of the limit is taken; a larger one is skipped, whatever JSON is in it, without being kept', () => {
  expect(decoded(good, { maxMessageBytes: 30 })).toStrictEqual([taken]);
  const inner = JSON.stringify(headed('{"jsonrpc":"2.0","id":1,"method":"evil"}').toString());
  expect(decoded(headed(inner).toString() + good, { maxMessageBytes: 40 })).toStrictEqual([
    `message-too-large ${headed(inner).length}`,
    taken,
  ]);
  const codec = codecOf('jsonrpc-headers', { maxMessageBytes: 40 });
  codec.push(raw('Content-Length: 9999999999\r\n\r\n'));
  codec.push(Buffer.alloc(1_000_000, 'x'));
  // As much as the header of the next message may have begun in.
  expect(codec.buffered).toBeLessThanOrEqual(256);
  expect(plain(codec.end())).toStrictEqual(['message-too-large 1000030']);
});

test('a body that is no JSON leaves the frames in step', () => {
  expect(decoded(headed('{oops').toString() + good)).toStrictEqual([expect.objectContaining({ type: 'rejected', tag: null }), taken]);
  expect(decoded(block('Content-Length: 0') + good)).toStrictEqual([expect.objectContaining({ type: 'rejected', tag: null }), taken]);
});

test.each([
  ['a header', 'Content-Len'],
  ['a header before its body', 'Content-Length: 30\r\n\r\n'],
  ['a body', good.slice(0, -1)],
])('%s that the end cuts is reported', (_what, cut) => {
  expect(decoded(good + cut)).toStrictEqual([taken, `truncated ${cut.length}`]);
});

test('the end in the middle of noise reports the noise', () => {
  expect(decoded('hello\nContent-Len')).toStrictEqual(['noise 17']);
});

test('nothing is left after the end', () => {
  const codec = codecOf('jsonrpc-headers', { maxMessageBytes: 40 });
  for (const start of ['Content', good.slice(0, -1), 'hello\nworld', 'Content-Length: 50\r\n\r\nx']) {
    codec.push(raw(start));
    expect(codec.end()).toHaveLength(1);
    expect(codec.buffered).toBe(0);
    expect(codec.end()).toEqual([]);
    expect(plain(codec.push(raw(good)))).toStrictEqual([taken]);
  }
});
