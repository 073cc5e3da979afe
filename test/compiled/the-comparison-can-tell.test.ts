import { expect, test } from 'vitest';
import { assign, createMachine, type AnyStateMachine } from 'xstate';
import { Comparison, Difference } from './same.ts';
import { compareRuns, newPen, type Step } from './twins.ts';

const pen = newPen();
const note =
  (what: string) =>
  (...seen: unknown[]): void =>
    void pen.log.push([what, ...seen]);

const chart = (a: object, b: object = {}): AnyStateMachine => {
  const states = { a: { on: { E: { target: 'b', actions: ['one', 'two'] } }, ...a }, b };
  const actions = { one: note('one'), two: note('two'), count: assign({ n: ({ context }) => (context as { n: number }).n + 1 }) };
  const config = { id: 'm', initial: 'a', context: { n: 1 }, states };
  return createMachine(config as never, { actions } as never) as unknown as AnyStateMachine;
};
const steps: readonly Step[] = [{ does: 'send', event: () => ({ type: 'E' }) }];
const compare = (other: AnyStateMachine): void =>
  compareRuns({ chart: chart({}), pen, asked: { values: ['a', 'b'], events: [{ type: 'E' }], tags: ['red'] } }, steps, other);

test('two charts that do the same can’t be told apart', () => {
  compare(chart({}));
});

test.each<[string, AnyStateMachine]>([
  ['order of actions', chart({ on: { E: { target: 'b', actions: ['two', 'one'] } } })],
  ['action that is asked for and not there', chart({ exit: 'missing' })],
  ['parameter', chart({ on: { E: { target: 'b', actions: ['one', { type: 'two', params: 1 }] } } })],
  ['context', chart({}, { entry: 'count' })],
  ['copy of the context', chart({}, { entry: assign({}) })],
  ['microstep', chart({}, { always: { guard: () => true, actions: [] } })],
  ['state', chart({ on: { E: { actions: ['one', 'two'] } } })],
  ['transition', chart({}, { on: { E: 'a' } })],
  ['tag', chart({}, { tags: 'red' })],
  ['meta', chart({}, { meta: 1 })],
])('charts that differ by a %s are told apart', (_, other) => {
  expect(() => compare(other)).toThrow(Difference);
});

const check = (one: unknown, other: unknown): void => new Comparison({ inOrder: true }).check(one, other, 'here');

test('what is alike in all but one thing is not the same', () => {
  const snapshot = (context: object): object => ({ _nodes: [], context });
  const shared = {};
  check([snapshot(shared), snapshot(shared)], [snapshot(shared), snapshot(shared)]);
  const pairs: readonly (readonly [unknown, unknown])[] = [
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    [{ a: undefined }, {}],
    [new Error('a'), new Error('b')],
    [new TypeError('a'), new Error('a')],
    [new Set(['a', 'b']), new Set(['b', 'a'])],
    [0, -0],
    [() => 1, () => 2],
    // The same snapshot or context twice, and another one of each.
    [
      [snapshot(shared), snapshot(shared)],
      [snapshot({}), snapshot({})],
    ],
    [Array.from({ length: 2 }).fill(snapshot({})), [snapshot({}), snapshot({})]],
  ];
  for (const [one, other] of pairs) expect(() => check(one, other)).toThrow(Difference);
});
