import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { Heartbeat } from '../../transport/session/heartbeat.ts';
import { Timers } from '../../transport/timers.ts';

function heartbeat(ms: number): { clock: SimulatedClock; timers: Timers; heart: Heartbeat; asked: number[]; silent: string[] } {
  const clock = new SimulatedClock();
  const timers = new Timers(clock);
  const asked: number[] = [];
  const silent: string[] = [];
  const heart = new Heartbeat(timers, ms, {
    ask: () => asked.push(clock.now()),
    silent: (reason) => silent.push(`${clock.now()} ${reason.code}`),
  });
  heart.start();
  return { clock, timers, heart, asked, silent };
}

const pass = (clock: SimulatedClock, ms: number): void => {
  for (let at = 0; at < ms; at += 10) clock.increment(10);
};

test('silence is asked about from heartbeatMs on, and a line is silent after twice that', () => {
  const { clock, timers, asked, silent } = heartbeat(1_000);
  pass(clock, 990);
  expect(asked).toEqual([]);
  pass(clock, 20);
  expect(asked).toEqual([1_000]);
  pass(clock, 980);
  expect(silent).toEqual([]);
  pass(clock, 20);
  expect(silent).toEqual(['2000 LINE_SILENT']);
  expect(timers.size).toBe(0);
});

test('whatever is heard puts it off, and while something is heard nobody is asked', () => {
  const { clock, timers, heart, asked, silent } = heartbeat(1_000);
  for (let n = 0; n < 50; n++) {
    pass(clock, 900);
    heart.heard();
  }
  expect(asked).toEqual([]);
  pass(clock, 1_500);
  expect(asked.length).toBeGreaterThan(0);
  heart.heard();
  const before = asked.length;
  pass(clock, 990);
  expect(asked.length).toBe(before);
  expect(silent).toEqual([]);
  expect(timers.size).toBe(1);
  heart.stop();
  expect(timers.size).toBe(0);
});

test('a process that did not run asks once more: what came meanwhile has not been read', () => {
  const { clock, heart, asked, silent } = heartbeat(1_000);
  clock.increment(100_000);
  expect(silent).toEqual([]);
  expect(asked).toHaveLength(1);
  heart.heard();
  pass(clock, 900);
  expect(silent).toEqual([]);
  // Nothing came: then it is silent after all.
  clock.increment(100_000);
  pass(clock, 1_000);
  expect(silent).toHaveLength(1);
});

test('without a heartbeat there is no timer', () => {
  const { timers } = heartbeat(Infinity);
  expect(timers.size).toBe(0);
});
