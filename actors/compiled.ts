import type { AnyEventObject, AnyStateMachine } from 'xstate';
import type { Definition, StateNode } from './chart-edges.ts';
import { chartKey, isJournalling, noteStep } from './journal.ts';
import {
  chartOf,
  unsupported,
  type Action,
  type Assignment,
  type Chart,
  type Context,
  type Guard,
  type Leaf,
  type MakeParams,
  type Nodes,
  type Scope,
  type Snapshot,
  type Step,
} from './chart-tables.ts';

/**
 * A machine on tables: the same declared chart, run without XState's interpreter, which is most of a short job's cost.
 *
 * The interpreter works out at each event which states are left and entered and which actions that runs. In a chart without
 * parallel states it depends on the state and the transition alone, so it is worked out once, here. Whatever can be observed
 * stays as it is: snapshots, actions and their order, inspection events. An event that the tables don't hold (one that
 * no state lists, XState's own) goes to the interpreter; a chart that they can't hold is returned as it came: one with parallel,
 * history or nested final states, invokes, delays, wildcards, guards made of guards, or built-in actions other than `assign`.
 */
export function compiled<Machine extends AnyStateMachine>(machine: Machine): Machine {
  let chart: Chart;
  try {
    chart = chartOf(machine);
  } catch (error) {
    if (error === unsupported) return machine;
    throw error;
  }
  return Object.create(machine, {
    [chartKey]: { value: chart },
    getInitialSnapshot: { value: (scope: Scope, input: unknown) => initial(chart, scope, input) },
    transition: { value: (snapshot: Snapshot, event: AnyEventObject, scope: Scope) => transition(chart, snapshot, event, scope) },
  }) as Machine;
}

const nothing = Object.freeze({});
const noDefinitions: readonly Definition[] = Object.freeze([]);

function initial(chart: Chart, scope: Scope, input: unknown): Snapshot {
  const { machine, first } = chart;
  const event = { type: 'xstate.init', input };
  const given = (machine.config as { context?: unknown }).context;
  let context = (typeof given === 'function' ? {} : (given ?? {})) as Context;
  try {
    if (typeof given === 'function') context = { ...(given({ spawn: noSpawn, input, self: scope.self }) as Context) };
    const macrostep = new Macrostep(chart, scope, event, first, context, undefined);
    if (isJournalling()) noteStep(scope.self, chart, context, 0);
    macrostep.act(chart.firstActions);
    macrostep.enter(first);
    macrostep.settle();
    return macrostep.snapshot;
  } catch (error) {
    const failed = snapshotOf(chart, first, [machine.root], 'error', undefined, context, undefined);
    return { ...failed, error, tags: new Set(machine.root.tags) } as Snapshot;
  }
}

/** What the event leads to, then the transitions without event. */
function transition(chart: Chart, snapshot: Snapshot, event: AnyEventObject, scope: Scope): Snapshot {
  const leaf = snapshot._nodes.leaf ?? chart.leaves.get(snapshot._nodes.at(-1) as StateNode);
  const steps = leaf?.on.get(event.type);
  if (leaf === undefined || steps === undefined || snapshot.status !== 'active')
    return chart.machine.transition(snapshot, event, scope) as Snapshot;
  const macrostep = new Macrostep(chart, scope, event, leaf, snapshot.context, snapshot);
  const step = macrostep.choose(steps);
  if (step !== undefined) macrostep.take(step);
  macrostep.show(step);
  macrostep.settle();
  return macrostep.snapshot;
}

/** What guards and functions that make parameters get. One object for all that see the same context. */
interface Seen {
  readonly context: Context;
  readonly event: AnyEventObject;
}

/** All microsteps that one event leads to. */
class Macrostep {
  readonly #chart: Chart;
  readonly #scope: Scope;
  readonly #event: AnyEventObject;
  readonly #before: Snapshot | undefined;
  #leaf: Leaf;
  #context: Context;
  #output: unknown = undefined;
  /** As it is now, once somebody wants to see it. */
  #snapshot: Snapshot | undefined;
  #seen: Seen | undefined = undefined;
  /** Whether an inspector has looked at it. */
  isSeen = false;

