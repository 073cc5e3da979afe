import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Latest } from '../../actors/latest.ts';
import { runs } from '../property.ts';

test('of all texts those are known that are among the latest, and were not deleted since they were added last', () => {
  const step = fc.record({ text: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), does: fc.constantFrom('add', 'add', 'add', 'delete') });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 4 }), (steps, most) => {
      const latest = new Latest(most);
      const added: string[] = [];
      const deleted = new Set<string>();
      const isKnown = (text: string): boolean => !deleted.has(text) && added.slice(-most).includes(text);
      for (const { text, does } of steps) {
        if (does === 'add') {
          latest.add(text);
          added.push(text);
          deleted.delete(text);
        } else {
          expect(latest.delete(text)).toBe(isKnown(text));
          deleted.add(text);
        }
        for (const one of 'abcdef') expect(latest.has(one)).toBe(isKnown(one));
      }
    }),
    runs(500),
  );
});
