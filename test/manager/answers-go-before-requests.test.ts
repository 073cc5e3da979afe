import { expect, test } from 'vitest';
import type { Urgency } from '../../machines/job.ts';
import { World } from './world.ts';

/** Sends everything that waits, one at a time, and says in which order. */
function drain(world: World): string[] {
  const order: string[] = [];
  for (let line = world.news().findLast((one) => one.startsWith('send ')); line !== undefined;) {
    const tag = line.slice('send '.length);
    order.push(tag);
    world.sent(tag);
    line = world.news().findLast((one) => one.startsWith('send '));
  }
  return order;
}

const urgencies: readonly Urgency[] = [0, 1, 2];

test('answers before requests, then higher urgency, then oldest', () => {
  const world = new World({ executeSlots: 100, maxBypass: 1000 });
  world.client('first');
  for (const urgency of urgencies) {
    for (const n of [1, 2]) world.client(`c${urgency}.${n}`, { urgency });
  }
  for (const urgency of urgencies) {
    for (const n of [1, 2]) world.server(`s${urgency}.${n}`, { urgency });
  }
  for (const urgency of urgencies) for (const n of [1, 2]) world.executed(`s${urgency}.${n}`);
  const best = (kind: string) => ['2', '1', '0'].flatMap((urgency) => [`${kind}${urgency}.1`, `${kind}${urgency}.2`]);
  world.news();
  world.log.push('send first');
  expect(drain(world)).toEqual(['first', ...best('s'), ...best('c')]);
});

test('the oldest is the one that was added first, not the one that was ready first', () => {
  const world = new World({ executeSlots: 100 });
  world.client('first');
  for (const tag of ['a', 'b', 'c']) world.server(tag);
  for (const tag of ['c', 'a', 'b']) world.executed(tag);
  world.news();
  world.log.push('send first');
  expect(drain(world)).toEqual(['first', 'a', 'b', 'c']);
});

test('a new job is executed by urgency, then age', () => {
  const world = new World({ executeSlots: 1, maxBypass: 1000 });
  world.server('running');
  for (const urgency of urgencies) for (const n of [1, 2]) world.server(`${urgency}.${n}`, { urgency, answers: false });
  world.news();
  const order: string[] = [];
  world.executed('running');
  for (let line = world.news().findLast((one) => one.startsWith('execute ')); line !== undefined;) {
    const tag = line.slice('execute '.length);
    order.push(tag);
    world.executed(tag);
    line = world.news().findLast((one) => one.startsWith('execute '));
  }
  expect(order).toEqual(['2.1', '2.2', '1.1', '1.2', '0.1', '0.2']);
});

test('a job that is cancelled in the middle of its queue is skipped, and the order of the others stays', () => {
  const world = new World();
  world.client('first');
  for (const tag of ['a', 'b', 'c', 'd']) world.client(tag);
  world.job('c').cancel();
  world.job('a').cancel();
  world.news();
  world.log.push('send first');
  expect(drain(world)).toEqual(['first', 'b', 'd']);
});

test('a nested call and an older call of the same urgency go by age', () => {
  const world = new World();
  world.client('first');
  world.client('a');
  world.client('b', { exempt: true });
  world.client('c');
  world.news();
  world.log.push('send first');
  expect(drain(world)).toEqual(['first', 'a', 'b', 'c']);
});
