import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteBuffer, findByte } from '../../transport/codecs/byte-buffer.ts';
import { runs } from '../property.ts';

test('a decoder that leaves bytes gets them again, in front of the next', () => {
  const buffer = new ByteBuffer();
  const seen: string[] = [];
  const decode = (bytes: Buffer, from: number, to: number) => {
    seen.push(bytes.toString('latin1', from, to));
    return to - from < 6 ? from : to;
  };
  buffer.feed(Buffer.from('ab'), decode);
  buffer.feed(Buffer.from('cd'), decode);
  expect(buffer.length).toBe(4);
  buffer.feed(Buffer.from('ef'), decode);
  expect(buffer.length).toBe(0);
  expect(seen).toEqual(['ab', 'abcd', 'abcdef']);
});

test('a whole frame in one chunk is decoded where it is', () => {
  const chunk = Buffer.from('whole');
  new ByteBuffer().feed(chunk, (bytes, _from, to) => {
    expect(bytes).toBe(chunk);
    return to;
  });
});

test('what is held is a copy', () => {
  const buffer = new ByteBuffer();
  const chunk = Buffer.from('ab');
  buffer.feed(chunk, (_bytes, from) => from);
  chunk.fill('x');
  buffer.feed(Buffer.from('cd'), (bytes, from, to) => {
    expect(bytes.toString('latin1', from, to)).toBe('abcd');
    return to;
  });
});

test('however it is cut and however much is taken at a time, each byte is taken once and in order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 700 }), { maxLength: 60 }),
      fc.infiniteStream(fc.nat(1000)),
      (chunks, takes) => {
        const buffer = new ByteBuffer();
        const taken: Buffer[] = [];
        for (const chunk of chunks) {
          buffer.feed(chunk, (bytes, from, to) => {
            const done = Math.min(to, from + (takes.next().value as number));
            taken.push(Buffer.from(bytes.subarray(from, done)));
            return done;
          });
        }
        const stream = Buffer.concat(chunks);
        const got = Buffer.concat(taken);
        expect(got.equals(stream.subarray(0, got.length))).toBe(true);
        expect(buffer.length).toBe(stream.length - got.length);
      },
    ),
    runs(1000),
  );
});

test('a byte is found within its bounds only', () => {
  const bytes = Buffer.from('x'.repeat(100));
  bytes[10] = bytes[60] = 1;
  expect(findByte(bytes, 1, 0, 100)).toBe(10);
  expect(findByte(bytes, 1, 11, 100)).toBe(60);
  expect(findByte(bytes, 1, 11, 60)).toBe(-1);
  expect(findByte(bytes, 1, 11, 20)).toBe(-1);
  expect(findByte(bytes, 1, 60, 61)).toBe(60);
  expect(findByte(bytes, 1, 61, 100)).toBe(-1);
  expect(findByte(bytes, 1, 100, 100)).toBe(-1);
});
