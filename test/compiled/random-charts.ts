import fc from 'fast-check';
import { createMachine, type AnyStateMachine } from 'xstate';
import { actionForms, contextOf, guardForms, implementationsOf, outputOf, type Given, type Implementations } from './random-parts.ts';
import type { Pen } from './twins.ts';

/** A state of a random chart; numbers are picks among what there is. */
export interface StateSpec {
  readonly states: readonly StateSpec[];
  readonly isFinal: boolean;
  readonly hasId: boolean;
  readonly initial: { readonly pick: number; readonly actions: readonly number[] };
  readonly entry: readonly number[];
  readonly exit: readonly number[];
  readonly always: readonly TransitionSpec[];
  readonly on: readonly { readonly event: number; readonly transitions: readonly TransitionSpec[] }[];
  readonly tags: readonly string[];
  readonly hasMeta: boolean;
}

interface TransitionSpec {
  readonly form: 'whole' | 'only its target' | 'forbidden';
  /** Where to, and in which words; none: it stays. */
  readonly target: number | undefined;
  readonly words: number;
  readonly reenter: boolean | undefined;
  readonly guard: number | undefined;
  readonly actions: readonly number[];
}

export interface ChartSpec {
  readonly root: StateSpec;
  readonly context: Given;
  readonly output: Given | 'throws';
}

export const eventTypes = ['A', 'B', 'C', 'D'] as const;
export const tags = ['red', 'green', 'blue'] as const;

const picks = (maxLength: number): fc.Arbitrary<number[]> => fc.array(fc.nat(9999), { maxLength, size: 'max' });
const often = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined, freq: 4 });
const seldom = <T>(arbitrary: fc.Arbitrary<T>, nil: T): fc.Arbitrary<T> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(nil) }, { weight: 1, arbitrary });

const transition: fc.Arbitrary<TransitionSpec> = fc.record({
  form: fc.oneof(
    { weight: 12, arbitrary: fc.constant('whole' as const) },
    { weight: 2, arbitrary: fc.constant('only its target' as const) },
    { weight: 1, arbitrary: fc.constant('forbidden' as const) },
  ),
  target: often(fc.nat(9999)),
  words: fc.nat(3),
  reenter: fc.constantFrom(undefined, false, true, true),
  guard: fc.option(fc.nat(9999), { nil: undefined, freq: 3 }),
  actions: picks(2),
});

function state(depth: number): fc.Arbitrary<StateSpec> {
  const inner: fc.Arbitrary<StateSpec[]> =
    depth === 0 ? fc.constant([]) : fc.array(state(depth - 1), { minLength: depth === 3 ? 2 : 0, maxLength: 3, size: 'max' });
  return fc.record({
    states: inner,
    isFinal: seldom(fc.boolean(), false),
    hasId: seldom(fc.boolean(), false),
    initial: fc.record({ pick: fc.nat(9999), actions: picks(1) }),
    entry: picks(2),
    exit: picks(2),
    always: seldom(fc.array(transition, { maxLength: 2 }), []),
    on: fc.array(fc.record({ event: fc.nat(eventTypes.length - 1), transitions: fc.array(transition, { maxLength: 3 }) }), {
      maxLength: 3,
    }),
    tags: fc.subarray([...tags]),
    hasMeta: fc.boolean(),
  });
}

export const charts: fc.Arbitrary<ChartSpec> = fc.record({
  root: state(3),
  context: fc.constantFrom('made', 'given', 'none'),
  output: fc.constantFrom('made', 'made', 'given', 'none', 'throws'),
});

/** A state of the chart that is built, in document order. */
interface Place {
  readonly spec: StateSpec;
  readonly keys: readonly string[];
  readonly id: string;
  readonly order: number;
  readonly last: number;
}

/** The chart that a specification says, and all values that its snapshots can be asked for. */
export function chartFrom(spec: ChartSpec, pen: Pen): { chart: AnyStateMachine; values: unknown[] } {
  const implementations = implementationsOf(pen);
  const builder = new Builder(spec, implementations);
  const config = {
    ...builder.configOf(builder.root),
    ...contextOf(spec.context, implementations),
    ...outputOf(spec.output, implementations),
  };
  const { guards, actions } = implementations;
  const chart = createMachine(config as never, { guards, actions } as never) as unknown as AnyStateMachine;
  return { chart, values: builder.values };
}

class Builder {
  readonly root: Place;
  readonly #places: Place[] = [];
  readonly #actions: readonly unknown[];
  readonly #guards: readonly unknown[];

  constructor(spec: ChartSpec, implementations: Implementations) {
    this.#actions = actionForms(implementations);
    this.#guards = guardForms(implementations);
    this.root = this.#placed(spec.root, []);
  }

