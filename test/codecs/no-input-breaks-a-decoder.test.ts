import { expect, test } from 'vitest';
import { check } from './fuzz-contract.ts';
import { decoders, inputs } from './fuzz-inputs.ts';
import { seed, times } from '../property.ts';

// Own numbers instead of fast-check's, as so many inputs have to take seconds.

const count = 50_000 * times;

test.each(decoders)('%s: bytes of any kind yield messages or errors, in bounded memory', (decoder) => {
  let i = 0;
  for (const input of inputs(seed, count, [decoder])) {
    try {
      check(input);
    } catch (error) {
      const bytes = 'stream' in input ? input.stream : input.payload;
      throw new Error(`SEED=${seed} input ${i}, ${JSON.stringify(bytes.toString('latin1'))}`, { cause: error });
    }
    i++;
  }
  expect(i).toBe(count);
});
