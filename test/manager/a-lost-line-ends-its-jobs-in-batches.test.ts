import { expect, test } from 'vitest';
import { noticeJob } from '../../machines/notice-job.ts';
import { nothingLeft, World } from './world.ts';

const many = (count: number, prefix: string): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

test('in every state a job comes to what the rule says', () => {
  const world = new World({ executeSlots: 3, sendSlots: 2 });
  for (const tag of ['executing', 'parked', 'executed', 'new']) world.server(tag);
  world.client('sent');
  world.sent('sent');
  for (const tag of ['sending', 'sending2', 'queued']) world.client(tag);
  world.execution('parked').park();
  world.executed('executed');
  world.news();
  world.manager.lineLost();
  expect(
    Object.fromEntries(
      ['executing', 'parked', 'executed', 'sent', 'sending', 'sending2', 'queued'].map((tag) => [tag, world.outcome(tag)]),
    ),
  ).toEqual({
    executing: 'line-lost/perhaps-executed',
    parked: 'line-lost/perhaps-executed',
    executed: 'line-lost/executed',
    sent: 'line-lost/perhaps-executed',
    sending: 'line-lost/perhaps-executed',
    sending2: 'line-lost/perhaps-executed',
    queued: 'running',
  });
  // The handler that began when another parked is told as well; requests are not told to a peer that is gone.
  expect(world.log.filter((line) => line.startsWith('abort')).sort()).toEqual(['abort executing', 'abort new', 'abort parked']);
  expect(world.settled).toBe(1);
  world.manager.gate('all');
  expect(world.log.at(-1)).toBe('send queued');
});

test('a request that was not begun is known to be refused; a queued one of ours waits, until its deadline', () => {
  const world = new World({ executeSlots: 1 });
  world.server('a');
  world.server('b');
  world.client('c');
  world.client('d', { timeoutMs: 100 });
  world.manager.lineLost();
  expect([world.outcome('b'), world.outcome('d')]).toEqual(['line-lost/refused', 'running']);
  world.step(100);
  expect(world.outcome('d')).toBe('timed-out/not-sent');
  world.manager.gate('all');
  expect(world.log).not.toContain('send d');
});

test('what is completed after it is late and no violation, and gives nothing back twice', () => {
  const world = new World();
  world.server('a');
  world.executed('a');
  world.server('b');
  world.client('c');
  world.manager.lineLost();
  world.manager.gate('all');
  // The request that was queued has the slot of the next line now.
  expect([world.log.at(-1), world.taken]).toEqual(['send c', '1/1/0']);
  world.sent('a');
  world.sent('a', { ok: false, error: 'late' });
  world.executed('b');
  expect([world.outcome('a'), world.outcome('b'), world.taken, world.violations]).toEqual([
    'line-lost/executed',
    'line-lost/perhaps-executed',
    '1/0/0',
    [],
  ]);
});

test('a response of the lost line that comes late finds nobody', () => {
  const world = new World();
  world.client('a');
  world.sent('a');
  world.manager.lineLost();
  expect(world.manager.readDone('a', { ok: true })).toBe(false);
  expect([world.outcome('a'), world.manager.violations]).toEqual(['line-lost/perhaps-executed', 1]);
});

test('thousands are ended in batches: other work gets its turn between them, and settled is said once, at the end', () => {
  const world = new World({ executeSlots: Infinity });
  for (const tag of many(2000, 's')) world.server(tag);
  world.news();
  world.manager.lineLost();
  const ended = (): number => world.log.filter((line) => line.startsWith('callback')).length;
  const steps: number[] = [];
  for (let i = 0; i < 10 && world.settled === 0; i++) {
    steps.push(ended());
    world.step();
  }
  expect(steps).toEqual([512, 1024, 1536]);
  expect([ended(), world.settled]).toEqual([2000, 1]);
});

test('nothing of the old session gets out while its jobs are being ended, though the gate is open and its slots are free', () => {
  const world = new World({ executeSlots: 700, sendSlots: 1000 });
  for (const tag of many(1400, 's')) world.server(tag, { urgency: 2 });
  for (const tag of many(1400, 'n')) world.add('server', tag, { answers: false, urgency: 0 });
  world.news();
  world.manager.lineLost();
  world.manager.gate('all');
  // Those of the last batch have not been told: their handlers finish, call and come back in the middle of it.
  for (const tag of ['s600', 's601']) world.executed(tag);
  world.execution('s602').park();
  world.execution('s602').unpark();
  world.execution('s603').park();
  world.server('new');
  world.client('ours');
  world.client('nested', { exempt: true });
  expect(world.log.filter((line) => /^(execute|send|resume)/.test(line))).toEqual([]);
  world.settle();
  expect(world.settled).toBe(1);
  const after = world.log.filter((line) => /^(execute|send|resume)/.test(line));
  // Two of the old handlers have returned, so the new request has a slot.
  expect(after.sort()).toEqual(['execute new', 'send nested', 'send ours']);
  expect(world.violations).toEqual([]);
  for (const tag of many(1400, 's')) expect(world.outcome(tag)).toMatch(/^line-lost/);
  world.finish();
  expect([world.left, world.violations]).toEqual([nothingLeft, []]);
});

