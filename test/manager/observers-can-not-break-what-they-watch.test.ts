import { expect, test } from 'vitest';
import type { AnyActorRef, AnyStateMachine, InspectionEvent } from 'xstate';
import { jobStates, type JobStateEvent } from '../../actors/job-events.ts';
import { createManager } from '../../actors/manager-logic.ts';
import { nothingLeft, World } from './world.ts';

const boom = (): never => {
  throw new Error('an observer that throws');
};

function runThrough(world: World): void {
  world.server('a');
  world.client('b');
  world.job('a').abort();
  world.manager.readDone('nobody', { ok: true });
  world.finish();
}

test('an inspector that throws is told as an error, and nothing else is different', () => {
  const errors: string[] = [];
  const manager = createManager({ inspect: boom, onError: (_, operation) => errors.push(operation) });
  const log: string[] = [];
  manager.addServer({
    tag: 'a',
    operations: {
      execute: (execution) => execution.done({ ok: true }),
      send: (sending) => sending.done({ ok: true }),
      callback: ({ type }) => log.push(type),
    },
  });
  expect([log, manager.jobs, new Set(errors)]).toEqual([['value'], 0, new Set(['inspect'])]);
});

test.each(['onViolation', 'onError', 'onSettled'] as const)('an %s that throws is dropped, and not told of itself', (name) => {
  const world = new World({ [name]: boom });
  world.inside('callback b', boom);
  runThrough(world);
  world.manager.lineLost();
  expect(world.left).toEqual(nothingLeft);
  expect(world.manager.violations).toBe(1);
});

test('a snapshot subscriber that throws is XState’s to report; the jobs go on', async () => {
  const world = new World();
  const reported: unknown[] = [];
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => reported.push(error));
  world.manager.ref.subscribe(boom);
  runThrough(world);
  await new Promise((resolve) => setTimeout(resolve, 5));
  process.removeAllListeners('uncaughtException');
  for (const listener of listeners) process.on('uncaughtException', listener);
  expect(reported.length).toBeGreaterThan(0);
  expect(world.left).toEqual(nothingLeft);
});

test('every job is seen by an inspector, with its parent, its chart and fixed event types', () => {
  const born = new Map<string, { parent: unknown; chart: string; states: string[] }>();
  const types = new Set<string>();
  const world = new World({
    inspect: (event: InspectionEvent) => {
      const ref = event.actorRef as AnyActorRef & { _parent?: unknown; logic?: AnyStateMachine };
      if (event.type === '@xstate.actor') born.set(ref.id, { parent: ref._parent, chart: String(ref.logic?.config.id), states: [] });
      if (event.type === '@xstate.snapshot')
        born.get(ref.id)?.states.push(JSON.stringify((event.snapshot as unknown as { value: unknown }).value));
      if (event.type === '@xstate.microstep' && event.actorRef === (world.manager.ref as unknown)) types.add(event.event.type);
    },
  });
  for (let i = 0; i < 50; i++) {
    world.server(`s${i}`);
    world.client(`c${i}`);
    world.finish();
  }
  const jobs = [...born.entries()].filter(([, { parent }]) => parent !== undefined);
  expect(jobs).toHaveLength(100);
  expect(jobs.every(([, { parent }]) => parent === world.manager.ref)).toBe(true);
  expect(new Set(jobs.map(([, { chart }]) => chart))).toEqual(new Set(['server', 'client']));
  expect(born.get('server:1')?.states.at(-1)).toBe('"done"');
  // A machine remembers every type that it has seen: none of them may be one job's own.
  expect([...types].sort()).toEqual(['add', 'execute_done', 'job_done', 'read_done', 'send_done', 'want']);
});

test('jobStates tells every state that every job enters, also those that it only passes', () => {
  const world = new World();
  const states: string[] = [];
  const watching = jobStates(world.manager).subscribe((event: JobStateEvent) => states.push(`${event.tag} ${event.state}`));
  world.server('a');
  world.executed('a');
  world.sent('a');
  watching.unsubscribe();
  world.client('b');
  expect(states).toEqual(['a new', 'a busy.executing', 'a executed', 'a busy.sending', 'a sent', 'a busy.callback', 'a done']);
});
