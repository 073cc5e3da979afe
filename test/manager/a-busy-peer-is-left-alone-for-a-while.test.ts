import { expect, test } from 'vitest';
import { backoff, durations } from '../../transport/timers.ts';
import { nothingLeft, World } from './world.ts';

let number = 0;
/** Sends a request and has it answered busy. */
function busy(world: World): void {
  const tag = `b${++number}`;
  world.client(tag);
  world.sent(tag);
  world.read(tag, { ok: false, error: 'busy' }, true);
}

/** How long the next request waits now, by the stepped clock. */
function pause(world: World): number {
  const tag = `p${++number}`;
  world.client(tag);
  let waited = 0;
  for (; !world.log.includes(`send ${tag}`) && waited < 10_000; waited++) world.step(1);
  world.sent(tag);
  world.read(tag, { ok: false, error: 'busy' }, true);
  return waited;
}

test('the pause doubles with each busy in a row, up to its bound', () => {
  const world = new World();
  busy(world);
  const pauses = Array.from({ length: 9 }, () => pause(world));
  expect(pauses).toEqual([20, 40, 80, 160, 320, 640, 1280, 2000, 2000]);
  expect([durations.busyFirst, durations.busyLast]).toEqual([20, 2000]);
});

test('an answer that is not busy starts it again', () => {
  const world = new World();
  busy(world);
  pause(world);
  expect(pause(world)).toBe(40);
  world.step(80);
  world.client('a');
  world.sent('a');
  world.read('a');
  busy(world);
  expect(pause(world)).toBe(20);
});

test('more busy answers during one pause are one: they came of one full queue', () => {
  const world = new World();
  for (const tag of ['a', 'b', 'c']) {
    world.client(tag);
    world.sent(tag);
  }
  for (const tag of ['a', 'b', 'c']) world.read(tag, { ok: false, error: 'busy' }, true);
  expect(pause(world)).toBe(20);
  expect(pause(world)).toBe(40);
});

test('answers and nested calls go on meanwhile', () => {
  const world = new World();
  busy(world);
  world.news();
  world.client('held');
  world.client('nested', { exempt: true });
  world.sent('nested');
  world.server('s');
  world.executed('s');
  world.sent('s');
  expect(world.log.filter((line) => line.startsWith('send'))).toEqual(['send nested', 'send s']);
});

test('the pause of a lost line does not end one of the next line early, and is not kept', () => {
  const world = new World();
  busy(world);
  busy2(world);
  world.manager.lineLost();
  expect(world.left).toEqual(nothingLeft);
  world.manager.gate('all');
  world.step(10);
  busy(world);
  // The old pause would have ended after ten more.
  expect(pause(world)).toBe(20);
});

/** Makes the pause longer than the first: it is a second busy in a row. */
function busy2(world: World): void {
  world.step(20);
  busy(world);
}

test('a busy answer to a request that was given up, or was answered, is none', () => {
  const world = new World();
  world.client('a');
  world.sent('a');
  world.inside('callback a', () => world.manager.readDone('a', { ok: false, error: 'busy' }, true));
  world.read('a');
  world.client('b');
  expect(world.log.at(-1)).toBe('send b');
  expect(world.violations).toHaveLength(1);
});

test('no timer is left when the manager closes', async () => {
  const world = new World();
  busy(world);
  expect(world.manager.timers.size).toBe(1);
  await world.manager.stop();
  expect(world.left).toEqual(nothingLeft);
});

test('a pause is shortened by up to a half at random, so that two sides do not meet again', () => {
  expect([0, 0.5, 0.999].map((random) => Math.round(backoff(3, 20, 2000, () => random)))).toEqual([80, 60, 40]);
  expect(backoff(1000, 20, 2000, () => 0)).toBe(2000);
});
