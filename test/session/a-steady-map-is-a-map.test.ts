import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SteadyMap } from '../../transport/steady-map.ts';

test('a SteadyMap holds what a Map holds, in the same order, whatever comes and goes', () => {
  const act = fc.record({ do: fc.constantFrom('set', 'set', 'delete'), key: fc.nat(40) });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 400 }), (acts) => {
      const map = new Map<number, number>();
      const steady = new SteadyMap<number, number>();
      for (const [nth, { do: what, key }] of acts.entries()) {
        if (what === 'set') {
          map.set(key, nth);
          steady.set(key, nth);
        } else expect(steady.delete(key)).toBe(map.delete(key));
        expect(steady.size).toBe(map.size);
        expect([steady.has(key), steady.get(key)]).toEqual([map.has(key), map.get(key)]);
      }
      expect([...steady.values()]).toEqual([...map.values()]);
    }),
    { numRuns: 500 },
  );
});

test('a queue of so many entries, each replaced in turn, is a Map that is replaced now and then', () => {
  for (const size of [1, 3, 16, 1024]) {
    const steady = new SteadyMap<number, number>();
    for (let nth = 0; nth < 10_000; nth++) {
      steady.set(nth, nth);
      if (nth >= size) expect(steady.delete(nth - size)).toBe(true);
    }
    expect([...steady.values()]).toEqual(Array.from({ length: size }, (_, nth) => 10_000 - size + nth));
  }
});
