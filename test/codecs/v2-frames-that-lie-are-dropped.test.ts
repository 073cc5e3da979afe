import { describe, expect, test } from 'vitest';
import { encodeFrame } from '../../transport/codecs/virtagent-2-frames.ts';
import { readAll, readerOf, reasonsOf, sealed, sealedOf, seed } from './v2-support.ts';

const zeros = (count: number): Buffer => Buffer.alloc(count);
const bytes = (...all: (number | Uint8Array)[]): Buffer =>
  Buffer.concat(all.map((one) => (typeof one === 'number' ? Buffer.from([one]) : one)));
const outside = '';

/** HELLO's fields: what is named in place of what is right. */
function hello({ version = 2, line = 1, half = 1, digit = 0, length = 41 } = {}): Buffer {
  const fields = bytes(version, 0, Buffer.alloc(6, line), zeros(6), Buffer.alloc(6, half), zeros(6), zeros(14), digit);
  return fields.subarray(0, length);
}

describe('a frame whose checksum is right, with', () => {
  test.each([
    ['a HELLO without a version', sealedOf(0x10, zeros(0), outside)],
    ['a HELLO that is a byte short', sealedOf(0x10, hello({ length: 40 }), outside)],
    ['a HELLO that is a byte long', sealedOf(0x10, bytes(hello(), 0), outside)],
    ['a HELLO of a line of zeros', sealedOf(0x10, hello({ line: 0 }), outside)],
    ['a HELLO of a half of zeros', sealedOf(0x10, hello({ half: 0 }), outside)],
    ['a HELLO with a number that is not in digits', sealedOf(0x10, hello({ digit: 0x80 }), outside)],
    ['a DATA without a seq', sealedOf(0x23, zeros(1))],
    ['a DATA with a seq that is not in digits', sealedOf(0x23, bytes(0, 0x80))],
    ['a piece without a number', sealedOf(0x20, zeros(3))],
    ['a first piece without a total', sealedOf(0x21, zeros(7))],
    ['a first piece with a total that is not in digits', sealedOf(0x21, bytes(zeros(4), 0, 0, 0, 0xfe))],
    ['a DROP with a payload', sealedOf(0x28, zeros(5))],
    ['a DROP that is FIRST', sealedOf(0x29, zeros(8))],
    ['a DROP that is LAST', sealedOf(0x2a, zeros(4))],
    ['a DROP with BYTES', sealedOf(0x2c, zeros(4))],
    ['a STATUS that is short', sealedOf(0x30, zeros(26))],
    ['a STATUS with 17 bytes of bits', sealedOf(0x30, zeros(44))],
    ['a STATUS with a number that is not in digits', sealedOf(0x30, bytes(zeros(26), 0xff))],
    ['a BYE without a code', sealedOf(0x40, zeros(6), outside)],
    ['a BYE with 257 bytes of text', sealedOf(0x40, bytes(zeros(7), Buffer.alloc(257, 0x41)), outside)],
    ['a BYE whose text is no UTF-8', sealedOf(0x40, bytes(zeros(7), 0xc3), outside)],
  ])('%s is dropped', (_what, frame) => {
    expect(reasonsOf(readAll(frame))).toEqual(['bad-header']);
    // And so is nothing but it.
    const whole = encodeFrame({ kind: 'bye', seen: '', code: 1, text: '' }, seed);
    expect(reasonsOf(readAll(Buffer.concat([whole, frame, whole])))).toEqual(['taken', 'bad-header', 'taken']);
  });

  test('what the tests above change is taken as it is', () => {
    expect(reasonsOf(readAll(sealedOf(0x10, hello(), outside)))).toEqual(['taken']);
    for (const [head, length] of [
      [0x23, 2],
      [0x20, 4],
      [0x22, 4],
      [0x21, 8],
      [0x28, 4],
      [0x30, 27],
      [0x30, 43],
      [0x31, 27],
    ] as const)
      // prettier-ignore
      expect(reasonsOf(readAll(sealedOf(head, zeros(length))))).toEqual(['taken']);
    expect(reasonsOf(readAll(sealedOf(0x40, bytes(zeros(7), Buffer.alloc(256, 0x41)), outside)))).toEqual(['taken']);
  });

  test.each([0x00, 0x0f, 0x11, 0x32, 0x41, 0x50, 0x7f, 0x80, 0xa3])('the head %i, which no frame has, is noise', (head) => {
    for (const length of [7, 27, 41]) {
      expect(reasonsOf(readAll(sealedOf(head, zeros(length))))).toEqual(['noise']);
      expect(reasonsOf(readAll(sealedOf(head, zeros(length), outside)))).toEqual(['noise']);
    }
  });

  test('a length that is not what is there is not taken, though the checksum is right', () => {
    expect(reasonsOf(readAll(sealed(bytes(0x23, 0, 0, 3, 0, 0))))).toEqual(['truncated']);
    expect(reasonsOf(readAll(sealed(bytes(0x23, 0, 0, 1, 0, 0))))).toEqual(['bad-length']);
    expect(reasonsOf(readAll(sealed(bytes(0x23, 0x7f, 0x7f, 0x7f, 0, 0))))).toEqual(['truncated']);
  });

  test('more payload than a frame may have is dropped', () => {
    const piece = (length: number): Buffer => sealedOf(0x23, zeros(2 + length));
    expect(reasonsOf(readAll(piece(300), [1], readerOf(300)))).toEqual(['taken']);
    expect(reasonsOf(readAll(piece(301), [1], readerOf(300)))).toEqual(['message-too-large']);
    expect(reasonsOf(readAll(piece(400), [1], readerOf(300)))).toEqual(['message-too-large']);
  });
});

test('of a HELLO of another version nothing but the version is looked at', () => {
  const zero = { reliable: false, line: '', seen: '', half: '', other: '', got: 0, sent: 0, clock: 0 };
  for (const fields of [bytes(3), bytes(3, Buffer.alloc(200, 0xff)), hello({ version: 3 })])
    expect(readAll(sealedOf(0x10, fields, outside))).toStrictEqual([{ kind: 'hello', version: 3, ...zero }]);
  expect(readAll(sealedOf(0x10, bytes(0xff), outside))).toStrictEqual([{ kind: 'hello', version: 255, ...zero }]);
});

test('the flags of a HELLO but its first are not looked at', () => {
  const fields = hello();
  fields[1] = 0xfe;
  expect(readAll(sealedOf(0x10, fields, outside))).toMatchObject([{ kind: 'hello', reliable: false }]);
  fields[1] = 0xff;
  expect(readAll(sealedOf(0x10, fields, outside))).toMatchObject([{ kind: 'hello', reliable: true }]);
});
