import { expect, test } from 'vitest';
import { stalePages } from '../../scripts/docs.ts';

test('the generated pages say what the source says (npm run docs)', async () => {
  expect(await stalePages()).toEqual([]);
});
