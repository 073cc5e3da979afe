import { expect, test } from 'vitest';
import { Pace } from '../../inspector/pace.ts';
import type { InspectRecord } from '../../inspector/records.ts';

const steps = (count: number): InspectRecord => {
  const list = Array.from({ length: count }, () => 0);
  return { type: 'steps', of: 'near', at: 0, after: list, jobs: list, edges: list };
};

test('a past is taken at once, and what an agent tells after it is never waited for', () => {
  const pace = new Pace(0);
  expect(pace.take([steps(900_000)], 0)).toBe(0);
  for (let at = 100; at < 100_000; at += 100) expect(pace.take([steps(2_000)], at)).toBe(0);
});

test('who tells more waits for as long as it would have taken at that pace', () => {
  const pace = new Pace(0);
  pace.take([steps(1_000_000)], 0);
  expect(pace.take([steps(40_000)], 0)).toBe(1000);
  expect(pace.take([steps(40_000)], 1000)).toBe(1000);
  const live: InspectRecord = { type: 'live', of: 'near', at: 0 };
  expect(pace.take([live, live, live, live], 2000)).toBe(1);
});
