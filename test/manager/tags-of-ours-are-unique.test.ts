import { expect, test } from 'vitest';
import { nothingLeft, World } from './world.ts';

test('a tag in use is refused with an error at once, in every state of the job that has it', () => {
  const world = new World();
  world.client('first');
  world.client('a');
  const states = [() => {}, () => world.sent('first'), () => world.sent('a')];
  for (const next of states) {
    next();
    expect(world.refused('client', 'a')).toBe('TAG_IN_USE');
  }
  world.read('a');
  expect(world.refused('client', 'a')).toBe('taken');
  expect(world.manager.slots.client.count).toBe(2);
});

test('a cancelled job’s tag is free while the transport is still at its bytes: its late completion touches nobody else', () => {
  const world = new World({ sendSlots: 2 });
  world.client('a');
  const old = world.sending('a');
  world.job('a').cancel();
  world.add('client', 'b');
  // World keeps one outcome for each tag: the second `a` is added without it.
  const heard: string[] = [];
  const added = world.manager.addClient({
    tag: 'a',
    operations: { send: () => heard.push('sent'), callback: ({ type }) => heard.push(type) },
  });
  expect(added.ok).toBe(true);
  old.done({ ok: false, error: 'of the old one' });
  expect(heard).toEqual(['sent']);
  expect(world.violations).toEqual([]);
});

test('requests from the peer are held by keys of our own: equal and empty tags each get their own answer', () => {
  const world = new World({ executeSlots: 8 });
  const answers: unknown[] = [];
  const executions: ((value: unknown) => void)[] = [];
  for (const tag of ['x', 'x', '', '']) {
    const added = world.manager.addServer({
      tag,
      operations: {
        execute: (execution) => executions.push((value) => execution.done({ ok: true, value })),
        send: (sending) => {
          answers.push(sending.value);
          sending.done({ ok: true });
        },
      },
    });
    expect(added.ok).toBe(true);
  }
  executions.toReversed().forEach((done, i) => done(i));
  expect(answers).toEqual([0, 1, 2, 3].map((value) => ({ ok: true, value })));
  expect(world.left).toEqual(nothingLeft);
});

test('a peer’s tag names none of our jobs, and no job of its own', () => {
  const world = new World();
  world.client('a');
  world.sent('a');
  world.server('a2');
  world.manager.cancel('a2');
  expect(world.manager.readDone('a2', { ok: true })).toBe(false);
  expect([world.outcome('a2'), world.outcome('a'), world.violations.length]).toEqual(['running', 'running', 2]);
});

test('two adds under one tag from inside one transition: the second is refused, and the first keeps its tag', () => {
  const world = new World();
  let isDone = false;
  world.manager.ref.subscribe(() => {
    if (isDone) return;
    isDone = true;
    world.client('a');
    // Its add has returned before the manager has got to it: only its callback can tell.
    world.add('client', 'a', { operations: { callback: (outcome) => world.log.push(`refused ${outcome.type}`) } });
  });
  world.server('trigger');
  expect(world.log).toContain('refused send-failed');
  expect(world.manager.slots.client.count).toBe(1);
  world.sent('a');
  expect(world.manager.readDone('a', { ok: true })).toBe(true);
});

test.each([
  ['tag', { tag: 5 as never }],
  ['urgency', { urgency: 3 as never }],
  ['bytes', { bytes: Number.NaN }],
  ['bytes', { bytes: -1 }],
  ['timeoutMs', { timeoutMs: Number.NaN }],
  ['timeoutMs', { timeoutMs: -1 }],
] as const)('an option that makes no sense throws INVALID_OPTION, and nothing is added: %s %j', (_, option) => {
  const world = new World();
  expect(() => world.manager.addClient({ tag: 'a', operations: {}, ...option })).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION' }) as Error,
  );
  expect(() => world.manager.add('nokind', { tag: 'a', operations: {} })).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION' }) as Error,
  );
  expect(world.left).toEqual(nothingLeft);
});
