import { expect, test } from 'vitest';
import { nothingLeft, World } from './world.ts';

/** Jobs of both classes in every state that they can be in together. */
function busy(): World {
  const world = new World({ executeSlots: 2 });
  for (const tag of ['executing', 'parked', 'executed', 'new', 'new2']) world.server(tag, { timeoutMs: 5000 });
  for (const tag of ['sent', 'sending', 'queued']) world.client(tag, { timeoutMs: 5000 });
  world.sent('sent');
  world.execution('parked').park();
  world.executed('executed');
  return world;
}
const tags = ['executing', 'parked', 'executed', 'new', 'new2', 'sent', 'sending', 'queued'];

test('stop refuses what is new and finishes what is there, then closes', async () => {
  const world = busy();
  let isClosed = false;
  const closed = world.manager.stop().then(() => (isClosed = true));
  expect([world.refused('server', 'late'), world.refused('client', 'late')]).toEqual(['STOPPING', 'STOPPING']);
  world.execution('parked').unpark();
  world.finish();
  world.read('sent');
  await closed;
  expect(isClosed).toBe(true);
  expect(tags.map((tag) => world.outcome(tag))).toEqual(tags.map(() => 'value/executed'));
  expect([world.refused('server', 'later'), world.left, world.violations]).toEqual(['STOPPED', nothingLeft, []]);
});

test('the calls of running handlers, and refusals of requests, are taken while it stops', async () => {
  const world = new World();
  world.server('a');
  const closed = world.manager.stop();
  world.execution('a').park();
  world.client('nested', { exempt: true });
  expect(world.refused('server', 'refusal', { exempt: true })).toBe('taken');
  world.sent('nested');
  world.read('nested');
  world.execution('a').unpark();
  world.finish();
  await closed;
  expect([world.outcome('a'), world.outcome('nested'), world.left]).toEqual(['value/executed', 'value/executed', nothingLeft]);
});

test('what does not finish is timed out; a handler that nobody waits for does not hold the stop up', async () => {
  const world = new World();
  world.server('a', { timeoutMs: 100 });
  world.client('b', { timeoutMs: 100 });
  world.sent('b');
  const closed = world.manager.stop();
  world.step(100);
  await closed;
  expect([world.outcome('a'), world.outcome('b')]).toEqual(['timed-out/perhaps-executed', 'timed-out/perhaps-executed']);
  // It returns later: that is late, and no violation; a second time is one.
  world.executed('a');
  expect(world.violations).toEqual([]);
});

test('bytes that the transport is at are waited for, or cut off by the line', async () => {
  const world = new World();
  world.client('a');
  const closed = world.manager.stop();
  world.job('a').cancel();
  expect(world.manager.ref.getSnapshot().value).toBe('draining');
  world.sent('a');
  await closed;
  const other = new World();
  other.client('a');
  const alsoClosed = other.manager.stop();
  other.manager.lineLost();
  await alsoClosed;
  expect([world.outcome('a'), other.outcome('a')]).toEqual(['cancelled/perhaps-executed', 'line-lost/perhaps-executed']);
});

test('stopping what has nothing to do closes it at once; a second stop is no other', async () => {
  const world = new World();
  await Promise.all([world.manager.stop(), world.manager.stop()]);
  await world.manager.stop();
  expect(world.manager.ref.getSnapshot().status).toBe('done');
});

test('kill ends every job at once with its callback; handlers are aborted', () => {
  const world = busy();
  world.news();
  world.manager.kill();
  expect(tags.map((tag) => world.outcome(tag))).toEqual([
    'cancelled/perhaps-executed',
    'cancelled/perhaps-executed',
    'cancelled/executed',
    'cancelled/perhaps-executed',
    'cancelled/refused',
    'cancelled/perhaps-executed',
    'cancelled/perhaps-executed',
    'cancelled/not-sent',
  ]);
  expect(world.outcomeOf('new')).toMatchObject({ reason: { code: 'STOPPED' } });
  expect(world.execution('executing').signal.reason).toMatchObject({ code: 'STOPPED' });
  expect([world.left, world.manager.ref.getSnapshot().status]).toEqual([nothingLeft, 'done']);
});

test('nothing is begun by it, and nothing after it', () => {
  const world = busy();
  world.news();
  world.inside('callback executing', () => {
    expect([world.refused('client', 'x'), world.refused('server', 'y')]).toEqual(['STOPPED', 'STOPPED']);
    world.manager.gate('all');
    world.executed('executing');
    world.sent('sending');
    world.read('sent');
  });
  world.manager.kill();
  world.manager.kill();
  world.executed('parked');
  world.execution('parked').unpark();
  expect(world.log.filter((line) => /^(execute|send|resume)/.test(line))).toEqual([]);
  expect(world.violations).toEqual([]);
});

test.each(['execute', 'send', 'abort', 'resume', 'callback'])('inside the %s of a job it lets that end, and then ends all', (operation) => {
  const world = busy();
  let jobs = 0;
  world.inside(`${operation} a`, () => {
    world.manager.kill();
    jobs = world.manager.jobs;
  });
  // Makes way for `a`, and takes it through its operations.
  world.job('new').cancel();
  world.job('new2').cancel();
  world.executed('executing');
  world.server('a', { urgency: 2 });
  if (operation === 'abort') world.job('a').cancel();
  if (operation === 'resume') {
    world.execution('a').park();
    world.execution('a').unpark();
  }
  if (operation === 'send' || operation === 'callback') {
    world.executed('a');
    world.sent('sending');
    if (operation === 'callback') world.sent('a');
  }
  expect(jobs).toBeGreaterThan(0);
  for (const tag of [...tags, 'a']) expect([tag, world.outcome(tag)]).not.toEqual([tag, 'running']);
  expect([world.left, world.violations, world.manager.ref.getSnapshot().status]).toEqual([nothingLeft, [], 'done']);
});

test('operations that were granted and have not been run are not run after a kill', () => {
  const world = new World({ executeSlots: 4 });
  world.inside('callback first', () => {
    // Both are granted now; the first kills before the second's turn.
    world.inside('execute a', () => world.manager.kill());
    world.server('a');
    world.server('b');
  });
  world.client('first');
  world.job('first').cancel();
  expect(world.log.filter((line) => line.startsWith('execute'))).toEqual(['execute a']);
  expect(world.outcome('b')).toBe('cancelled/perhaps-executed');
});

test('a kill during a stop resolves the stop, and so does one that came before it', async () => {
  const world = busy();
  const closed = world.manager.stop();
  world.manager.kill();
  await closed;
  await world.manager.stop();
  const inside = new World();
  inside.inside('execute a', () => inside.manager.kill());
  inside.server('a');
  await inside.manager.stop();
});

test('a kill from within a transition, with adds that wait in the mailbox, leaves nothing and tells all', () => {
  const world = new World();
  let isDone = false;
  world.manager.ref.subscribe(() => {
    if (isDone) return;
    isDone = true;
    world.client('a');
    world.server('b', { timeoutMs: 10 });
    world.manager.kill();
    world.refused('client', 'c');
  });
  world.server('trigger');
  expect([world.outcome('trigger'), world.outcome('a'), world.outcome('b')]).toEqual([
    'cancelled/refused',
    'cancelled/not-sent',
    'cancelled/not-sent',
  ]);
  expect([world.left, world.violations]).toEqual([nothingLeft, []]);
});
