import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ahead, BYTES_MODULUS, COUNT_MODULUS, FRAMES_MODULUS, SEQ_MODULUS, unwrapped } from '../../transport/session/numbers.ts';
import { runs } from '../property.ts';

test('a seq is told from the counts nearest to it', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 40), fc.integer({ min: -SEQ_MODULUS / 2, max: SEQ_MODULUS / 2 - 1 }), (from, distance) => {
      fc.pre(from + distance >= 0);
      expect(ahead((from + distance) % SEQ_MODULUS, from % SEQ_MODULUS)).toBe(distance);
    }),
    runs(100),
  );
});

test.each([COUNT_MODULUS, BYTES_MODULUS, FRAMES_MODULUS])('a count modulo %s is told by the last one', (modulus) => {
  fc.assert(
    fc.property(fc.nat(2 ** 31), fc.nat(2 ** 20), fc.integer({ min: -(2 ** 26), max: 2 ** 26 }), (low, high, distance) => {
      const last = low + high * 2 ** 31;
      fc.pre(last + distance >= 0);
      expect(unwrapped((last + distance) % modulus, last, modulus)).toBe(last + distance);
    }),
    runs(100),
  );
});
