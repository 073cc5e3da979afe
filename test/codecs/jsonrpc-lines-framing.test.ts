import { expect, test } from 'vitest';
import { codecOf, decode, plain, raw } from './support.ts';

const note = '{"jsonrpc":"2.0","method":"m"}';
const taken = { type: 'notification', method: 'm', params: undefined };
const decoded = (stream: string, maxMessageBytes = 1000) => plain(decode(codecOf('jsonrpc-lines', { maxMessageBytes }), stream));

test('each line is a message', () => {
  expect(decoded(`${note}\n${note}\n`)).toStrictEqual([taken, taken]);
});

test('CR LF ends a line as well, and counts with the message', () => {
  expect(decoded(`${note}\r\n${note}\r\n`)).toStrictEqual([taken, taken]);
  expect(codecOf('jsonrpc-lines').push(raw(`${note}\r\n`))).toMatchObject([{ bytes: note.length + 2 }]);
});

test('blank lines are nothing', () => {
  expect(decoded(`\n\r\n  \t\r\n\r\r\n${note}\n\n`)).toStrictEqual([taken]);
});

test('a message is delivered with its line feed', () => {
  const codec = codecOf('jsonrpc-lines');
  expect(codec.push(raw(note))).toEqual([]);
  expect(codec.buffered).toBe(note.length);
  expect(plain(codec.push(raw('\n')))).toStrictEqual([taken]);
  expect(codec.buffered).toBe(0);
});

test('a line that is no JSON costs that line only', () => {
  expect(decoded(`Listening on 80\n${note}\n`)).toStrictEqual([expect.objectContaining({ type: 'rejected', tag: null }), taken]);
});

test('a line of the limit is taken, with either line ending; one byte more is dropped and reported', () => {
  expect(decoded(`${note}\n${note}\r\n`, note.length)).toStrictEqual([taken, taken]);
  expect(decoded(`${note} \n${note}\n`, note.length)).toStrictEqual([`message-too-large ${note.length + 2}`, taken]);
  expect(decoded(`${note} \r\n${note}\n`, note.length)).toStrictEqual([`message-too-large ${note.length + 3}`, taken]);
});

test('a line that is too long is not kept, and reported once it has ended', () => {
  const codec = codecOf('jsonrpc-lines', { maxMessageBytes: 100 });
  for (let i = 0; i < 50; i++) {
    expect(codec.push(Buffer.alloc(70, 'x'))).toEqual([]);
    expect(codec.buffered).toBeLessThanOrEqual(101);
  }
  expect(plain(codec.push(raw(`\n${note}\n`)))).toStrictEqual(['message-too-large 3501', taken]);
});

test('a line that the end cuts is reported, not tried', () => {
  expect(decoded(`${note}\n${note}`)).toStrictEqual([taken, `truncated ${note.length}`]);
  expect(decoded('x'.repeat(2000))).toStrictEqual(['message-too-large 2000']);
});

test('nothing is left after the end', () => {
  const codec = codecOf('jsonrpc-lines');
  codec.push(raw('{"half'));
  codec.end();
  expect(codec.buffered).toBe(0);
  expect(codec.end()).toEqual([]);
  expect(plain(codec.push(raw(`${note}\n`)))).toStrictEqual([taken]);
});