test('jobs that come while others are being ended are of the next session, however many there are', () => {
  const world = new World({ executeSlots: Infinity });
  for (const tag of many(1200, 'old')) world.server(tag);
  world.manager.lineLost();
  for (const tag of many(1500, 'new')) world.server(tag);
  world.settle();
  for (const tag of many(1200, 'old')) expect(world.outcome(tag)).toMatch(/^line-lost/);
  for (const tag of many(1500, 'new')) expect(world.outcome(tag)).toBe('running');
  world.manager.gate('all');
  world.finish();
  for (const tag of many(1500, 'new')) expect(world.outcome(tag)).toBe('value/executed');
  expect([world.left, world.violations]).toEqual([nothingLeft, []]);
});

test('answers that were ready, or become ready meanwhile, are never sent on the next line, not even from within a callback', () => {
  const world = new World({ executeSlots: Infinity });
  for (const tag of many(1200, 's')) world.server(tag);
  for (const tag of many(600, 's')) world.executed(tag);
  world.inside('callback s0', () => {
    world.manager.gate('all');
    world.executed('s900');
    world.executed('s1199');
  });
  world.news();
  world.manager.lineLost();
  world.settle();
  expect(world.log.filter((line) => line.startsWith('send'))).toEqual([]);
  expect([world.outcome('s900'), world.outcome('s1199'), world.settled, world.violations]).toEqual([
    'line-lost/executed',
    'line-lost/executed',
    1,
    [],
  ]);
  for (let i = 600; i < 1200; i++) if (i !== 900 && i !== 1199) world.executed(`s${i}`);
  expect(world.left).toEqual(nothingLeft);
});

const noticeKind = { name: 'notice', chart: noticeJob, class: 'server', slots: ['send'], ownsTag: false } as const;
const notificationKind = { ...noticeKind, name: 'notification', class: 'client' } as const;

test('notices that wait for their turn end with it, and hold nothing on the next line', () => {
  const world = new World({ kinds: [noticeKind] });
  world.client('first');
  for (const tag of many(600, 'n')) world.add('notice', tag);
  // From the first callback on the gate is open: none of those that have been told, or will be, may go.
  world.inside('callback n0', () => world.manager.gate('all'));
  world.manager.lineLost();
  world.settle();
  for (const tag of many(600, 'n')) expect(world.outcome(tag)).toBe('line-lost/not-sent');
  expect([world.taken, world.violations]).toEqual(['0/0/0', []]);
  expect(world.left).toEqual(nothingLeft);
});

test('notifications wait for the next line, as requests do', () => {
  const world = new World({ kinds: [notificationKind] });
  world.client('first');
  for (const tag of many(600, 'n')) world.add('notification', tag);
  world.manager.lineLost();
  world.settle();
  expect(world.outcome('n0')).toBe('running');
  world.manager.gate('all');
  world.finish();
  for (const tag of many(600, 'n')) expect(world.outcome(tag)).toBe('value/perhaps-executed');
  expect([world.left, world.violations]).toEqual([nothingLeft, []]);
});

test('a line that is lost again while the jobs of the first are being ended settles once, when all have been told', () => {
  const world = new World({ executeSlots: Infinity });
  for (const tag of many(1200, 'a')) world.server(tag);
  world.manager.lineLost();
  world.manager.gate('all');
  for (const tag of many(600, 'b')) world.server(tag);
  world.manager.lineLost();
  world.manager.gate('all');
  world.settle();
  expect(world.settled).toBe(1);
  expect(world.log).not.toContain('execute b0');
  for (const tag of many(600, 'b')) expect(world.outcome(tag)).toBe('line-lost/refused');
});

test('a line that is lost when there is nothing settles at once, and when the manager has closed too', async () => {
  const world = new World();
  world.manager.lineLost();
  expect([world.settled, world.left]).toEqual([1, nothingLeft]);
  await world.manager.stop();
  world.manager.lineLost();
  expect(world.settled).toBe(2);
  const killed = new World();
  killed.manager.kill();
  killed.manager.lineLost();
  expect(killed.settled).toBe(1);
});

test('a loss inside an operation, or inside a callback of an earlier loss, ends what is there then', () => {
  const world = new World({ executeSlots: 10 });
  world.inside('execute a', () => world.manager.lineLost());
  world.inside('callback a', () => {
    world.manager.gate('all');
    world.server('b');
    world.manager.lineLost();
  });
  world.server('a');
  expect([world.outcome('a'), world.outcome('b')]).toEqual(['line-lost/perhaps-executed', 'line-lost/perhaps-executed']);
  expect(world.settled).toBe(2);
  world.executed('a');
  world.executed('b');
  expect([world.left, world.violations]).toEqual([nothingLeft, []]);
});
