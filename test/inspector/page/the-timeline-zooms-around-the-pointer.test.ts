import { expect, test } from 'vitest';
import { fitted, follow, marks, pan, withinLanes, zoomLanes, zoomTime } from '../../../inspector/page/timeline/time-window.ts';

const window = { from: 1000, to: 2000, lane: 10, top: 50 };

test('zooming the time leaves the moment under the pointer where it is', () => {
  for (const around of [1000, 1250, 2000]) {
    const before = (around - window.from) / (window.to - window.from);
    const zoomed = zoomTime(window, 0.3, around);
    expect(zoomed.to - zoomed.from).toBeCloseTo(300);
    expect((around - zoomed.from) / (zoomed.to - zoomed.from)).toBeCloseTo(before);
  }
});

test('no less than half a millisecond and no more than a week is in sight', () => {
  const close = zoomTime(window, 1e-9, 1500);
  expect(close.to - close.from).toBeCloseTo(0.5);
  const wide = zoomTime(window, 1e12, 1500);
  expect(wide.to - wide.from).toBe(7 * 24 * 3_600_000);
});

test('zooming the lanes leaves the lane under the pointer where it is', () => {
  const zoomed = zoomLanes(window, 2, 30);
  expect(zoomed.lane).toBe(20);
  expect((zoomed.top + 30) / zoomed.lane).toBeCloseTo((window.top + 30) / window.lane);
});

test('it moves by a part of what is in sight, follows now, and stays within its lanes', () => {
  expect(pan(window, 0.1, 20)).toEqual({ from: 1100, to: 2100, lane: 10, top: 70 });
  expect(follow(window, 5000)).toMatchObject({ from: 4000, to: 5000 });
  expect(withinLanes({ ...window, top: 1e9 }, 100, 400).top).toBe(600);
  expect(withinLanes({ ...window, top: Infinity }, 3, 400).top).toBe(0);
  expect(withinLanes({ ...window, top: -5 }, 100, 400).top).toBe(0);
});

test('fitted, everything is in sight, however many there are', () => {
  const all = fitted(0, 60_000, 10_000, 500);
  expect(all.from).toBeLessThan(0);
  expect(all.to).toBeGreaterThan(60_000);
  expect(all.lane * 10_000).toBeCloseTo(500);
  expect(fitted(5, 5, 0, 500).to).toBeGreaterThan(5);
});

test('marks are round, and no more than there is room for', () => {
  expect(marks(0, 1000, 10)).toEqual({ at: [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000], step: 100 });
  expect(marks(13, 47, 4)).toEqual({ at: [20, 30, 40], step: 10 });
  for (const length of [0.5, 3, 77, 12_345, 6e8]) expect(marks(1e6, 1e6 + length, 8).at.length).toBeLessThanOrEqual(9);
});
