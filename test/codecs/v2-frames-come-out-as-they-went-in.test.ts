import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeData, encodeFrame, largestPayload, type Frame, type FrameReader } from '../../transport/codecs/virtagent-2-frames.ts';
import { anyFrame, dataFrame, readAll, readerOf, seed } from './v2-support.ts';
import { runs } from '../property.ts';

test('a frame that is encoded and read is the same frame', () => {
  fc.assert(
    fc.property(anyFrame, (frame) => {
      expect(readAll(encodeFrame(frame, seed))).toStrictEqual([frame]);
    }),
    runs(3000),
  );
});

test('frames in a row come out in that order', () => {
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 10 }), (frames) => {
      expect(readAll(Buffer.concat(frames.map((frame) => encodeFrame(frame, seed))))).toStrictEqual(frames);
    }),
    runs(200),
  );
});

test('one FLAG between two frames is enough', () => {
  fc.assert(
    fc.property(fc.array(anyFrame, { minLength: 1, maxLength: 10 }), (frames) => {
      const once = frames.map((frame) => encodeFrame(frame, seed).subarray(1));
      expect(readAll(Buffer.concat([Buffer.from([0xff]), ...once]))).toStrictEqual(frames);
    }),
    runs(300),
  );
});

test('a FLAG is on the line only before and after a frame, and an escape only before 0x00 and 0x01', () => {
  fc.assert(
    fc.property(anyFrame, (frame) => {
      const [first, ...rest] = encodeFrame(frame, seed);
      expect([first, rest.indexOf(0xff)]).toEqual([0xff, rest.length - 1]);
      expect(rest.every((byte, at) => byte !== 0xfe || (rest[at + 1] as number) < 2)).toBe(true);
    }),
    runs(3000),
  );
});

test('a piece is encoded from its place in the whole message', () => {
  fc.assert(
    fc.property(dataFrame, fc.nat(20), fc.nat(20), (frame, before, after) => {
      const whole = Buffer.concat([Buffer.alloc(before, 0xff), frame.payload, Buffer.alloc(after, 0xff)]);
      expect(encodeData(frame, whole, before, before + frame.payload.length, seed)).toEqual(encodeFrame(frame, seed));
    }),
    runs(200),
  );
});

describe('the largest frames', () => {
  const piece = (payload: Buffer): Frame => ({
    kind: 'data',
    seq: 16_383,
    first: true,
    last: false,
    bytes: true,
    drop: false,
    number: 16_383,
    total: 2 ** 28 - 1,
    payload,
  });

  const come = (frame: Frame, size: number, reader: FrameReader): boolean => {
    const [read, ...rest] = readAll(encodeFrame(frame, seed), [size], reader);
    // Compared by hand: an assertion about so many bytes takes seconds.
    return rest.length === 0 && (read as { payload: Buffer }).payload.equals((frame as { payload: Buffer }).payload);
  };

  test.each([0x41, 0xfe, 0xff])('64 KiB of the byte %d', (byte) => {
    expect(come(piece(Buffer.alloc(65_536, byte)), 16_384, readerOf())).toBe(true);
  });

  test('as many bytes as the length has digits for, and not one more', () => {
    expect(come(piece(Buffer.alloc(largestPayload, 0xfe)), 65_536, readerOf(largestPayload))).toBe(true);
    expect(() => encodeFrame(piece(Buffer.alloc(largestPayload + 1)), seed)).toThrow(RangeError);
  });
});

test('numbers are sent modulo what their digits hold', () => {
  const frame: Frame = {
    kind: 'status',
    ask: false,
    next: 16_384 + 5,
    clock: 2 ** 35 + 6,
    grantedRequests: 2 ** 28 + 7,
    grantedBytes: 2 ** 42 + 8,
    spentRequests: 2 ** 30 + 9,
    spentBytes: 2 ** 50 + 10,
    taken: Buffer.alloc(0),
  };
  expect(readAll(encodeFrame(frame, seed))).toStrictEqual([
    { ...frame, next: 5, clock: 6, grantedRequests: 7, grantedBytes: 8, spentRequests: 9, spentBytes: 10 },
  ]);
});
