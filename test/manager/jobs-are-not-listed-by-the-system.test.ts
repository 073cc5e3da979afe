import { createActor, createMachine, fromTransition, setup, type AnyActorRef } from 'xstate';
import { expect, test } from 'vitest';
import { managerLogic, managerOf } from '../../actors/index.ts';
import { unlistChildrenOf } from '../../actors/unlisted.ts';

const silent = { send: () => {} };

test('jobs come and go without being listed, and other actors of the system are found as ever', () => {
  const app = setup({ actors: { manager: managerLogic, other: fromTransition((n: number) => n + 1, 0) } } as never).createMachine({
    invoke: [
      { id: 'manager', src: 'manager', input: {} },
      { id: 'other', src: 'other', systemId: 'other' },
    ],
  } as never);
  const actor = createActor(app).start();
  const system = actor.system as unknown as {
    get(id: string): AnyActorRef | undefined;
    _register: (id: string, ref: AnyActorRef) => string;
  };
  const { manager } = actor.getSnapshot().children as unknown as { manager: AnyActorRef };
  managerOf(manager).gate('all');
  managerOf(manager).addClient({ tag: 'a', operations: silent });
  expect(managerOf(manager).jobs).toBe(1);
  system.get('other')?.send({ type: 'count' });
  expect(system.get('other')?.getSnapshot()).toMatchObject({ context: 1 });
  managerOf(manager).cancel('a');
  expect(managerOf(manager).jobs).toBe(0);
  actor.stop();
  expect(system.get('other')).toBeUndefined();
});

test('a system is wrapped once, however many managers it has, and only its unlisted children pass by it', () => {
  const listed: string[] = [];
  const system = {
    _register: (id: string) => (listed.push(id), id),
    _unregister: (ref: { id: string }) => void listed.splice(listed.indexOf(ref.id), 1),
  };
  const parents = [{ system }, { system }] as unknown as AnyActorRef[];
  for (const parent of parents) unlistChildrenOf(parent);
  const wrapped = system._register as unknown as (id: string, ref: unknown) => string;
  expect(wrapped('job', { id: 'job', _parent: parents[1] })).toBe('job');
  expect(wrapped('other', { id: 'other', _parent: undefined })).toBe('other');
  expect(listed).toEqual(['other']);
  (system._unregister as unknown as (ref: unknown) => void)({ id: 'job', _parent: parents[0] });
  (system._unregister as unknown as (ref: unknown) => void)({ id: 'other', _parent: undefined });
  expect(listed).toEqual([]);
});

test('a system without these functions is left as it is', () => {
  const system = createActor(createMachine({})).system;
  const bare = { get: system.get.bind(system) };
  unlistChildrenOf({ system: bare } as unknown as AnyActorRef);
  expect(Object.keys(bare)).toEqual(['get']);
});
