import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeFrame } from '../../transport/codecs/virtagent-2-frames.ts';
import { cuts } from './arbitraries.ts';
import { anyBytes, anyFrame, otherSeeds, plainly, readAll, readerOf, sealed, seed } from './v2-support.ts';
import { runs } from '../property.ts';

const piece = fc.oneof(
  { weight: 3, arbitrary: anyFrame.map((frame) => encodeFrame(frame, seed)) },
  { weight: 1, arbitrary: anyFrame.map((frame) => encodeFrame(frame, otherSeeds.previous)) },
  { weight: 1, arbitrary: anyFrame.map((frame) => encodeFrame(frame, seed).subarray(0, -3)) },
  { weight: 1, arbitrary: anyBytes.map((bytes) => sealed(bytes)) },
  { weight: 1, arbitrary: anyBytes },
  { weight: 1, arbitrary: fc.integer({ min: 560, max: 600 }).map((length) => Buffer.alloc(length, 0x20)) },
);
const streams = fc.array(piece, { maxLength: 10 }).map((pieces) => Buffer.concat(pieces));

test('a stream says the same in whole and in any pieces, damage and its counts included', () => {
  fc.assert(
    fc.property(streams, cuts, fc.constantFrom(1, 300, 65_536), (stream, sizes, maxFrame) => {
      const whole = plainly(readAll(stream, [Infinity], readerOf(maxFrame)));
      expect(plainly(readAll(stream, sizes, readerOf(maxFrame)))).toStrictEqual(whole);
      expect(plainly(readAll(stream, [1], readerOf(maxFrame)))).toStrictEqual(whole);
    }),
    runs(1500),
  );
});

test('what is said of a line does not depend on the line before it', () => {
  fc.assert(
    fc.property(streams, streams, (before, stream) => {
      const reader = readerOf();
      readAll(before, [7], reader);
      expect(reader.buffered).toBe(0);
      expect(plainly(readAll(stream, [7], reader))).toStrictEqual(plainly(readAll(stream)));
    }),
    runs(500),
  );
});

test('plain Uint8Arrays are taken, also as part of larger memory', () => {
  fc.assert(
    fc.property(streams, (stream) => {
      const memory = new Uint8Array(stream.length + 20).fill(0xff);
      memory.set(stream, 7);
      const reader = readerOf();
      expect(plainly([...reader.push(memory.subarray(7, 7 + stream.length)), ...reader.end()])).toStrictEqual(plainly(readAll(stream)));
    }),
    runs(500),
  );
});
