import { expect, test } from 'vitest';
import { nothingLeft, World } from './world.ts';

test('its slot goes to others at once, and its answer is handed over when it holds one again', () => {
  const world = new World({ executeSlots: 1 });
  world.server('a');
  world.server('b');
  world.execution('a').park();
  expect([world.log, world.taken]).toEqual([['execute a', 'execute b'], '0/1/1']);
  world.execution('a').unpark();
  expect(world.log).not.toContain('resume a');
  world.executed('b');
  expect([world.log.slice(2).sort(), world.taken]).toEqual([['resume a', 'send b'], '1/1/0']);
  world.finish();
  expect(world.left).toEqual(nothingLeft);
});

test('with every slot’s handler parked, others are executed; those go on first when their answers come', () => {
  const world = new World();
  const first = ['a', 'b', 'c', 'd'];
  for (const tag of first) world.server(tag, { answers: false });
  for (const tag of first) world.execution(tag).park();
  expect(world.manager.slots.execute).toEqual({ slots: 4, taken: 0, parked: 4, waiting: 0 });
  for (let i = 0; i < 8; i++) world.server(`${i}`, { answers: false, urgency: 2 });
  expect(world.manager.slots.execute).toEqual({ slots: 4, taken: 4, parked: 4, waiting: 4 });
  for (const tag of first.toReversed()) world.execution(tag).unpark();
  world.news();
  for (const tag of ['0', '1', '2', '3']) world.executed(tag);
  // Parked jobs before new ones, whatever their urgency; the oldest of them first.
  expect(world.log.filter((line) => !line.startsWith('callback'))).toEqual(first.map((tag) => `resume ${tag}`));
  world.finish();
  expect(world.left).toEqual(nothingLeft);
});

test('several nested calls: each answer that comes is handed over, and in between the slot is given back', () => {
  const world = new World({ executeSlots: 1 });
  world.server('a');
  for (let i = 0; i < 3; i++) world.execution('a').park();
  world.server('b');
  expect(world.taken).toBe('0/1/1');
  world.execution('a').unpark();
  world.execution('a').unpark();
  world.executed('b');
  // Two at once, by one resume; the third is still out, so the slot is free for others.
  expect(world.log.filter((line) => line === 'resume a')).toHaveLength(1);
  expect(world.manager.slots.execute).toMatchObject({ taken: 0, parked: 1 });
  world.server('c');
  expect(world.log).toContain('execute c');
  world.execution('a').unpark();
  world.executed('c');
  expect(world.log.filter((line) => line === 'resume a')).toHaveLength(2);
  expect(world.manager.slots.execute).toMatchObject({ taken: 1, parked: 0 });
  world.finish();
  expect([world.left, world.violations]).toEqual([nothingLeft, []]);
});

test('one that parks again inside its resume waits again', () => {
  const world = new World({ executeSlots: 1 });
  world.server('a');
  const { park, unpark } = world.execution('a');
  park();
  for (let i = 0; i < 5; i++) {
    world.inside('resume a', () => park());
    unpark();
    expect(world.manager.slots.execute).toMatchObject({ taken: 0, parked: 1 });
  }
  unpark();
  world.finish();
  expect([world.log.filter((line) => line === 'resume a').length, world.left]).toEqual([6, nothingLeft]);
});

test('an answer may come inside the operation that parks', () => {
  const world = new World({ executeSlots: 1 });
  world.inside('execute a', () => {
    world.execution('a').park();
    world.execution('a').unpark();
    world.executed('a');
  });
  world.server('a');
  expect(world.log).toEqual(['execute a', 'resume a', 'send a']);
  world.finish();
  expect([world.left, world.violations]).toEqual([nothingLeft, []]);
});

test('more answers than calls are reported, and change nothing', () => {
  const world = new World();
  world.server('a');
  world.execution('a').unpark();
  world.execution('a').park();
  world.execution('a').unpark();
  world.execution('a').unpark();
  expect(world.violations.map(({ where, event }) => `${where} ${event}`)).toEqual(['server unpark', 'server unpark']);
  expect(world.manager.slots.execute).toMatchObject({ taken: 1, parked: 0 });
  world.finish();
  expect(world.left).toEqual(nothingLeft);
});

test('a handler may return while its calls are out: nothing is handed over any more', () => {
  const world = new World({ executeSlots: 1 });
  world.server('a');
  const { park, unpark } = world.execution('a');
  park();
  park();
  unpark();
  world.news();
  world.executed('a');
  expect(world.log).toEqual(['send a']);
  unpark();
  expect(world.violations).toEqual([{ where: 'manager', event: 'unpark', tag: 'a' }]);
  world.finish();
  expect(world.left).toEqual(nothingLeft);
});

test('one whose answer is here, and which returns before it holds a slot again, takes none', () => {
  const world = new World({ executeSlots: 1 });
  world.server('a');
  world.execution('a').park();
  world.server('b');
  world.execution('a').unpark();
  world.executed('a');
  world.executed('b');
  expect(world.log).not.toContain('resume a');
  expect(world.taken).toBe('1/0/0');
  world.finish();
  expect(world.left).toEqual(nothingLeft);
});

test('an answer and a return in the middle of one transition leave no slot behind', () => {
  const world = new World({ executeSlots: 1 });
  world.server('a');
  world.execution('a').park();
  let isDone = false;
  world.manager.ref.subscribe(() => {
    if (isDone) return;
    isDone = true;
    world.execution('a').unpark();
    world.executed('a');
  });
  world.client('trigger');
  world.finish();
  expect([world.left, world.violations]).toEqual([nothingLeft, []]);
});

test('nested calls of both sides can not wedge at any depth: a call of a call of a call, with one slot', () => {
  const world = new World({ executeSlots: 1 });
  const depth = 50;
  for (let i = 0; i < depth; i++) {
    world.server(`s${i}`);
    world.client(`c${i}`, { exempt: true });
    world.execution(`s${i}`).park();
    world.sent(`c${i}`);
  }
  expect(world.manager.slots.execute).toMatchObject({ taken: 0, parked: depth });
  for (let i = depth - 1; i >= 0; i--) {
    world.read(`c${i}`);
    world.execution(`s${i}`).unpark();
    expect(world.log.at(-1)).toBe(`resume s${i}`);
    world.executed(`s${i}`);
    world.sent(`s${i}`);
  }
  expect([world.left, world.violations]).toEqual([nothingLeft, []]);
});
