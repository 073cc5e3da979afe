import { expect, test } from 'vitest';
import { ClockDifference } from '../../transport/session/clock-difference.ts';
import { Pace } from '../../transport/session/pace.ts';
import { RoundTrip } from '../../transport/session/round-trip.ts';
import { durations } from '../../transport/timers.ts';

test('the least difference of the last half minute counts: what came late says nothing', () => {
  const difference = new ClockDifference();
  expect(difference.value).toBe(Infinity);
  difference.note(0, 100);
  difference.note(50, 400);
  expect(difference.value).toBe(100);
  // The other side stood still for eight seconds: what was said before is forgotten in time.
  for (let now = 10_000; now < 60_000; now += 1_000) {
    difference.note(now - 8_100, now);
    if (now > 31_000) expect(difference.value).toBe(8_100);
  }
  // This side stood still: known at once.
  difference.note(60_000, 60_020);
  expect(difference.value).toBe(20);
});

test('what is asked for over and over is done with pauses that double, and after a quiet while at once', () => {
  const pace = new Pace();
  const done: number[] = [];
  for (let now = 0; now < 30_000; now += 10) if (pace.may(now)) done.push(now);
  expect(done.slice(0, 7)).toEqual([0, 50, 150, 350, 750, 1_550, 3_150]);
  expect(done.at(-1)).toBeGreaterThan(27_000);
  expect(done.length).toBeLessThan(20);
  // Who says HELLO again as the protocol has it is never refused.
  const honest = new Pace();
  for (let now = 1_000_000, pause = 100; pause <= 12_800; now += Math.min(pause, 5_000), pause *= 2) expect(honest.may(now)).toBe(true);
});

test('the time to wait follows what was measured, within its bounds', () => {
  const trip = new RoundTrip();
  expect(trip.timeout).toBe(durations.resendBefore);
  for (let n = 0; n < 50; n++) trip.measured(5);
  expect(trip.timeout).toBe(durations.resendFirst);
  for (let n = 0; n < 50; n++) trip.measured(900);
  expect(trip.timeout).toBeGreaterThan(900);
  expect(trip.timeout).toBeLessThan(1_500);
  const before = trip.timeout;
  trip.timedOut();
  expect(trip.timeout).toBe(2 * before);
  for (let n = 0; n < 20; n++) trip.timedOut();
  expect(trip.timeout).toBeLessThanOrEqual(durations.resendLast);
  trip.progressed();
  expect(trip.timeout).toBe(before);
});
