import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RemoteProtocolError } from '../../transport/errors.ts';
import { encodeFrame, type Frame } from '../../transport/codecs/virtagent-2-frames.ts';
import { anyFrame, readAll, reasonsOf, seed, type Read } from './v2-support.ts';
import { runs } from '../property.ts';

const framesOf = (read: readonly Read[]): Frame[] => read.filter((item): item is Frame => !(item instanceof RemoteProtocolError));
const encoded = (frames: readonly Frame[]): Buffer[] => frames.map((frame) => encodeFrame(frame, seed));
const three = fc.tuple(anyFrame, anyFrame, anyFrame);

test('bits that are changed in a frame cost that frame, and never make another', () => {
  fc.assert(
    fc.property(three, fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), (frames, flips) => {
      const [before, damaged, after] = encoded(frames) as [Buffer, Buffer, Buffer];
      for (const flip of new Set(flips.map((at) => at % ((damaged.length - 2) * 8))))
        (damaged[1 + (flip >> 3)] as number) ^= 1 << (flip & 7);
      const read = readAll(Buffer.concat([before, damaged, after]));
      expect(framesOf(read)).toStrictEqual([frames[0], frames[2]]);
      // A byte that became a FLAG makes two of it.
      expect(read.length).toBeGreaterThanOrEqual(3);
    }),
    runs(3000),
  );
});

test('bytes that are lost, or come from elsewhere, within a frame cost that frame', () => {
  fc.assert(
    fc.property(three, fc.nat(), fc.nat(5), fc.uint8Array({ maxLength: 5 }), (frames, where, lost, put) => {
      const [before, whole, after] = encoded(frames) as [Buffer, Buffer, Buffer];
      // Behind its first byte: in front of it, what comes may as well be noise.
      const at = 2 + (where % (whole.length - 3));
      const end = Math.min(whole.length - 1, at + lost);
      const damaged = Buffer.concat([whole.subarray(0, at), put, whole.subarray(end)]);
      // What was put may be what was lost, or a FLAG and what stands next to it: then the frame is whole, with noise beside it.
      fc.pre(!damaged.includes(whole));
      expect(framesOf(readAll(Buffer.concat([before, damaged, after])))).toStrictEqual([frames[0], frames[2]]);
    }),
    runs(2000),
  );
});

test.each([
  ['before', (frame: Buffer) => [frame.subarray(0, 2), frame]],
  ['behind', (frame: Buffer) => [frame, frame.subarray(-2)]],
])('what comes into a frame and leaves it whole, as noise %s it, costs no frame', (_where, put) => {
  fc.assert(
    fc.property(three, (frames) => {
      const [before, whole, after] = encoded(frames) as [Buffer, Buffer, Buffer];
      expect(framesOf(readAll(Buffer.concat([before, ...put(whole), after])))).toStrictEqual(frames);
    }),
    runs(200),
  );
});

test('noise between frames costs no frame', () => {
  fc.assert(
    fc.property(three, fc.uint8Array({ maxLength: 60 }), fc.uint8Array({ maxLength: 60 }), (frames, first, second) => {
      const [a, b, c] = encoded(frames) as [Buffer, Buffer, Buffer];
      expect(framesOf(readAll(Buffer.concat([a, first, b, second, c])))).toStrictEqual(frames);
    }),
    runs(1000),
  );
});

test('a frame that the end of another cut into costs both, and no more', () => {
  fc.assert(
    fc.property(three, fc.nat(), (frames, where) => {
      const [a, b, c] = encoded(frames) as [Buffer, Buffer, Buffer];
      const cut = a.subarray(0, 2 + (where % (a.length - 2)));
      // Its FLAGs are gone, and the first of the next frame.
      expect(framesOf(readAll(Buffer.concat([cut, b.subarray(1), c])))).toStrictEqual([frames[2]]);
    }),
    runs(1000),
  );
});

describe('the reason tells what the line did to it', () => {
  const frame = encodeFrame(
    {
      kind: 'data',
      seq: 1,
      first: true,
      last: true,
      bytes: false,
      drop: false,
      number: undefined,
      total: undefined,
      payload: Buffer.from('{"method":"m"}'),
    },
    seed,
  );
  const changed = (at: number, byte: number): Buffer => Buffer.from(frame.map((one, i) => (i === at ? byte : one)));
  const without = (from: number, to: number): Buffer => Buffer.concat([frame.subarray(0, from), frame.subarray(to)]);

  test.each([
    ['a byte was changed', changed(12, 0x20), ['bad-checksum']],
    ['a byte became an escape of nothing', changed(12, 0xfe), ['bad-checksum']],
    ['its last byte became an escape', changed(frame.length - 2, 0xfe), ['bad-checksum']],
    ['a byte became a FLAG', changed(12, 0xff), ['truncated', 'noise']],
    ['bytes were lost', without(10, 14), ['truncated']],
    ['all but its head was lost', without(2, frame.length - 1), ['truncated']],
    ['its head was lost', without(1, 2), ['noise']],
    ['its head became that of no frame', changed(1, 0x52), ['noise']],
    ['bytes came to it', Buffer.concat([frame.subarray(0, 12), Buffer.from('login: '), frame.subarray(12)]), ['bad-length']],
    ['its length is not in digits', changed(3, 0x80), ['bad-length']],
    ['the line ended in it', frame.subarray(0, 15), ['truncated']],
    ['something printed between frames', Buffer.from('\xfflogin: \xff', 'latin1'), ['noise']],
  ])('%s', (_what, stream, reasons) => {
    expect(reasonsOf(readAll(stream))).toEqual(reasons);
  });
});
