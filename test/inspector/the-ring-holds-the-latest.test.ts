import { expect, test } from 'vitest';
import { begunCode, begunOf, endedCode, endedOf, JournalRing } from '../../actors/journal-ring.ts';
import { World } from '../manager/world.ts';
import { Kept } from './journals.ts';

test('it holds the latest of what was written, and knows how much went before', () => {
  const ring = new JournalRing(5, 0);
  expect(ring.size).toBe(8);
  for (let job = 1; job <= 4; job++) {
    ring.write(job, job, begunCode(0, 1, false));
    for (let step = 0; step < 3; step++) ring.write(job, job, step);
  }
  expect([ring.head, ring.tail]).toEqual([16, 8]);
  expect([ring.begunBefore, ring.stepsBefore, ring.lostUpTo]).toEqual([2, 6, 2]);
  expect(Array.from({ length: 8 }, (_, n) => ring.jobs[ring.placeOf(8 + n)])).toEqual([3, 3, 3, 3, 4, 4, 4, 4]);
});

test('texts are let go of with the entries that had them', () => {
  const ring = new JournalRing(4, 0);
  for (let job = 1; job <= 4; job++) {
    const at = ring.write(0, job, begunCode(0, 1, false));
    ring.tags[at] = ring.words[at] = 'text';
  }
  ring.write(0, 1, 7);
  ring.write(0, 2, 7);
  expect([ring.tags, ring.words]).toEqual([
    ['', '', 'text', 'text'],
    [undefined, undefined, 'text', 'text'],
  ]);
});

test('the codes of beginnings and ends say what they were made of', () => {
  for (const again of [false, true]) expect(begunOf(begunCode(65_535, 2, again))).toEqual({ kind: 65_535, urgency: 2, again });
  for (const isLast of [false, true]) expect(endedOf(endedCode(5, 3, isLast))).toEqual({ outcome: 5, known: 3, isLast });
});

test('a job whose beginning was overwritten is introduced again before its next step', () => {
  const world = new World({ sendSlots: Infinity });
  const kept = new Kept(world.manager, 64);
  world.manager.gate('all');
  world.client('old', { method: 'hangs', bytes: 7 });
  for (let n = 0; n < 20; n++) {
    world.client(`new${n}`);
    world.sent(`new${n}`);
    world.read(`new${n}`);
  }
  const { ring } = kept.journal;
  expect(ring.lostUpTo).toBeGreaterThan(1);
  world.sent('old');
  const at = ring.placeOf(ring.head - 2);
  expect([ring.jobs[at], ring.tags[at], ring.words[at], ring.bytes[at], begunOf(ring.codes[at] as number).again]).toEqual([
    1,
    'old',
    'hangs',
    7,
    true,
  ]);
  expect(kept.edge(ring.codes[ring.placeOf(ring.head - 1)] as number).to).toBe('sent');
  kept.release();
});

test('texts of the other side are kept short', () => {
  const world = new World();
  const kept = new Kept(world.manager, 64);
  world.server('t'.repeat(1000), { method: 'm'.repeat(1000) });
  const { ring } = kept.journal;
  expect([ring.tags[0]?.length, ring.words[0]?.length]).toEqual([128, 128]);
  kept.release();
});
