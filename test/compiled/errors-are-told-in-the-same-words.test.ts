import { describe, expect, test } from 'vitest';
import { assign, createActor, createMachine, type AnyStateMachine } from 'xstate';
import { compiled } from '../../actors/compiled.ts';
import { compareRuns, newPen, type Step } from './twins.ts';

const fails = (why: unknown) => () => {
  throw why;
};
const oops = new RangeError('oops');
const chart = (config: object, implementations: object = {}): AnyStateMachine =>
  createMachine({ id: 'm', initial: 'a', context: { n: 1 }, ...config } as never, implementations as never) as unknown as AnyStateMachine;
const on = (transition: object, more: object = {}): AnyStateMachine =>
  chart({ on: { E: {} }, states: { a: { initial: 'x', states: { x: { on: { E: transition } } } }, b: {}, ...more } });

/** What fails, and in which words the actor's error says so. */
const failing: Readonly<Record<string, readonly [chart: AnyStateMachine, message: string]>> = {
  'an inline guard': [
    on({ guard: fails(oops), target: '#m.b' }),
    "Error: Unable to evaluate guard in transition for event 'E' in state node 'm.a.x':\noops",
  ],
  'a guard by name': [
    chart({ states: { a: { on: { E: { guard: 'g' } } } } }, { guards: { g: fails(oops) } }),
    "Error: Unable to evaluate guard 'g' in transition for event 'E' in state node 'm.a':\noops",
  ],
  'a guard of an outer state': [
    chart({ on: { E: { guard: { type: 'g' } } }, states: { a: { on: { E: [] } } } }, { guards: { g: fails(oops) } }),
    "Error: Unable to evaluate guard 'g' in transition for event 'E' in state node 'm':\noops",
  ],
  'a guard that throws no error': [
    on({ guard: fails('text') }),
    "Error: Unable to evaluate guard in transition for event 'E' in state node 'm.a.x':\nundefined",
  ],
  'a guard that throws nothing': [on({ guard: fails(undefined) }), "TypeError: Cannot read properties of undefined (reading 'message')"],
  'the parameters of a guard': [
    chart({ states: { a: { on: { E: { guard: { type: 'g', params: fails(oops) } } } } } }, { guards: { g: () => true } }),
    "Error: Unable to evaluate guard 'g' in transition for event 'E' in state node 'm.a':\noops",
  ],
  'a guard of always': [on({ target: '#m.b' }, { b: { always: { guard: fails(oops), target: 'a' } } }), 'RangeError: oops'],
  'a guard of always at the start': [chart({ states: { a: { always: { guard: fails(oops) } } } }), 'RangeError: oops'],
  'an action': [on({ actions: [assign({ n: 2 }), fails(oops)] }), 'RangeError: oops'],
  'the parameters of an action': [on({ actions: { type: 'unknown', params: fails(oops) } }), 'RangeError: oops'],
  'an action at the start': [chart({ entry: fails(oops), states: { a: {} } }), 'RangeError: oops'],
  'an action at exit': [chart({ states: { a: { exit: fails(oops), on: { E: 'b' } }, b: {} } }), 'RangeError: oops'],
  'an assign': [on({ actions: assign(fails(oops)) }), 'RangeError: oops'],
  'an assign of a field': [on({ actions: assign({ n: fails(oops) } as never) }), 'RangeError: oops'],
  'an assign at the start': [
    chart({ entry: [assign({ n: 2 }), assign(fails(oops))], tags: 'red', states: { a: { tags: 'blue' } } }),
    'RangeError: oops',
  ],
  'the context': [chart({ context: fails(oops), tags: 'red', states: { a: { tags: 'blue' } } }), 'RangeError: oops'],
  'the output': [chart({ output: fails(oops), states: { a: { on: { E: 'b' } }, b: { type: 'final' } } }), 'RangeError: oops'],
  'the output at the start': [chart({ output: fails(oops), states: { a: { type: 'final' } } }), 'RangeError: oops'],
};

const send: Step = { does: 'send', event: () => ({ type: 'E' }) };
const steps: readonly Step[] = [
  send,
  { does: 'restore', asJson: false },
  send,
  send,
  { does: 'stop' },
  { does: 'restore', asJson: true },
  send,
];

describe('what an actor tells of the failure is what the interpreter tells, if what fails is', () => {
  test.each(Object.keys(failing))('%s', (what) => {
    const [machine, message] = failing[what] as (typeof failing)[string];
    const errors: unknown[] = [];
    const actor = createActor(compiled(machine));
    actor.subscribe({ error: (error) => errors.push(error) });
    actor.start().send({ type: 'E' });
    expect(errors.map(String)).toEqual([message]);
    compareRuns({ chart: machine, pen: newPen(), asked: { values: ['a', 'b'], events: [{ type: 'E' }], tags: ['red', 'blue'] } }, steps);
  });
});