  get values(): unknown[] {
    const nested = (keys: readonly string[]): unknown => {
      const [key, ...rest] = keys;
      return rest.length === 0 ? key : { [key as string]: nested(rest) };
    };
    return this.#places.slice(1).flatMap(({ keys }) => [nested(keys), keys.join('.')]);
  }

  configOf(place: Place): object {
    const { spec, keys } = place;
    const { entry, exit } = spec;
    const children = this.#places.filter((one) => one.keys.length === keys.length + 1 && this.#isWithin(one, place));
    const initial = children[spec.initial.pick % Math.max(1, children.length)];
    const isFinal = this.#isFinal(place);
    return {
      ...(keys.length === 0 || spec.hasId ? { id: place.id } : undefined),
      ...(isFinal ? { type: 'final' } : undefined),
      ...(initial === undefined ? undefined : { initial: this.#initialOf(spec, initial.keys.at(-1) as string) }),
      ...(children.length === 0 ? undefined : { states: Object.fromEntries(children.map((one) => [one.keys.at(-1), this.configOf(one)])) }),
      ...(entry.length === 0 ? undefined : { entry: this.#written(entry) }),
      ...(exit.length === 0 ? undefined : { exit: this.#written(exit) }),
      ...(spec.always.length === 0 || isFinal ? undefined : { always: spec.always.map((one) => this.#always(place, one)) }),
      on: Object.fromEntries(spec.on.map(({ event, transitions }) => [eventTypes[event], this.#transitions(place, transitions)])),
      tags: spec.tags,
      ...(spec.hasMeta ? { meta: { of: place.id } } : undefined),
    };
  }

  #placed(spec: StateSpec, keys: readonly string[]): Place {
    const order = this.#places.length;
    const id = keys.length === 0 ? 'm' : spec.hasId ? `own${order}` : `m.${keys.join('.')}`;
    const place = { spec, keys, id, order, last: order };
    this.#places.push(place);
    if (!this.#isFinal(place)) for (const [i, one] of spec.states.entries()) this.#placed(one, [...keys, `${'xyz'[keys.length]}${i}`]);
    place.last = this.#places.length - 1;
    return place;
  }

  /** Final states are the root's children; a chart needs one that isn't to start in, mostly. */
  #isFinal({ spec, keys }: Place): boolean {
    return spec.isFinal && keys.length === 1;
  }

  #isWithin(one: Place, outer: Place): boolean {
    return one.order > outer.order && one.order <= outer.last;
  }

  #initialOf(spec: StateSpec, key: string): unknown {
    const { actions } = spec.initial;
    return actions.length === 0 ? key : { target: key, actions: this.#written(actions) };
  }

  #written(actions: readonly number[]): unknown {
    const written = actions.map((pick) => this.#actions[pick % this.#actions.length]);
    return written.length === 1 ? written[0] : written;
  }

  #transitions(from: Place, all: readonly TransitionSpec[]): unknown {
    const written = all.map((one) => {
      if (one.form === 'forbidden') return undefined;
      const target = this.#target(from, one);
      if (one.form === 'only its target') return target;
      return this.#transition(one, target);
    });
    return written.length === 1 ? written[0] : written;
  }

  #transition({ reenter, guard, actions }: TransitionSpec, target: unknown): object {
    return {
      ...(target === undefined ? undefined : { target }),
      ...(reenter === undefined ? undefined : { reenter }),
      ...(guard === undefined ? undefined : { guard: this.#guards[guard % this.#guards.length] }),
      ...(actions.length === 0 ? undefined : { actions: this.#written(actions) }),
    };
  }

  /** A loop of these has to burn fuel: one without guard leads onwards in the document. */
  #always(from: Place, spec: TransitionSpec): object {
    const to = spec.target === undefined ? undefined : this.#places[spec.target % this.#places.length];
    const isOnward = to !== undefined && to.order > from.last;
    return this.#transition({ ...spec, guard: spec.guard ?? (isOnward ? undefined : 0) }, this.#target(from, spec));
  }

  #target(from: Place, { target, words }: TransitionSpec): string | readonly string[] | undefined {
    if (target === undefined) return undefined;
    const to = this.#places[target % this.#places.length] as Place;
    const parent = from.keys.slice(0, -1);
    const isBeside = from.keys.length > 0 && to.keys.length > parent.length && parent.every((key, i) => to.keys[i] === key);
    if (words === 1 && this.#isWithin(to, from)) return `.${to.keys.slice(from.keys.length).join('.')}`;
    if (words === 2 && isBeside) return to.keys.slice(parent.length).join('.');
    return words === 3 ? [`#${to.id}`] : `#${to.id}`;
  }
}