  constructor(chart: Chart, scope: Scope, event: AnyEventObject, leaf: Leaf, context: Context, before: Snapshot | undefined) {
    this.#chart = chart;
    this.#scope = scope;
    this.#event = event;
    this.#before = before;
    this.#leaf = leaf;
    this.#context = context;
    this.#snapshot = before;
  }

  get snapshot(): Snapshot {
    if (this.#snapshot !== undefined) return this.#snapshot;
    const leaf = this.#leaf;
    const { last } = leaf;
    const nodes = last === undefined ? leaf.nodes : last.nodes;
    const status = last === undefined ? 'active' : 'done';
    return (this.#snapshot = snapshotOf(this.#chart, leaf, nodes, status, this.#output, this.#context, this.#before));
  }

  /** The first whose guard passes; one that throws does it in the interpreter's words. */
  choose(steps: readonly Step[]): Step | undefined {
    let tried: Step | undefined;
    try {
      for (const step of steps) {
        tried = step;
        if (step.guard === undefined || this.#passes(step.guard)) return step;
      }
      return undefined;
    } catch (error) {
      throw unevaluated(tried as Step, this.#event, (error as Error).message);
    }
  }

  /** Takes transitions without event until none is enabled, or one has changed nothing. */
  settle(): void {
    while (this.#leaf.last === undefined && this.#leaf.always.length > 0) {
      const step = this.#eventless();
      if (step === undefined) return;
      const hasChanged = this.take(step);
      this.show(step);
      if (!hasChanged) return;
    }
  }

  /** Returns whether anything is different afterwards. */
  take(step: Step): boolean {
    if (isJournalling()) noteStep(this.#scope.self, this.#chart, this.#context, step.edge);
    this.act(step.actions);
    if (!step.assigns && step.target === this.#leaf) return false;
    this.enter(step.target);
    return true;
  }

  /** The entry actions have been run. In the final state the exit actions of all that is active follow. */
  enter(leaf: Leaf): void {
    this.#leaf = leaf;
    this.#snapshot = undefined;
    if (leaf.last === undefined) return;
    const { output } = this.#chart.machine.root;
    const event = { type: `xstate.done.state.${leaf.last.id}`, output: undefined };
    this.#output = typeof output === 'function' ? output({ context: this.#context, event, self: this.#scope.self }) : output;
    this.act(leaf.last.actions);
  }

  act(actions: readonly Action[]): void {
    const { self, system } = this.#scope;
    const event = this.#event;
    for (const action of actions) {
      const params = action.makesParams ? (action.params as MakeParams)(this.#see()) : action.params;
      const context = this.#context;
      if (action.assignment === undefined) this.#do(action, { context, event, self, system }, params);
      else {
        this.#context = assigned(action.assignment, { context, event, spawn: noSpawn, self, system }, params);
        this.#seen = undefined;
      }
    }
  }

  /** What XState's executor does for an actor that runs, without the closures that it makes for one that does not. */
  #do({ type, exec }: Action, info: object, params: unknown): void {
    if (!isRunning(this.#scope)) return this.#scope.actionExecutor({ type, info, params, exec } as never);
    shownAction.actorRef = this.#scope.self;
    shownAction.of = type;
    shownAction.params = params;
    inspectorsOf(this.#scope)._sendInspectionEvent?.(shownAction.event);
    shownAction.actorRef = shownAction.params = undefined;
    exec?.(info, params);
  }

  /** Tells inspectors of a microstep, as the interpreter does. */
  show(step: Step | undefined): void {
    shown.actorRef = this.#scope.self;
    shown.event = this.#event;
    shown._transitions = step === undefined ? noDefinitions : step.definitions;
    showing = this;
    inspectorsOf(this.#scope)._sendInspectionEvent?.(shown);
    showing = undefined;
    shown.actorRef = shown.event = undefined;
    // Told last: an inspector may have had charts of other systems take transitions.
    wasSeen = this.isSeen;
  }

  #eventless(): Step | undefined {
    for (const step of this.#leaf.always) if (step.guard === undefined || this.#passes(step.guard)) return step;
    return undefined;
  }

  #passes({ check, params, makesParams }: Guard): boolean {
    const seen = this.#see();
    return check(seen, makesParams ? (params as MakeParams)(seen) : params);
  }

  #see(): Seen {
    return (this.#seen ??= { context: this.#context, event: this.#event });
  }
}

/** The macrostep that is shown, while it is; and whether an inspector looked at the last one. */
let showing: Macrostep | undefined;
let wasSeen = false;

/** Whether the system of the chart that has just taken a transition on tables has inspectors. */
export function isWatched(): boolean {
  return wasSeen;
}

/**
 * XState copies an inspection event for its inspectors, if it has any: so one object will do, and a snapshot on the way is made
 * only for them.
 */
const shown = {
  type: '@xstate.microstep',
  actorRef: undefined as Scope['self'] | undefined,
  event: undefined as AnyEventObject | undefined,
  get snapshot(): Snapshot | undefined {
    if (showing === undefined) return undefined;
    showing.isSeen = true;
    return showing.snapshot;
  },
  _transitions: noDefinitions,
};

/** The same for actions. */
const shownAction = {
  actorRef: undefined as Scope['self'] | undefined,
  of: '',
  params: undefined as unknown,
  event: {
    type: '@xstate.action',
    get actorRef(): Scope['self'] | undefined {
      return shownAction.actorRef;
    },
    get action(): object {
      return { type: shownAction.of, params: shownAction.params };
    },
  },
};

function inspectorsOf({ system }: Scope): { _sendInspectionEvent?(event: object): void } {
  return system as never;
}

/** Whether that scope is of an actor that has been started: in others, actions wait, or are only listed. */
function isRunning(scope: Scope): boolean {
  const { _actorScope: own, _processingStatus: status } = scope.self as { _actorScope?: unknown; _processingStatus?: number };
  return own === scope && status === 1;
}

function unevaluated({ guard, source }: Step, event: AnyEventObject, why: string): Error {
  const name = guard?.name === undefined ? '' : `'${guard.name}' `;
  return new Error(`Unable to evaluate guard ${name}in transition for event '${event.type}' in state node '${source.id}':\n${why}`);
}

function assigned(
  assignment: Assignment,
  args: Seen & { readonly spawn: () => never; self: unknown; system: unknown },
  params: unknown,
): Context {
  const { context } = args;
  if (typeof assignment === 'function') {
    const given = assignment(args, params);
    // A new context all the same, as the interpreter has it, where nothing was to be changed.
    return assignment.isWhole === true && given !== context ? given : Object.assign({}, context, given);
  }
  const next: Context = { ...context };
  for (const key of Object.keys(assignment)) {
    const value = assignment[key];
    next[key] = typeof value === 'function' ? (value as (args: object, params: unknown) => unknown)(args, params) : value;
  }
  return next;
}

/** An actor spawned in the middle of an assignment would have to be stopped by tables that hold no children. */
function noSpawn(): never {
  throw new Error(
    'A chart that spawns actors in an assignment or in its context can not be compiled: give its manager `interpretCharts: true`',
  );
}

function snapshotOf(
  { machine, methods }: Chart,
  { value, tags }: Leaf,
  nodes: Nodes,
  status: Snapshot['status'],
  output: unknown,
  context: Context,
  before: Snapshot | undefined,
): Snapshot {
  return {
    status,
    output,
    error: undefined,
    machine,
    context,
    _nodes: nodes,
    value,
    tags,
    children: before === undefined ? nothing : before.children,
    historyValue: before === undefined ? nothing : before.historyValue,
    matches: methods.matches,
    hasTag: methods.hasTag,
    can: methods.can,
    getMeta: methods.getMeta,
    toJSON: methods.toJSON,
  } as Snapshot;
}
