import { expect, test } from 'vitest';
import { textOf } from './pages.ts';

test('each decision has the next number, a status and a reason', () => {
  const lines = [...textOf('docs/decisions.md').matchAll(/^(\d+)\. +(.*(?:\n {3,}.*)*)/gm)];
  expect(lines.map(([, number]) => Number(number))).toEqual(lines.map((_, i) => i + 1));
  expect(lines.length).toBeGreaterThanOrEqual(39);
  for (const [, , text] of lines) expect(text).toMatch(/^_(accepted|superseded by \d+)_ \*\*[\s\S]+\*\*[\s\S]* \S+/);
});
