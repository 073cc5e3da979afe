import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { SteadyMap } from '../../transport/steady-map.ts';
import { runs } from '../property.ts';

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
    runs(500),
  );
});

test.each([1, 2, 3, 4, 5, 16, 17, 63, 64, 65, 1023, 1024, 1025])(
  'a queue of %d entries, each replaced in turn, is not copied more often than that pays',
  (size) => {
    let copied = 0;
    const Own = Map;
    vi.stubGlobal(
      'Map',
      class extends Own<number, number> {
        constructor(entries?: ReadonlyMap<number, number>) {
          super(entries);
          copied += entries?.size ?? 0;
        }
      },
    );
    onTestFinished(() => void vi.unstubAllGlobals());
    const steady = new SteadyMap<number, number>();
    for (let nth = 0; nth < 10_000; nth++) {
      // Before, and behind: room is made by one that goes, or for one more.
      if (nth >= size) expect(steady.delete(nth - size)).toBe(true);
      steady.set(nth, nth);
    }
    expect([...steady.values()]).toEqual(Array.from({ length: size }, (_, nth) => 10_000 - size + nth));
    expect(copied).toBeLessThanOrEqual(10_000);
  },
);
