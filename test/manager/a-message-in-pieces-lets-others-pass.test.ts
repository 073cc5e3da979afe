import { expect, test } from 'vitest';
import type { Kind } from '../../actors/kinds.ts';
import { noticeJob } from '../../machines/notice-job.ts';
import { nothingLeft, World } from './world.ts';

const notification: Kind = { name: 'notification', chart: noticeJob, class: 'client', slots: ['send'], ownsTag: false };
const world = (options: object = {}): World => new World({ kinds: [notification], ...options });

const piece = { ok: true, more: true } as const;
const sends = (one: World): string => one.log.flatMap((line) => (line.startsWith('send ') ? [line.slice('send '.length)] : [])).join(' ');

/** Completes the send that is open, as a piece of a large message or as a whole. */
function next(one: World): void {
  const tag = sends(one).split(' ').at(-1) as string;
  one.sent(tag, tag.startsWith('large') ? piece : { ok: true });
}

test('a message that is not finished is sent on, piece after piece, while nobody is before it', () => {
  const one = world();
  one.client('large');
  for (let i = 0; i < 3; i++) next(one);
  one.sent('large');
  expect(sends(one)).toBe('large large large large');
  expect([one.outcome('large'), one.taken]).toEqual(['running', '0/0/0']);
  one.read('large');
  expect([one.outcome('large'), one.left, one.violations]).toEqual(['value/executed', nothingLeft, []]);
});

test('an urgent call passes a large one after the piece that is being written, and so does an answer', () => {
  const one = world();
  one.client('large');
  next(one);
  one.client('urgent', { urgency: 2 });
  one.server('answer', { urgency: 0 });
  one.executed('answer');
  expect(sends(one)).toBe('large large');
  for (let i = 0; i < 4; i++) next(one);
  expect(sends(one)).toBe('large large answer urgent large large');
});

test('what is not before it gets its turn by the bound on bypassing, which counts pieces', () => {
  const one = world({ maxBypass: 3 });
  one.client('large');
  one.client('low1', { urgency: 0 });
  one.client('low2', { urgency: 0 });
  for (let i = 0; i < 8; i++) next(one);
  expect(sends(one)).toBe('large large large large low1 large large large low2');
});

test('it keeps its place: of two large ones with the same urgency the older is finished first', () => {
  const one = world();
  one.client('large1');
  one.client('large2');
  for (let i = 0; i < 3; i++) next(one);
  one.sent('large1');
  for (let i = 0; i < 2; i++) next(one);
  expect(sends(one)).toBe('large1 large1 large1 large1 large2 large2 large2');
});

test('a large answer is sent in pieces as a request is, each with what it came to, and a notification too', () => {
  const one = world();
  one.server('large');
  one.executed('large', { ok: true, value: 'v' });
  const first = one.sending('large');
  next(one);
  expect(one.sending('large')).not.toBe(first);
  expect([first.value, one.sending('large').value]).toEqual([
    { ok: true, value: 'v' },
    { ok: true, value: 'v' },
  ]);
  one.sent('large');
  one.add('notification', 'large too');
  one.sent('large too', piece);
  one.sent('large too');
  expect([one.outcome('large'), one.outcome('large too')]).toEqual(['value/executed', 'value/perhaps-executed']);
  expect([one.left, one.violations]).toEqual([nothingLeft, []]);
});

test('with two slots another is sent at the same time, and never two pieces of one', () => {
  const one = world({ sendSlots: 2 });
  one.client('large1');
  one.client('large2');
  expect(one.taken).toBe('2/0/0');
  one.sent('large1', piece);
  one.sent('large2', piece);
  one.sent('large1', piece);
  expect([sends(one), one.taken]).toEqual(['large1 large2 large1 large2 large1', '2/0/0']);
});

test('one that has begun is held by neither the window, nor a busy peer, nor the credit, and takes one place only', () => {
  const one = world({ window: 1, credits: true });
  one.manager.credit(1, 1);
  one.client('large', { bytes: 100 });
  one.client('next', { bytes: 100 });
  next(one);
  expect(one.manager.slots.credit).toEqual({ requests: 0, bytes: -99 });
  one.manager.gate('exempt');
  next(one);
  one.manager.gate('all');
  one.manager.credit(1, 200);
  one.sent('large');
  expect(sends(one)).toBe('large large large');
  one.read('large', { ok: false, error: 'busy' }, true);
  expect(sends(one)).toBe('large large large');
  one.step(10_000);
  one.client('also large', { exempt: true });
  expect([sends(one), one.manager.slots.credit]).toEqual(['large large large next', { requests: 0, bytes: 1 }]);
});

test('nor is it held by a peer that says busy to another in between', () => {
  const one = world();
  one.client('other');
  one.sent('other');
  one.client('large');
  one.read('other', { ok: false, error: 'busy' }, true);
  one.client('held');
  next(one);
  next(one);
  expect(sends(one)).toBe('other large large large');
});

test('without a line it waits, and goes on when there is one again', () => {
  const one = world();
  one.client('large');
  one.manager.gate('none');
  next(one);
  expect([sends(one), one.manager.slots.send]).toEqual(['large', { slots: 1, taken: 0, waiting: 1 }]);
  one.manager.gate('all');
  expect(sends(one)).toBe('large large');
});

test('a manager that stops sends the rest', async () => {
  const one = world();
  one.client('large');
  const stopped = one.manager.stop();
  next(one);
  one.sent('large');
  one.read('large');
  await stopped;
  expect([sends(one), one.outcome('large'), one.left]).toEqual(['large large', 'value/executed', nothingLeft]);
});
