import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inTurn, median, percentile, Series } from '../../bench/statistics.ts';
import { targets, targetTable, verdictOf } from '../../bench/targets.ts';
import { underLoad } from '../../bench/load.ts';
import { runs } from '../property.ts';

describe('median', () => {
  test.each([
    [[3], 3],
    [[4, 1, 3], 3],
    [[1, 10, 2, 4], 3],
    [[10, 9, 100], 10],
  ])('of %j is %d', (values, middle) => expect(median(values)).toBe(middle));

  test('of nothing is no number', () => expect(median([])).toBeNaN());
});

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
  test.each([
    [0, 1],
    [0.01, 1],
    [0.5, 50],
    [0.99, 99],
    [0.991, 100],
    [1, 100],
  ])('%d of 1 to 100 is %d', (share, value) => expect(percentile(hundred, share)).toBe(value));

  test('of few values the 99th is the greatest', () => expect(percentile(Float64Array.of(1, 5, 9), 0.99)).toBe(9));
  test('of nothing is no number', () => expect(percentile([], 0.5)).toBeNaN());
});

describe('the order of a round', () => {
  test('changes who begins, and the direction', () => {
    expect([0, 1, 2, 3].map((round) => inTurn(['a', 'b', 'c'], round).join(''))).toEqual(['abc', 'acb', 'cab', 'cba']);
  });

  test('leaves nobody out', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer()), fc.nat(20), (items, round) => {
        expect(new Set(inTurn(items, round))).toEqual(new Set(items));
      }),
      runs(100),
    );
  });
});

describe('series', () => {
  test('are compared round by round: a busy moment that both met changes no ratio', () => {
    const series = new Series();
    for (const [ours, theirs] of [
      [10, 20],
      [1, 2],
      [50, 100],
      [10, 40],
      [30, 40],
    ] as const) {
      series.add('ours', ours);
      series.add('theirs', theirs);
    }
    expect(series.median('ours')).toBe(10);
    expect(series.median('theirs')).toBe(40);
    expect(series.ratio('ours', 'theirs')).toBe(0.5);
    expect(series.ratio('ours', 'ours')).toBe(1);
  });

  test('that were not measured have no figures', () => {
    const series = new Series();
    series.add('ours', 1);
    expect(series.median('theirs')).toBeNaN();
    expect(series.ratio('ours', 'theirs')).toBeNaN();
    expect(series.ratio('theirs', 'ours')).toBeNaN();
  });
});

describe('targets', () => {
  const more = { what: 'rate', better: 'more', atLeast: 0.5, aim: 0.8 } as const;
  const less = { what: 'latency', better: 'less', atLeast: 4, aim: 1.5 } as const;
  test.each([
    [more, 0.49, 'missed'],
    [more, 0.5, 'met'],
    [more, 0.8, 'aim met'],
    [less, 4.1, 'missed'],
    [less, 4, 'met'],
    [less, 1.5, 'aim met'],
    [less, NaN, 'not measured'],
    [more, undefined, 'not measured'],
  ] as const)('%j with %d is %s', (target, figure, verdict) => expect(verdictOf(target, figure)).toBe(verdict));

  test('aim higher than what is the least', () => {
    for (const { what, better, atLeast, aim } of targets) expect(better === 'more' ? aim > atLeast : aim < atLeast, what).toBe(true);
  });

  test('are shown for the sections that were run', () => {
    const { what, atLeast, aim } = targets[0] as (typeof targets)[number];
    expect(targetTable({ [what]: 0.6 }).rows).toEqual([[what, 0.6, `≥ ${atLeast}`, `≥ ${aim}`, 'met']]);
  });
});

describe('load', () => {
  test('keeps so many calls in flight, and no more', async () => {
    let now = 0;
    let most = 0;
    const { callsPerSecond, p50, p99 } = await underLoad(
      async () => {
        most = Math.max(most, ++now);
        await new Promise((resolve) => setImmediate(resolve));
        now--;
      },
      { inFlight: 7, windowMs: 20 },
    );
    expect(most).toBe(7);
    expect(now).toBe(0);
    expect(callsPerSecond).toBeGreaterThan(0);
    expect(p99).toBeGreaterThanOrEqual(p50);
  });

  test('lasts until one call is answered', async () => {
    const slow = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 200));
    const { callsPerSecond, p50 } = await underLoad(slow, { inFlight: 3, windowMs: 5 });
    expect(p50).toBeGreaterThan(190_000);
    expect(callsPerSecond).toBeLessThan(25);
  });

  test('fails with the call that fails', async () => {
    await expect(underLoad(() => Promise.reject(new Error('no')), { inFlight: 1, windowMs: 5 })).rejects.toThrow('no');
  });
});
