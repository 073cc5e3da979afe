import { createActor, createMachine, SimulatedClock, type AnyActorRef, type InspectionEvent } from 'xstate';
import { expect, test, vi } from 'vitest';
import type { Manager } from '../../actors/manager.ts';
import { managerLogic, managerOf } from '../../actors/manager-logic.ts';

/** An app whose state `on` invokes a manager as `jobs`. */
function app(options: object = {}, inspect: (event: InspectionEvent) => void = () => {}) {
  const machine = createMachine({
    id: 'app',
    initial: 'on',
    states: {
      on: { invoke: { src: managerLogic as never, id: 'jobs', input: options, onDone: 'closed' }, on: { leave: 'off' } },
      off: {},
      closed: {},
    },
  });
  const actor = createActor(machine, { inspect });
  actor.start();
  const ref = (actor.getSnapshot().children as Record<string, AnyActorRef>)['jobs'] as AnyActorRef;
  return { actor, manager: managerOf(ref) };
}

function fill(manager: Manager, callback: (outcome: { type: string }) => void, count = 100): void {
  manager.gate('all');
  for (let i = 0; i < count; i++) {
    const add = i % 2 === 0 ? manager.addServer.bind(manager) : manager.addClient.bind(manager);
    const added = add({ tag: `${i}`, timeoutMs: 1000, operations: { execute: () => {}, send: () => {}, callback } });
    expect(added.ok).toBe(true);
  }
}

test('a hundred jobs get their callbacks when it leaves the state, at once', () => {
  const { actor, manager } = app({ clock: new SimulatedClock() });
  const outcomes: string[] = [];
  fill(manager, ({ type }) => outcomes.push(type));
  actor.send({ type: 'leave' });
  expect(outcomes).toEqual(Array(100).fill('cancelled'));
  expect([actor.getSnapshot().value, manager.jobs, manager.timers.size]).toEqual(['off', 0, 0]);
});

test('so do they when the whole app is stopped', () => {
  const { actor, manager } = app({ clock: new SimulatedClock() });
  let called = 0;
  fill(manager, () => called++);
  actor.stop();
  expect([called, manager.jobs]).toEqual([100, 0]);
});

test('leaving from inside an operation, or from inside a callback, ends them all the same, and no actor is left in the app’s system', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  for (const place of ['execute', 'callback'] as const) {
    const living = new Set<unknown>();
    const { actor, manager } = app({ clock: new SimulatedClock() }, (event) => {
      if (event.type === '@xstate.actor') living.add(event.actorRef);
      if (event.type === '@xstate.snapshot' && (event.snapshot as { status: string }).status !== 'active') living.delete(event.actorRef);
    });
    let called = 0;
    fill(manager, () => called++, 50);
    const leave = (): void => actor.send({ type: 'leave' });
    manager.add('client', { tag: 'last', operations: { [place]: leave, send: () => {} } });
    if (place === 'callback') manager.cancel('last');
    else manager.addServer({ tag: 'runs', operations: { execute: leave } });
    if (place === 'execute') actor.send({ type: 'leave' });
    expect([called, manager.jobs, actor.getSnapshot().value]).toEqual([50, 0, 'off']);
    expect([...living]).toEqual([actor]);
  }
  expect(warn.mock.calls).toEqual([]);
  warn.mockRestore();
});

test('stopping or killing it by its own methods ends the child: the app hears that it is done', async () => {
  const stopped = app();
  await stopped.manager.stop();
  expect(stopped.actor.getSnapshot().value).toBe('closed');
  const killed = app({ clock: new SimulatedClock() });
  let called = 0;
  fill(killed.manager, () => called++);
  killed.manager.kill();
  expect([called, killed.actor.getSnapshot().value]).toEqual([100, 'closed']);
});

test('jobs added before the app has started are taken when it does', () => {
  const machine = createMachine({ invoke: { src: managerLogic as never, id: 'jobs', input: {} } });
  const actor = createActor(machine);
  const manager = managerOf((actor.getSnapshot().children as Record<string, AnyActorRef>)['jobs'] as AnyActorRef);
  const log: string[] = [];
  const operations = { send: () => log.push('send'), callback: ({ type }: { type: string }) => log.push(type) };
  manager.gate('all');
  expect(manager.addClient({ tag: 'a', operations }).ok).toBe(true);
  expect(manager.addClient({ tag: 'a', operations }).ok).toBe(true);
  expect(log).toEqual([]);
  actor.start();
  return Promise.resolve().then(() => {
    // The second was refused when its turn came: its tag was in use.
    expect(log).toEqual(['send-failed', 'send']);
    actor.stop();
    expect(log).toEqual(['send-failed', 'send', 'cancelled']);
  });
});
