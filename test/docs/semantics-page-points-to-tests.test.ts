import { expect, test } from 'vitest';
import { textOf } from './pages.ts';

/** The rules of the page: their numbers, and what stands below each. That the links lead somewhere is another test's. */
const rules = textOf('docs/semantics.md')
  .split(/^### /m)
  .slice(1)
  .map((rule) => ({ number: Number(/^(\d+)\. /.exec(rule)?.[1]), text: rule.split(/^## /m)[0] as string }));

test('all eighteen rules are there, in order', () => {
  expect(rules.map(({ number }) => number)).toEqual(Array.from({ length: 18 }, (_, i) => i + 1));
});

test.each(rules)('rule $number names a test that holds it', ({ text }) => {
  expect(text).toMatch(/^Tests: [\s\S]*\]\(\.\.\/test\/[\w/.-]+\)/m);
});
