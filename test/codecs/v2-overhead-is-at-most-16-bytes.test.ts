import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeFrame, type Frame } from '../../transport/codecs/virtagent-2-frames.ts';
import { encodeMessage } from '../../transport/codecs/virtagent-2-messages.ts';
import { v2Limits } from '../../transport/limits.ts';
import { seed } from './v2-support.ts';
import { runs } from '../property.ts';

function overhead(payload: Buffer, seq: number): number {
  const head = { seq, first: true, last: true, bytes: false, drop: false, number: undefined, total: undefined };
  return encodeFrame({ kind: 'data', ...head, payload } satisfies Frame, seed).length - payload.length;
}

test('a message that is one frame takes 12 bytes besides its own, and one more for each byte of its checksum that is escaped', () => {
  let most = 0;
  let all = 0;
  let count = 0;
  fc.assert(
    fc.property(fc.nat(16_383), fc.string({ unit: 'grapheme', maxLength: 100 }), (seq, text) => {
      const { payload } = encodeMessage({ type: 'request', tag: 'a.1', method: 'm', params: { text } }, v2Limits);
      const extra = overhead(payload, seq);
      expect(extra).toBeGreaterThanOrEqual(12);
      most = Math.max(most, extra);
      all += extra;
      count++;
    }),
    runs(5000),
  );
  expect(most).toBeLessThanOrEqual(16);
  // An escape is in one of 32 frames.
  expect(all / count).toBeLessThan(12.1);
});
