import fc from 'fast-check';
import { expect, test } from 'vitest';
import { acts, logOf } from '../manager/script.ts';
import { Comparison } from './same.ts';
import { runs } from '../property.ts';

test('a script leads to the same operations, outcomes, errors and inspection events, on tables or interpreted', () => {
  const taken = new Set<string>();
  fc.assert(
    fc.property(acts, fc.boolean(), (script, credits) => {
      const [interpreted, onTables] = [
        logOf(script, { credits, interpretCharts: true }),
        logOf(script, { credits, interpretCharts: false }),
      ];
      const comparison = new Comparison({ inOrder: true });
      for (let i = 0; i < Math.max(interpreted.length, onTables.length); i++)
        comparison.check(interpreted[i], onTables[i], `${i} ${interpreted[i]?.[0] ?? 'end'}`);
      for (const [what] of onTables) taken.add(what);
    }),
    runs(200),
  );
  expect([...taken].sort()).toEqual(
    ['abort', 'added', 'asked for', 'callback', 'does', 'execute', 'inspected', 'resume', 'send', 'settled', 'then', 'violation'].sort(),
  );
});
