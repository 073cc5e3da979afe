import { expect, test } from 'vitest';
import { aJob } from '../machines/job-samples.ts';
import { nothingLeft, World } from './world.ts';

const piece = { ok: true, more: true } as const;

/** A job of a kind from its add to its end, its message in two pieces; what was given up on the way is left out. */
const lives: Readonly<Record<string, (world: World) => void>> = {
  client: (world) => {
    world.client('a', { timeoutMs: 10 });
    if (world.outcome('a') === 'running') world.sent('a', piece);
  },
  server: (world) => {
    world.server('a', { timeoutMs: 10 });
    if (world.outcome('a') === 'running') world.executed('a');
    if (world.outcome('a') === 'running') world.sent('a', piece);
  },
};

const endings: Readonly<Record<string, (world: World) => void>> = {
  'a cancel': (world) => world.manager.send({ type: 'cancel', job: { ...aJob(1), index: 0 } }),
  'its deadline': (world) => world.step(10),
  'a lost line': (world) => {
    world.manager.lineLost();
    world.manager.gate('all');
  },
  'an early answer': (world) => world.manager.readDone('a', { ok: false, error: 'no' }),
};

const cases = Object.keys(lives).flatMap((kind) => Object.keys(endings).map((ending) => [kind, ending] as const));
test.each(cases)('a %s job that an observer ends by %s in the middle of any transition leaves no slot taken', (kind, ending) => {
  let seen = Infinity;
  for (let at = 0; at < seen; at++) {
    let count = -1;
    const world: World = new World({ inspect: () => (armed && ++count === at ? endings[ending]?.(world) : undefined) });
    let armed = true;
    lives[kind]?.(world);
    seen = count;
    armed = false;
    world.finish();
    world.settle();
    expect([at, world.left]).toEqual([at, nothingLeft]);
    // No job was told of a slot that it had given up. An end may have come before there was a job, or after.
    expect(world.violations.filter(({ event }) => event === 'send' || event === 'execute')).toEqual([]);
  }
  expect(seen).toBeGreaterThan(10);
});
