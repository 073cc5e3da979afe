import { expect, test } from 'vitest';
import { numbers } from '../codecs/random.ts';
import { lookAt, mangled } from './mangled.ts';

test('a recording that was changed anywhere is shown as far as it makes sense, without an error', () => {
  let shown = 0;
  let named = 0;
  for (let seed = 1; seed <= 3000; seed++) {
    const text = mangled(numbers(seed));
    try {
      const { records, problems } = lookAt(text);
      shown += records;
      named += problems;
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
  // Most lines of most of them are whole, and what is not is said.
  expect(shown).toBeGreaterThan(3000 * 15);
  expect(named).toBeGreaterThan(1000);
});
