import { PassThrough, Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { linesOf } from '../../cli/input-lines.ts';
import { rejection } from '../support/peers.ts';

const never = new AbortController().signal;

async function linesIn(chunks: readonly Buffer[]): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(Readable.from(chunks), never)) lines.push(line);
  return lines;
}

test('lines are the same however their bytes are cut', async () => {
  const bytes = Buffer.from('ping\n\ngrüße "👍\u2028"\r\nlast');
  const expected = ['ping', '', 'grüße "👍\u2028"\r', 'last'];
  for (let size = 1; size <= bytes.length; size++) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
    expect(await linesIn(chunks)).toEqual(expected);
  }
});

test('an end of the input right after a line is no further line', async () => {
  expect(await linesIn([Buffer.from('ping\n')])).toEqual(['ping']);
  expect(await linesIn([])).toEqual([]);
});

test('no more is read than was asked for', async () => {
  let read = 0;
  const input = new Readable({
    highWaterMark: 1,
    read() {
      read++;
      this.push(Buffer.from('ping\n'.repeat(100)));
    },
  });
  const lines = linesOf(input, never);
  for (let at = 0; at < 100; at++) await lines.next();
  expect(read).toBeLessThan(5);
  await lines.return(undefined);
});

test('a line without end is refused', async () => {
  const input = Readable.from(
    (function* endless() {
      for (;;) yield Buffer.alloc(1024 * 1024, 'x');
    })(),
  );
  const error = await rejection(linesOf(input, never).next());
  expect(error).toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringMatching(/^a line is .*; it takes at most 33554432/) as string,
  });
});

test('an input that is waited for can be left', async () => {
  const leave = new AbortController();
  const next = linesOf(new PassThrough(), leave.signal).next();
  leave.abort();
  expect(await next).toEqual({ done: true, value: undefined });
});
