import { expect, test } from 'vitest';
import type { Kind } from '../../actors/kinds.ts';
import { noticeJob } from '../../machines/notice-job.ts';
import { nothingLeft, World } from './world.ts';

const notification: Kind = { name: 'notification', chart: noticeJob, class: 'client', slots: ['send'], ownsTag: false };
const notice: Kind = { name: 'notice', chart: noticeJob, class: 'server', slots: ['send'], ownsTag: false };
const world = (): World => new World({ credits: true, kinds: [notification, notice] });

const piece = { ok: true, more: true } as const;
const sends = (one: World): string => one.log.flatMap((line) => (line.startsWith('send ') ? [line.slice('send '.length)] : [])).join(' ');

test('a request is begun only while there is credit of both requests and bytes, and the last may go beyond the bytes', () => {
  const one = world();
  one.client('a', { bytes: 30 });
  one.client('b', { bytes: 30 });
  one.manager.credit(1, 0);
  expect([sends(one), one.manager.slots.credit]).toEqual(['', { requests: 1, bytes: 0 }]);
  one.manager.credit(0, 10);
  expect([sends(one), one.manager.slots.credit]).toEqual(['a', { requests: 0, bytes: -20 }]);
  one.sent('a');
  one.manager.credit(5, 20);
  expect([sends(one), one.manager.slots.credit]).toEqual(['a', { requests: 5, bytes: 0 }]);
  one.manager.credit(0, 1);
  expect([sends(one), one.manager.slots.credit]).toEqual(['a b', { requests: 4, bytes: -29 }]);
});

test('an answer does not bring it back: the peer grants more when it begins with a request', () => {
  const one = world();
  one.manager.credit(1, 100);
  one.client('a');
  one.client('b');
  one.sent('a');
  one.read('a');
  expect(sends(one)).toBe('a');
  one.manager.credit(1, 0);
  expect(sends(one)).toBe('a b');
});

test('notifications need it as requests do; answers, notices and nested calls never wait for it and cost nothing', () => {
  const one = world();
  one.client('request');
  one.add('notification', 'notification');
  one.server('answer');
  one.executed('answer');
  one.sent('answer');
  one.add('notice', 'notice', { bytes: 50 });
  one.sent('notice');
  one.client('nested', { exempt: true, bytes: 50 });
  one.sent('nested');
  expect([sends(one), one.manager.slots.credit]).toEqual(['answer notice nested', { requests: 0, bytes: 0 }]);
  one.manager.credit(2, 1);
  one.sent('request');
  expect([sends(one), one.manager.slots.credit]).toEqual(['answer notice nested request notification', { requests: 0, bytes: 1 }]);
});

test('a request in pieces costs what it costs once', () => {
  const one = world();
  one.manager.credit(1, 10);
  one.client('a', { bytes: 1000 });
  for (let i = 0; i < 5; i++) one.sent('a', piece);
  expect([sends(one), one.manager.slots.credit]).toEqual(['a a a a a a', { requests: 0, bytes: -990 }]);
});

test('it is given back for a request of which nothing was sent, also if nobody waits for that any more', () => {
  const one = world();
  one.manager.credit(1, 10);
  const full = one.manager.slots.credit;
  one.client('a', { bytes: 7 });
  one.sent('a', { ok: false, error: 'closed', known: 'not-sent' });
  expect([one.outcome('a'), one.manager.slots.credit]).toEqual(['send-failed/not-sent', full]);
  one.client('b', { bytes: 7 });
  one.job('b').cancel();
  one.client('c', { bytes: 3 });
  one.sent('b', { ok: false, error: 'closed', known: 'not-sent' });
  // Once: what was given back is what the next one has.
  expect([sends(one), one.manager.slots.credit]).toEqual(['a b c', { requests: 0, bytes: 7 }]);
});

test('and not for one that may have been sent, or of which a piece was', () => {
  const one = world();
  one.manager.credit(2, 20);
  one.client('a', { bytes: 5 });
  one.sent('a', { ok: false, error: 'cut' });
  one.client('b', { bytes: 5 });
  one.sent('b', piece);
  one.sent('b', { ok: false, error: 'closed', known: 'not-sent' });
  expect([one.outcome('b'), one.manager.slots.credit]).toEqual(['send-failed/not-sent', { requests: 0, bytes: 10 }]);
});

test('a lost line takes back what was granted on it, and nothing of it comes back on the next', () => {
  const one = world();
  one.manager.credit(10, 1000);
  one.client('a', { bytes: 5 });
  one.client('b');
  one.manager.lineLost();
  expect(one.manager.slots.credit).toEqual({ requests: 0, bytes: 0 });
  one.manager.gate('all');
  one.sent('a', { ok: false, error: 'closed', known: 'not-sent' });
  expect([sends(one), one.manager.slots.credit, one.violations]).toEqual(['a', { requests: 0, bytes: 0 }, []]);
  one.manager.credit(1, 1);
  expect(sends(one)).toBe('a b');
});

test('while there is none a request can be given up as ever, and is known not to have been sent', () => {
  const one = world();
  one.client('a', { timeoutMs: 10 });
  one.client('b');
  one.job('b').cancel();
  one.step(10);
  expect([one.outcome('a'), one.outcome('b'), one.left]).toEqual(['timed-out/not-sent', 'cancelled/not-sent', nothingLeft]);
});

test('a queue that the credit holds is not passed over: its head has its turn when there is some', () => {
  const one = new World({ credits: true, maxBypass: 2 });
  one.client('low', { urgency: 0 });
  for (let i = 0; i < 20; i++) {
    one.client(`n${i}`, { exempt: true, urgency: 2 });
    one.sent(`n${i}`);
  }
  one.client('high', { urgency: 2 });
  one.client('nested', { exempt: true });
  one.manager.credit(2, 10);
  one.sent('nested');
  one.sent('high');
  expect(sends(one).split(' ').slice(20)).toEqual(['nested', 'high', 'low']);
});

test('a manager that stops ends what waits for credit when its time is over, and not before', async () => {
  const one = world();
  one.client('a', { timeoutMs: 10 });
  const stopped = one.manager.stop();
  expect(one.outcome('a')).toBe('running');
  one.step(10);
  await stopped;
  expect(one.outcome('a')).toBe('timed-out/not-sent');
});

test('without the option nothing waits for credit, nothing is shown of it, and what is granted is more than enough', () => {
  const one = new World();
  one.manager.credit(0, 0);
  one.client('a', { bytes: 1000 });
  expect([sends(one), 'credit' in one.manager.slots]).toEqual(['a', false]);
});

test.each([
  [-1, 0],
  [0, -1],
  [NaN, 0],
  [0, NaN],
  ['1', 0],
])('a grant of %s requests and %s bytes is refused', (requests, bytes) => {
  expect(() => world().manager.credit(requests as number, bytes)).toThrow('it takes a number from 0');
});

test('the option is true or false', () => {
  expect(() => new World({ credits: 1 as never })).toThrow('true or false');
});
