import { createActor, initialTransition, transition, type AnyEventObject, type AnyStateMachine, type AnyMachineSnapshot } from 'xstate';
import { expect } from 'vitest';
import { statePath } from '../../actors/job-events.ts';
import { Coverage } from './coverage.ts';

/**
 * What a chart does with an event in a state, as one word or a short line.
 *
 * `ignored`: nothing at all. `violation`: it is reported, nothing else. `stays`: the state stays, something else happens.
 * Else the state that it comes to. What it comes to know follows in brackets, what it asks for after a colon:
 * `busy.executing [1 out]: execute, want send`.
 *
 * Where the answer depends on how the state was reached, or on what the event carries, an object tells the cases apart:
 * by both, by the way, by what is carried, or `else`.
 */
export type Cell = string | Readonly<Record<string, string>>;

/** A state's row: what it does with each event. Only a state that can't be at rest (`passes`) has none. */
export type Row<Type extends string> = { readonly [T in Type]: Cell };

type Knowledge = string | readonly [what: string, count: number];

/** A chart's decisions, and how its states are reached: by events from the start, never by teleporting. */
export interface Table<State extends string, Event extends AnyEventObject> {
  readonly chart: AnyStateMachine;
  /** States in which a chart never rests: it enters them and goes on in the same step. */
  readonly passing: readonly string[];
  /** For each state the ways to reach it: an input and events. */
  readonly reached: { readonly [S in State]: Readonly<Record<string, { readonly input: unknown; readonly events: readonly Event[] }>> };
  /** Events of each type, by what they carry. */
  readonly samples: { readonly [T in Event['type']]: Readonly<Record<string, Extract<Event, { type: T }>>> };
  /** What the chart knows, for the brackets: a part is shown where it has changed, a count by how much. */
  readonly knows: (context: never) => readonly Knowledge[];
  readonly rows: { readonly [S in State]: Row<Event['type']> };
}

/** One pair of a table, run. */
export interface Pair {
  readonly state: string;
  readonly event: string;
  readonly case: string;
  readonly expected: string | undefined;
  readonly pure: string;
  readonly real: string;
}

/** The atomic states of a chart, by their paths. */
export function statesOf(chart: AnyStateMachine): string[] {
  const states: string[] = [];
  const visit = (node: typeof chart.root): void => {
    const children = Object.values(node.states) as (typeof chart.root)[];
    if (children.length === 0) states.push(node.path.join('.'));
    for (const child of children) visit(child);
  };
  visit(chart.root);
  return states.sort();
}

/** Runs every pair of a table, with the pure transition function and with an actor; `coverage` sees the actors. */
export function runTable<State extends string, Event extends AnyEventObject>(
  table: Table<State, Event>,
  coverage = new Coverage(),
): Pair[] {
  const pairs: Pair[] = [];
  for (const state of Object.keys(table.reached) as State[]) {
    for (const [way, { input, events }] of Object.entries(table.reached[state])) {
      for (const type of Object.keys(table.samples) as Event['type'][]) {
        for (const [carries, event] of Object.entries<Event>(table.samples[type])) {
          const where = { state, way, type, carries };
          pairs.push({
            state,
            event: type,
            case: [way, carries].filter((part) => part !== '').join(', '),
            expected: expectedIn(table, where),
            pure: purely(table, state, input, events, event),
            real: really(table, input, events, event, coverage),
          });
        }
      }
    }
  }
  return pairs;
}

function expectedIn<State extends string, Event extends AnyEventObject>(
  table: Table<State, Event>,
  { state, way, type, carries }: { state: State; way: string; type: Event['type']; carries: string },
): string | undefined {
  const cell: Cell = table.rows[state][type];
  if (typeof cell === 'string') return cell;
  return cell[`${way}, ${carries}`] ?? cell[way] ?? cell[carries] ?? cell['else'];
}

function purely<State extends string, Event extends AnyEventObject>(
  table: Table<State, Event>,
  state: State,
  input: unknown,
  events: readonly Event[],
  event: Event,
): string {
  let [before] = initialTransition(table.chart, input as never) as unknown as [AnyMachineSnapshot];
  for (const one of events) [before] = transition(table.chart, before, one) as unknown as [AnyMachineSnapshot];
  expect(statePath(before.value), 'the way to a state leads there').toBe(state);
  // An actor that is done takes nothing.
  if (before.status !== 'active') return 'ignored';
  const [after, actions] = transition(table.chart, before, event) as unknown as [AnyMachineSnapshot, { type: string; params: unknown }[]];
  return cellOf(table, before, after, actions);
}

function really<State extends string, Event extends AnyEventObject>(
  table: Table<State, Event>,
  input: unknown,
  events: readonly Event[],
  event: Event,
  coverage: Coverage,
): string {
  const done: { type: string; params: unknown }[] = [];
  const actor = createActor(table.chart, {
    input: input as never,
    inspect: (seen) => {
      coverage.see(seen);
      if (seen.type === '@xstate.action') done.push(seen.action);
    },
  });
  actor.start();
  for (const one of events) actor.send(one);
  const before = actor.getSnapshot() as AnyMachineSnapshot;
  done.length = 0;
  // A final state's actor takes nothing; the development build would warn about that.
  if (before.status === 'active') actor.send(event);
  return cellOf(table, before, actor.getSnapshot() as AnyMachineSnapshot, done);
}

function cellOf<State extends string, Event extends AnyEventObject>(
  table: Table<State, Event>,
  before: AnyMachineSnapshot,
  after: AnyMachineSnapshot,
  actions: readonly { readonly type: string; readonly params: unknown }[],
): string {
  const asked = actions.filter(({ type }) => !type.startsWith('xstate.') || type === 'xstate.sendTo' || type === 'xstate.emit').map(wordOf);
  const learnt = newKnowledge(table.knows(before.context as never), table.knows(after.context as never));
  const isSame = statePath(before.value) === statePath(after.value);
  if (isSame && learnt.length === 0 && before.context === after.context) {
    if (asked.length === 0) return 'ignored';
    if (asked.length === 1 && asked[0] === 'report') return 'violation';
  }
  const state = isSame ? 'stays' : statePath(after.value);
  const knows = learnt.length === 0 ? '' : ` [${learnt.join(', ')}]`;
  return `${state}${knows}${asked.length === 0 ? '' : `: ${asked.join(', ')}`}`;
}

function newKnowledge(before: readonly Knowledge[], after: readonly Knowledge[]): string[] {
  const counts = new Map(before.filter((part) => typeof part !== 'string'));
  return after.flatMap((part) => {
    if (typeof part === 'string') return before.includes(part) ? [] : [part];
    const by = part[1] - (counts.get(part[0]) ?? 0);
    return by === 0 ? [] : [`${part[0]} ${by > 0 ? '+' : '-'}${Math.abs(by)}`];
  });
}

/** An action with what matters of its parameters. */
function wordOf({ type, params }: { readonly type: string; readonly params: unknown }): string {
  const { grant, code, event, busyInARow } = (params ?? {}) as {
    grant?: string;
    code?: string;
    event?: { type?: string };
    busyInARow?: number;
  };
  if (type === 'report') return 'report';
  const name = type.replace(/^xstate\./, '');
  const detail = grant ?? code ?? event?.type ?? busyInARow;
  return detail === undefined ? name : `${name} ${String(detail)}`;
}
