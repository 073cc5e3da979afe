import { assign, type AnyEventObject } from 'xstate';
import { whole } from '../../machines/whole.ts';
import type { Pen } from './twins.ts';

/** How a chart's context or output is declared: as a function, a value, or not at all. */
export type Given = 'made' | 'given' | 'none';

interface Context {
  readonly n?: number;
  readonly trail?: string;
}
interface Args {
  readonly context: Context;
  readonly event: AnyEventObject;
  readonly self?: { send(event: AnyEventObject): void };
}

/** Implementations that write down how they are called. Now and then one of them throws. */
export function implementationsOf(pen: Pen) {
  const burn = (what: string, ...seen: unknown[]): void => {
    pen.log.push([what, ...seen]);
    if (pen.fuel-- <= 0) throw new Error('out of fuel');
  };
  const n = ({ context }: Args): number => context.n ?? 0;
  /** Seldom, or few charts would run for long. */
  const isTime = (args: Args, at: number): boolean => n(args) === at && (args.event.type === 'D' || args.event.type.startsWith('xstate.'));
  const next = (args: Args): number => (n(args) + 1) % 7;
  const guards = {
    isEven: (args: Args, params: unknown) => (burn('isEven', args, params), n(args) % 2 === 0),
    isBelow: (args: Args, params: { than: number } | undefined) => (burn('isBelow', args, params), n(args) < (params?.than ?? 3)),
    isFirst(this: unknown, args: Args) {
      burn('isFirst', this, args);
      return args.event.type === 'A' || args.event.type === 'xstate.init';
    },
    isTruthy: (args: Args) => (burn('isTruthy', args), n(args) as unknown as boolean),
    breaksAt6: (args: Args) => {
      burn('breaksAt6', args);
      if (isTime(args, 6)) throw new TypeError('six');
      return true;
    },
  };
  const actions = {
    // What `this` is to an action is XState's own record of it, and nobody's business.
    note: (args: Args, params: unknown) => burn('note', args, params),
    poke: (args: Args, params: unknown) => {
      burn('poke', args, params);
      if (pen.pokes-- > 0) args.self?.send({ type: 'B', from: 'inside' });
    },
    breaksAt5: (args: Args) => {
      burn('breaksAt5', args);
      if (isTime(args, 5)) throw new RangeError('five');
    },
    count: assign({ n: (args: Args, params: unknown) => (burn('count', args, params), next(args)) }),
    sign: assign(
      (args: Args, params: unknown) => (burn('sign', args, params), { trail: `${args.context.trail ?? ''}${args.event.type}`.slice(-9) }),
    ),
    fix: assign({ trail: 'fixed', n: (args: Args) => (burn('fix', args), next(args)) }),
    replace: assign(whole((args: Args, params: unknown) => (burn('replace', args, params), { ...args.context, n: next(args) }))),
    keep: assign(() => (burn('keep'), {})),
    breakAt4: assign((args: Args) => {
      burn('breakAt4', args);
      if (isTime(args, 4)) throw new Error('four');
      return { n: next(args) };
    }),
  };
  return { burn, n, isTime, next, guards, actions };
}

export type Implementations = ReturnType<typeof implementationsOf>;

/** The ways to write an action. `unknown` has no implementation. */
export function actionForms({ burn, n, isTime, next, actions }: Implementations): readonly unknown[] {
  return [
    'note',
    'count',
    'sign',
    'fix',
    'replace',
    'keep',
    'poke',
    'unknown',
    'breaksAt5',
    'breakAt4',
    { type: 'note' },
    { type: 'note', params: { fixed: 1 } },
    { type: 'note', params: undefined },
    { type: 'note', params: (args: Args) => (burn('params of note', args), { n: n(args), of: args.event.type }) },
    { type: 'count', params: { by: 1 } },
    { type: 'sign', params: (args: Args) => (burn('params of sign', args), { n: n(args) }) },
    { type: 'replace', params: ({ event }: Args) => event },
    { type: 'unknown', params: (args: Args) => ({ n: n(args) }) },
    {
      type: 'note',
      params: (args: Args) => {
        if (isTime(args, 3)) throw new Error('params at three');
        return args.context;
      },
    },
    (args: Args) => burn('anonymous', args),
    function named(args: Args, params: unknown) {
      burn('named', args, params);
    },
    assign({ n: next }),
    assign((args: Args) => (burn('inline assign', args), { n: next(args) })),
    actions.replace,
  ];
}

export function guardForms({ burn, n, isTime, guards }: Implementations): readonly unknown[] {
  return [
    ...Object.keys(guards),
    'isEven',
    { type: 'isBelow' },
    { type: 'isBelow', params: { than: 5 } },
    { type: 'isBelow', params: (args: Args) => (burn('params of isBelow', args), { than: n(args) + (args.event.type === 'A' ? 1 : 0) }) },
    {
      type: 'isBelow',
      params: (args: Args) => {
        if (isTime(args, 2)) throw new Error('params at two');
        return { than: 9 };
      },
    },
    { type: 'breaksAt6' },
    (args: Args) => (burn('inline guard', args), n(args) % 3 !== 0),
    (args: Args) => {
      burn('breaking inline guard', args);
      if (isTime(args, 1)) throw new Error('one');
      return args.event.type !== 'B';
    },
    guards.isTruthy,
  ];
}

export function contextOf(context: Given, { burn }: Implementations): object {
  if (context === 'none') return {};
  if (context === 'given') return { context: Object.freeze({ n: 1 }) };
  return { context: (args: object) => (burn('context', args), { trail: '', n: 0, symbol: undefined }) };
}

export function outputOf(output: Given | 'throws', { burn }: Implementations): object {
  if (output === 'none') return {};
  if (output === 'given') return { output: Object.freeze({ fixed: true }) };
  return {
    output: (args: Args) => {
      burn('output', args);
      if (output === 'throws') throw new Error('output');
      return { of: args.context };
    },
  };
}
