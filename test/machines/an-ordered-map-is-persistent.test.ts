import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyMap, first, get, has, put, values, without, type OrderedMap } from '../../machines/ordered-map.ts';
import { runs } from '../property.ts';

interface Step {
  readonly does: 'put' | 'remove';
  readonly key: number;
  readonly value: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  does: fc.constantFrom('put', 'put', 'remove'),
  // Few keys, so that they meet; some beyond 32 bits.
  key: fc.oneof(fc.nat(40), fc.nat(40), fc.integer({ min: 2 ** 32, max: 2 ** 32 + 20 })),
  value: fc.nat(),
});

const sorted = (naive: ReadonlyMap<number, number>): [number, number][] => [...naive].toSorted(([a], [b]) => a - b);

test('whatever is put in and taken out, it is what a sorted list is, and its earlier versions stay as they were', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      let map: OrderedMap<number> = emptyMap();
      const naive = new Map<number, number>();
      const versions: { map: OrderedMap<number>; values: number[] }[] = [];
      for (const { does, key, value } of steps) {
        const before = map;
        if (does === 'put') {
          map = put(map, key, value);
          naive.set(key, value);
        } else {
          map = without(map, key);
          // What was not there leaves the very same map.
          expect(map === before).toBe(!naive.delete(key));
        }
        const entries = sorted(naive);
        expect(map.size).toBe(naive.size);
        expect([...values(map)]).toEqual(entries.map(([, one]) => one));
        expect(first(map)).toBe(entries[0]?.[1]);
        expect([has(map, key), get(map, key)]).toEqual([naive.has(key), naive.get(key)]);
        versions.push({ map, values: entries.map(([, one]) => one) });
      }
      for (const version of versions) expect([...values(version.map)]).toEqual(version.values);
    }),
    runs(300),
  );
});

test('equal maps have equal shapes, whatever their histories', () => {
  // Some keys have the lower 32 bits of others.
  const key = fc.oneof(fc.nat(1000), fc.nat(30), fc.integer({ min: 2 ** 32, max: 2 ** 32 + 30 }));
  fc.assert(
    fc.property(fc.uniqueArray(key, { maxLength: 60 }), fc.array(key, { maxLength: 30 }), (keys, others) => {
      const plain = keys.toSorted((a, b) => a - b).reduce((map, one) => put(map, one, one), emptyMap<number>());
      const detour = [...keys, ...others, ...keys].reduce((map, one) => put(map, one, one), emptyMap<number>());
      const back = others.filter((one) => !keys.includes(one)).reduce((map, one) => without(map, one), detour);
      expect(back).toEqual(plain);
    }),
    runs(100),
  );
});

test('it is shallow, also when keys come in order: a hundred thousand are at most sixty deep', () => {
  let map: OrderedMap<number> = emptyMap();
  for (let key = 1; key <= 100_000; key++) map = put(map, key, key);
  const depth = (node: OrderedMap<number>['root']): number => (node === undefined ? 0 : 1 + Math.max(depth(node.left), depth(node.right)));
  expect(depth(map.root)).toBeLessThan(60);
});
