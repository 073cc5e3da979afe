import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { hiding, shownValue } from '../../inspector/values.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapUsed(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

test('the beginnings of a hundred texts of a megabyte take no megabyte', () => {
  const hides = hiding();
  const before = heapUsed();
  const shown = Array.from({ length: 100 }, (_, n) => shownValue(`${n}`.padEnd(1024 * 1024, 'x'), hides));
  const grown = heapUsed() - before;
  expect(shown).toHaveLength(100);
  expect(grown).toBeLessThan(1024 * 1024);
});
