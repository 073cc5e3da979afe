import { expect, test } from 'vitest';
import { Actor, createActor, setup, type AnyActor, type AnyActorRef, type AnyStateMachine } from 'xstate';
import { compiled } from '../../actors/compiled.ts';
import { handedInput, JobActors } from '../../actors/job-actors.ts';
import { clientJob } from '../../machines/client-job.ts';
import type { JobInput } from '../../machines/job.ts';

const logic = handedInput(compiled(clientJob));
const input = (seq: number): JobInput => ({
  job: { seq, index: 0, class: 'client', urgency: 1, exempt: false, bytes: 0 },
  answers: true,
});

interface Scope {
  emit(event: { readonly type: string }): void;
  stopChild(child: AnyActorRef): void;
  defer(task: () => void): void;
  actionExecutor(action: object): void;
}

/** What an actor, or its scope, has. */
const held = (of: object): Map<string, unknown> => new Map(Object.entries(of));
const scopeOf = (actor: AnyActorRef): Scope => (actor as unknown as { _actorScope: Scope })._actorScope;
const up = setup({}).createMachine({ initial: 'up', states: { up: {} } });

/** Two that XState made, and one that was made as it makes them. */
function three(of: AnyStateMachine = logic): {
  readonly parent: AnyActorRef;
  readonly ordinary: readonly [AnyActor, AnyActor];
  readonly made: AnyActor;
} {
  const parent = createActor(up).start();
  const actors = new JobActors(parent);
  const ordinary = [actors.create(of, 'client:1', input(1), true), actors.create(of, 'client:2', input(2), false)] as const;
  return { parent, ordinary, made: actors.create(of, 'client:3', input(3), false) };
}

const isMade = ({ options }: AnyActor): boolean => !('id' in (options as object));

test('an actor that is made here has what one has that XState makes, and shares with it what its siblings share', () => {
  const { parent, ordinary, made } = three();
  expect([...ordinary, made].map(isMade)).toEqual([false, false, true]);
  expect(made).toBeInstanceOf(Actor);
  for (const of of [(actor: AnyActor): object => actor, scopeOf]) {
    const [one, other, ours] = [...ordinary, made].map((actor) => held(of(actor))) as [
      Map<string, unknown>,
      Map<string, unknown>,
      Map<string, unknown>,
    ];
    expect([...ours.keys()].toSorted()).toEqual([...one.keys()].toSorted());
    for (const [name, value] of one) {
      expect([name, typeof ours.get(name)]).toEqual([name, typeof value]);
      if (Object.is(value, other.get(name))) expect([name, Object.is(ours.get(name), value)]).toEqual([name, true]);
    }
  }
  expect([made.id, made.getSnapshot().context.job.seq]).toEqual(['client:3', 3]);
  expect(new Set([...ordinary, made].map(({ sessionId }) => sessionId)).size).toBe(3);
  expect(made.options).toMatchObject({ parent });
  expect(made.options).not.toHaveProperty('input');
});

test('what its logic may do with it, it does as XState has it', () => {
  const { parent, ordinary, made } = three();
  const said = [ordinary[0], made].map((actor) => {
    const heard: unknown[] = [];
    const scope = scopeOf(actor);
    const exec = (info: unknown, params: unknown): void => void heard.push(['ran', info, params]);
    actor.on('*', (event) => heard.push(['any', event]));
    actor.on('told', (event) => heard.push(['told', event]));
    scope.emit({ type: 'told' });
    scope.emit({ type: 'other' });
    scope.actionExecutor({ type: 'early', info: 1, params: 2, exec });
    scope.defer(() => heard.push('deferred'));
    heard.push('before the start');
    actor.start();
    scope.actionExecutor({ type: 'late', info: 3, params: 4, exec });
    scope.actionExecutor({ type: 'nothing', info: 5, params: 6, exec: undefined });
    expect(() => scope.stopChild(parent)).toThrow(/Cannot stop child actor .* because it is not a child/);
    return heard;
  });
  expect(said[1]).toEqual(said[0]);
  expect(said[1]).toHaveLength(7);
});

test('of an XState whose actors have other parts, all are made as it makes them', () => {
  const other = Object.create(logic, {
    getInitialSnapshot: {
      value: (scope: { readonly self: object }, given: unknown) => {
        Object.assign(scope.self, { another: 'part' });
        return logic.getInitialSnapshot(scope as never, given as never);
      },
    },
  }) as AnyStateMachine;
  const { ordinary, made } = three(other);
  expect([...ordinary, made].map(isMade)).toEqual([false, false, false]);
});
