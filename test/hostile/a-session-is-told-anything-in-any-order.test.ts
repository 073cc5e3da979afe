import { expect, test } from 'vitest';
import { fuzzSession } from '../../torture/fuzz/session.ts';

// `SEED=n` repeats a run; `npm run torture -- --only fuzz` has twenty-five times as many.
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);

test(`frames, lines, time and sends (SEED=${seed})`, () => {
  expect(() => fuzzSession(seed, 20_000)).not.toThrow();
});
