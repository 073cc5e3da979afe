import { describe, expect, test } from 'vitest';
import {
  and,
  assign,
  cancel,
  createActor,
  createMachine,
  emit,
  enqueueActions,
  fromPromise,
  log,
  not,
  or,
  raise,
  sendParent,
  sendTo,
  spawnChild,
  stateIn,
  stopChild,
  type AnyStateMachine,
} from 'xstate';
import { compiled } from '../../actors/compiled.ts';

const child = fromPromise(() => new Promise(() => {}));
const chart = (config: object, implementations: object = {}): AnyStateMachine =>
  createMachine({ id: 'm', ...config } as never, implementations as never) as unknown as AnyStateMachine;
/** A chart that is one of the subset, but for what is put into its two states. */
const two = (a: object, b: object = {}, implementations: object = {}): AnyStateMachine =>
  chart({ initial: 'a', states: { a, b } }, implementations);
const acting = (action: unknown): AnyStateMachine => two({ on: { E: { actions: action } } });
const guarded = (guard: unknown, guards: object = {}): AnyStateMachine => two({ on: { E: { guard, target: 'b' } } }, {}, { guards });
const inner = { initial: 'x', states: { x: {}, y: {} } };

const others: Readonly<Record<string, AnyStateMachine>> = {
  'a parallel root': chart({ type: 'parallel', states: { a: {}, b: {} } }),
  'a parallel state': two({ type: 'parallel', states: { x: {}, y: {} } }),
  'shallow history': two({ initial: 'x', states: { x: {}, h: { type: 'history' } } }),
  'deep history': two({ initial: 'x', states: { x: {}, h: { type: 'history', history: 'deep' } } }),
  'an invoke': two({ invoke: { src: child } }),
  'an invoke of the root': chart({ invoke: { src: child }, initial: 'a', states: { a: {} } }),
  'a delay': two({ after: { 10: 'b' } }),
  'a delay by name': two({ after: { soon: 'b' } }, {}, { delays: { soon: 1 } }),
  'a wildcard': two({ on: { '*': 'b' } }),
  'a partial wildcard': two({ on: { 'some.*': 'b' } }),
  'a transition on an event of XState’s own': two({ on: { 'xstate.done.actor.child': 'b' } }),
  'a state that is routed to': two({}, { id: 'b', route: {} }),
  'the guard `and`': guarded(and([() => true])),
  'the guard `or`': guarded(or([() => true])),
  'the guard `not`': guarded(not(() => true)),
  'the guard `stateIn`': guarded(stateIn('a')),
  'a guard by name that is `and`': guarded('both', { both: and([() => true]) }),
  'a guard that is another’s name': guarded('alias', { alias: 'real', real: () => true }),
  'a guard that is not implemented': guarded('missing'),
  'a guard of always that is not implemented': two({ always: { guard: 'missing', target: 'b' } }),
  raise: acting(raise({ type: 'E' })),
  sendTo: acting(sendTo('other', { type: 'E' })),
  sendParent: acting(sendParent({ type: 'E' })),
  emit: acting(emit({ type: 'E' })),
  spawnChild: acting(spawnChild(child)),
  stopChild: acting(stopChild('child')),
  enqueueActions: acting(enqueueActions(() => {})),
  log: acting(log('here')),
  cancel: acting(cancel('later')),
  'a built-in action among others': acting([assign({}), () => {}, log('here')]),
  'a built-in action by name': two({ entry: 'told' }, {}, { actions: { told: log('here') } }),
  'a built-in action at entry': two({ entry: raise({ type: 'E' }) }),
  'a built-in action at exit': two({ exit: raise({ type: 'E' }), on: { E: 'b' } }),
  'a built-in action at the exit of a final state': two({}, { type: 'final', exit: raise({ type: 'E' }) }),
  'a built-in action of an initial transition': two({ initial: { target: 'x', actions: raise({ type: 'E' }) }, states: { x: {} } }),
  'a built-in action of always': two({ always: { target: 'b', actions: emit({ type: 'E' }) } }),
  'a built-in action of the root': chart({ entry: log('here'), initial: 'a', states: { a: {} } }),
  'a nested final state': two({ initial: 'x', states: { x: { type: 'final' } } }),
  'a final root': chart({ type: 'final' }),
  'a final state with output': two({}, { type: 'final', output: 1 }),
  'several targets': chart({
    initial: 'a',
    states: { a: { on: { E: ['p'] } }, p: { on: { E: { target: ['.x', '.y'] } }, ...inner } },
  }),
  maxIterations: chart({ options: { maxIterations: 5 }, initial: 'a', states: { a: {} } }),
  onDone: two({ ...inner, onDone: 'b' }),
  'onDone of the root': chart({ ...inner, onDone: { actions: () => {} } }),
};

describe('left as it came is a chart with', () => {
  test.each(Object.keys(others))('%s', (what) => {
    const machine = others[what] as AnyStateMachine;
    expect(compiled(machine)).toBe(machine);
  });
});

test('what differs from those by nothing but that is compiled', () => {
  for (const machine of [
    two({}),
    acting(assign({})),
    acting(() => {}),
    guarded(() => true),
    chart({ ...inner }),
    two({}, { type: 'final' }),
  ])
    expect(compiled(machine)).not.toBe(machine);
});

test('a compiled chart is still the chart that it was made of', () => {
  const machine = two({ on: { E: 'b' } });
  const tables = compiled(machine);
  expect([tables.id, tables.config, tables.root, tables.states]).toEqual([machine.id, machine.config, machine.root, machine.states]);
  expect(tables).toBeInstanceOf(machine.constructor);
  expect(createActor(tables).getSnapshot().machine).toBe(machine);
});

describe('a chart that spawns fails with an error that says what to do', () => {
  const errorOf = (machine: AnyStateMachine, ...events: string[]): string => {
    const tables = compiled(machine);
    expect(tables).not.toBe(machine);
    const actor = createActor(tables);
    const errors: unknown[] = [];
    actor.subscribe({ error: (error) => errors.push(error) });
    actor.start();
    for (const type of events) actor.send({ type });
    expect(actor.getSnapshot().status).toBe('error');
    return String(errors[0]);
  };
  const spawns = ({ spawn }: { spawn: (logic: unknown) => unknown }) => ({ child: spawn(child) });

  test.each<[string, AnyStateMachine, ...string[]]>([
    ['in its context', chart({ context: spawns, initial: 'a', states: { a: {} } })],
    ['in an assign', acting(assign(spawns as never)), 'E'],
    ['in an assign of one field', acting(assign({ child: ((args: never) => spawns(args)) as never })), 'E'],
    ['at entry', two({ entry: assign(spawns as never) })],
  ])('%s', (_, machine, ...events) => {
    expect(errorOf(machine, ...events)).toContain('interpretCharts');
  });
});
