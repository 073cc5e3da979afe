import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeFrame, FrameReader, sessionSeed } from '../../transport/codecs/virtagent-2-frames.ts';
import { anyFrame, otherSeeds, readAll, readerOf, reasonsOf, seed, them, us } from './v2-support.ts';
import { runs } from '../property.ts';

const inSession = anyFrame.filter(({ kind }) => kind === 'data' || kind === 'status');
const outside = anyFrame.filter(({ kind }) => kind === 'hello' || kind === 'bye');

test('a frame of an earlier session, of one with others, or of our own that comes back fails its check', () => {
  fc.assert(
    fc.property(inSession, fc.constantFrom(...Object.values(otherSeeds)), (frame, other) => {
      expect(reasonsOf(readAll(encodeFrame(frame, other)))).toEqual(['bad-checksum']);
    }),
    runs(2000),
  );
});

test('those of the session before are told from damaged ones while its seed is kept', () => {
  const reader = readerOf();
  reader.previousSeed = otherSeeds.previous;
  fc.assert(
    fc.property(inSession, (frame) => {
      expect(reasonsOf(readAll(encodeFrame(frame, otherSeeds.previous), [9], reader))).toEqual(['other-session']);
      expect(reasonsOf(readAll(encodeFrame(frame, otherSeeds.unknown), [9], reader))).toEqual(['bad-checksum']);
      expect(reasonsOf(readAll(encodeFrame(frame, seed), [9], reader))).toEqual(['taken']);
    }),
    runs(500),
  );
});

test('before a session is agreed, what belongs to one is dropped', () => {
  fc.assert(
    fc.property(inSession, (frame) => {
      expect(reasonsOf(readAll(encodeFrame(frame, seed), [9], new FrameReader(65_536)))).toEqual(['other-session']);
    }),
    runs(500),
  );
});

test('HELLO and BYE belong to none, and are taken in each', () => {
  fc.assert(
    fc.property(outside, fc.constantFrom(...Object.values(otherSeeds)), (frame, other) => {
      expect(readAll(encodeFrame(frame, other))).toStrictEqual([frame]);
      expect(readAll(encodeFrame(frame, other), [9], new FrameReader(65_536))).toStrictEqual([frame]);
    }),
    runs(500),
  );
});

test('a session has another seed in each direction', () => {
  expect(sessionSeed(us, them)).not.toBe(sessionSeed(them, us));
});
