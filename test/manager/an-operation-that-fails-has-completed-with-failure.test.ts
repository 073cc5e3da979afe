import { expect, test } from 'vitest';
import { createManager } from '../../actors/manager-logic.ts';
import { nothingLeft, World } from './world.ts';

const error = new Error('broken');
const fails = {
  throws: () => {
    throw error;
  },
  rejects: () => Promise.reject(error),
  // oxlint-disable-next-line unicorn/no-thenable -- a promise of somebody's own library
  'gives a thenable that rejects': () => ({ then: (_: unknown, no: (reason: unknown) => void) => no(error) }),
} as const;
const turn = () => new Promise((resolve) => setImmediate(resolve));

test.each(Object.entries(fails))('an execute that %s is answered with its error', async (_, fail) => {
  const world = new World();
  world.server('a', { operations: { execute: fail } });
  await turn();
  expect(world.sending('a').value).toEqual({ ok: false, error });
  world.sent('a');
  expect(world.outcome('a')).toBe('error/executed');
  expect(world.violations).toEqual([]);
  expect(world.left).toEqual(nothingLeft);
});

test.each(Object.entries(fails))('a send that %s ends the job', async (_, fail) => {
  const world = new World();
  world.client('a', { operations: { send: fail } });
  await turn();
  expect(world.outcomeOf('a')).toEqual({ type: 'send-failed', error, known: 'perhaps-executed' });
  expect(world.left).toEqual(nothingLeft);
});

test.each(Object.entries(fails))('a callback that %s is reported and has been run', async (_, fail) => {
  const world = new World();
  world.client('a', { operations: { callback: fail as () => undefined } });
  world.sent('a');
  world.read('a');
  await turn();
  expect(world.errors).toEqual([{ error, operation: 'callback', tag: 'a' }]);
  expect(world.left).toEqual(nothingLeft);
});

test.each(Object.entries(fails))('an abort that %s is reported, and the callback still runs', async (_, fail) => {
  const world = new World();
  world.server('a', { operations: { abort: fail as () => undefined } });
  world.job('a').cancel();
  await turn();
  expect(world.errors).toEqual([{ error, operation: 'abort', tag: 'a' }]);
  expect(world.outcome('a')).toBe('cancelled/perhaps-executed');
});

test('a resume that throws is reported; the job goes on', () => {
  const world = new World();
  world.server('a', { operations: { resume: fails['throws'] } });
  world.execution('a').park();
  world.execution('a').unpark();
  expect(world.errors).toEqual([{ error, operation: 'resume', tag: 'a' }]);
  world.executed('a');
  world.sent('a');
  expect(world.outcome('a')).toBe('value/executed');
});

test('one that throws after it has completed is a second completion: reported, counted, and what it threw is told', () => {
  const world = new World();
  world.server('a', {
    operations: {
      execute: (execution) => {
        execution.done({ ok: true, value: 1 });
        throw error;
      },
    },
  });
  expect(world.sending('a').value).toEqual({ ok: true, value: 1 });
  expect(world.violations).toEqual([{ where: 'manager', event: 'execute_done', tag: 'a' }]);
  expect(world.errors).toEqual([{ error, operation: 'execute', tag: 'a' }]);
});

test('one that completes inside itself, or twice, completes once', () => {
  const world = new World();
  world.inside('execute a', () => {
    world.executed('a', { ok: true, value: 1 });
    world.executed('a', { ok: true, value: 2 });
  });
  world.inside('send a', () => {
    world.sent('a');
    world.sent('a', { ok: false, error });
  });
  world.server('a');
  expect(world.outcomeOf('a')).toEqual({ type: 'value', value: 1, known: 'executed' });
  expect(world.violations.map(({ event }) => event)).toEqual(['execute_done', 'send_done']);
  expect(world.manager.violations).toBe(2);
  expect(world.left).toEqual(nothingLeft);
});

test('one that fails after its job was cancelled gives its slot back, and is nobody’s trouble', async () => {
  const world = new World();
  let reject!: (error: unknown) => void;
  world.server('a', { operations: { execute: () => new Promise((_, no) => (reject = no)) } });
  world.job('a').cancel();
  expect([world.outcome('a'), world.taken]).toEqual(['cancelled/perhaps-executed', '0/1/0']);
  reject(error);
  await turn();
  expect(world.left).toEqual(nothingLeft);
  expect([world.violations, world.errors]).toEqual([[], []]);
});

test('a job without operations runs through: what is not given has completed', () => {
  const manager = createManager();
  expect(manager.addServer({ tag: 'a', operations: {} }).ok).toBe(true);
  expect(manager.addClient({ tag: 'b', operations: {} }).ok).toBe(true);
  manager.readDone('b', { ok: true });
  expect([manager.jobs, manager.slots.send.taken, manager.slots.execute.taken]).toEqual([0, 0, 0]);
});
