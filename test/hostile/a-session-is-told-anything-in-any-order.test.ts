import { expect, test } from 'vitest';
import { fuzzSession } from '../../torture/fuzz/session.ts';
import { seed, times } from '../property.ts';

// `npm run torture -- --only fuzz` has twenty-five times as many.

test(`frames, lines, time and sends (SEED=${seed})`, () => {
  expect(() => fuzzSession(seed, 20_000 * times)).not.toThrow();
});
