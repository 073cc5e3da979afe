import type { AnyEventObject, AnyMachineSnapshot, AnyStateMachine } from 'xstate';

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
    getInitialSnapshot: { value: (scope: Scope, input: unknown) => initial(chart, scope, input) },
    transition: { value: (snapshot: Snapshot, event: AnyEventObject, scope: Scope) => transition(chart, snapshot, event, scope) },
  }) as Machine;
}

type StateNode = AnyStateMachine['root'];
type Definition = NonNullable<StateNode['always']>[number];
type Scope = Parameters<AnyStateMachine['transition']>[2];
type Context = Record<string, unknown>;
type MakeParams = (args: { context: Context; event: AnyEventObject }) => unknown;
/** The active states, outermost first. Ours know their leaf. */
type Nodes = readonly StateNode[] & { readonly leaf?: Leaf };
type Snapshot = AnyMachineSnapshot & { readonly _nodes: Nodes };

/** Parameters of an action or a guard: as they are, or made of the context and the event. */
interface Params {
  readonly params: unknown;
  readonly makesParams: boolean;
}

interface Guard extends Params {
  readonly name: string | undefined;
  readonly check: (args: object, params: unknown) => boolean;
}

interface Action extends Params {
  readonly type: string;
  /** What it assigns; undefined for any other action. */
  readonly assignment: Assignment | undefined;
  /** What any other action does; undefined if it is not implemented, and only shown to inspectors. */
  readonly exec: ((args: object, params: unknown) => void) | undefined;
}

type Assignment = (((args: object, params: unknown) => Context) & { readonly isWhole?: boolean }) | Readonly<Record<string, unknown>>;

/** A transition, as it is taken from one leaf. */
interface Step {
  /** What inspection events show of it. */
  readonly definitions: readonly Definition[];
  readonly source: StateNode;
  readonly guard: Guard | undefined;
  /** Of the states that are left, of the transition, of the states that are entered. */
  readonly actions: readonly Action[];
  readonly assigns: boolean;
  readonly target: Leaf;
}

/** A state without states in it, and what holds while it is active. */
interface Leaf {
  readonly nodes: Nodes;
  readonly value: unknown;
  readonly tags: Set<string>;
  readonly on: Map<string, readonly Step[]>;
  readonly always: Step[];
  /** Of the final state: the exit actions of all that is active, and the nodes in the order in which XState leaves them. */
  readonly last: LastEntered | undefined;
}

interface LastEntered {
  readonly id: string;
  readonly actions: readonly Action[];
  readonly nodes: Nodes;
}

interface Chart {
  readonly machine: AnyStateMachine;
  /** By their innermost state. */
  readonly leaves: ReadonlyMap<StateNode, Leaf>;
  readonly first: Leaf;
  readonly firstActions: readonly Action[];
  /** The functions that each snapshot of XState's has. */
  readonly methods: Pick<AnyMachineSnapshot, 'matches' | 'hasTag' | 'can' | 'getMeta' | 'toJSON'>;
}

// ---- Run

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
    inspectorsOf(this.#scope)._sendInspectionEvent(shownAction.event);
    shownAction.actorRef = shownAction.params = undefined;
    exec?.(info, params);
  }

  /** Tells inspectors of a microstep, as the interpreter does. */
  show(step: Step | undefined): void {
    shown.actorRef = this.#scope.self;
    shown.event = this.#event;
    shown._transitions = step === undefined ? noDefinitions : step.definitions;
    showing = this;
    wasSeen = false;
    inspectorsOf(this.#scope)._sendInspectionEvent(shown);
    showing = undefined;
    shown.actorRef = shown.event = undefined;
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
    wasSeen = true;
    return showing?.snapshot;
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

function inspectorsOf({ system }: Scope): { _sendInspectionEvent(event: object): void } {
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

// ---- Compile

const unsupported = Symbol('unsupported');

function chartOf(machine: AnyStateMachine): Chart {
  if (Number.isFinite(machine.options.maxIterations)) throw unsupported;
  const leaves = new Map<StateNode, Leaf>();
  for (const node of statesIn(machine.root)) if (node.type !== 'compound') leaves.set(node, leafFrom(machine, node));
  for (const [node, leaf] of leaves) {
    const activeFrom = chainOf(node).toReversed();
    for (const type of new Set(activeFrom.flatMap((one) => [...one.transitions.keys()]))) {
      if (type.endsWith('*') || type.startsWith('xstate.')) throw unsupported;
      leaf.on.set(
        type,
        activeFrom.flatMap((one) => one.transitions.get(type) ?? []).map((one) => stepOf(machine, leaves, node, one)),
      );
    }
    leaf.always.push(...activeFrom.flatMap((one) => one.always ?? []).map((one) => stepOf(machine, leaves, node, one)));
  }
  const first = leaves.get(innermost(machine.root)) as Leaf;
  const { matches, hasTag, can, getMeta, toJSON } = machine.resolveState({
    value: first.value as never,
    context: {},
  }) as AnyMachineSnapshot;
  const firstActions = first.nodes.flatMap((node) => [...node.entry, ...node.initial.actions]).map((one) => actionOf(machine, one));
  return { machine, leaves, first, firstActions, methods: { matches, hasTag, can, getMeta, toJSON } };
}

function leafFrom(machine: AnyStateMachine, node: StateNode): Leaf {
  const isFinal = node.type === 'final';
  if ((node.type !== 'atomic' && !isFinal) || (isFinal && (node.parent !== machine.root || node.output !== undefined))) throw unsupported;
  const nodes = chainOf(node);
  for (const one of nodes) if (one.invoke.length > 0) throw unsupported;
  const { value } = machine.resolveState({ value: valueOf(node) as never, context: {} }) as AnyMachineSnapshot;
  const inner = nodes.toReversed();
  const shown = isFinal ? inner : nodes;
  const actions = inner.flatMap(({ exit }) => exit).map((one) => actionOf(machine, one));
  const leaf: Leaf = {
    nodes,
    value,
    tags: new Set(shown.flatMap(({ tags }) => tags)),
    on: new Map(),
    always: [],
    last: isFinal ? { id: node.id, actions, nodes: inner } : undefined,
  };
  // Not enumerable: a snapshot is compared and shown without it.
  Object.defineProperty(nodes, 'leaf', { value: leaf });
  return leaf;
}

/** A transition's effect by SCXML's rules, as it is taken while `from` is the innermost active state. */
function stepOf(machine: AnyStateMachine, leaves: ReadonlyMap<StateNode, Leaf>, from: StateNode, definition: Definition): Step {
  const { source, guard } = definition;
  const [target, ...others] = definition.target ?? [];
  if (others.length > 0) throw unsupported;
  const { left, entered } = target === undefined ? { left: [], entered: [] } : statesChanged(from, target, definition);
  const raw = [...left.flatMap(({ exit }) => exit), ...definition.actions];
  for (const { node, byDefault } of entered) raw.push(...node.entry, ...(byDefault ? node.initial.actions : []));
  const actions = raw.map((one) => actionOf(machine, one));
  return {
    definitions: [definition],
    source,
    guard: guard === undefined ? undefined : guardOf(machine, guard),
    actions,
    assigns: actions.some(({ assignment }) => assignment !== undefined),
    target: leaves.get(target === undefined ? from : innermost(target)) as Leaf,
  };
}

/** Which states a transition leaves, innermost first, and which it enters, outermost first. */
function statesChanged(from: StateNode, target: StateNode, { source, reenter }: Definition): { left: StateNode[]; entered: Entry[] } {
  const isInner = !reenter && (target === source || isWithin(target, source));
  const common = chainOf(target)
    .slice(0, -1)
    .findLast((one) => isWithin(source, one));
  // Without any, the whole machine is left and entered again.
  const domain = isInner ? source : (common ?? (reenter ? undefined : source.machine.root));
  const left = chainOf(from)
    .filter((one) => domain === undefined || isWithin(one, domain))
    .toReversed();
  const above = chainOf(target).filter((one) => one !== target && (domain === undefined || isWithin(one, domain)));
  const isEntered = target !== source || source !== domain || reenter;
  const below = chainOf(innermost(target)).filter((one) => isWithin(one, target));
  const byDefault = [...(isEntered ? [target] : []), ...below].map((node) => ({ node, byDefault: true }));
  return { left, entered: [...above.map((node) => ({ node, byDefault: false })), ...byDefault] };
}

/** A state that is entered; by default, if no transition names one inside it: then the actions of its `initial` are run. */
interface Entry {
  readonly node: StateNode;
  readonly byDefault: boolean;
}

function actionOf(machine: AnyStateMachine, action: StateNode['entry'][number]): Action {
  const isInline = typeof action === 'function';
  const exec = (isInline ? action : machine.implementations.actions[typeof action === 'string' ? action : action.type]) as
    | (Action['exec'] & { type?: string; assignment?: Assignment })
    | undefined;
  // What is wrong with a chart, the interpreter says, when it comes to it.
  if (exec !== undefined && typeof exec !== 'function') throw unsupported;
  const isBuiltIn = exec !== undefined && 'resolve' in exec;
  if (isBuiltIn && exec.type !== 'xstate.assign') throw unsupported;
  const type = isInline ? action.name || '(anonymous)' : typeof action === 'string' ? action : action.type;
  return { type, exec, assignment: isBuiltIn ? exec.assignment : undefined, ...paramsOf(action) };
}

function guardOf(machine: AnyStateMachine, guard: NonNullable<Definition['guard']>): Guard {
  if (guard === null) throw unsupported;
  const isInline = typeof guard === 'function';
  const name = isInline ? undefined : typeof guard === 'string' ? guard : (guard as { type: string }).type;
  const check = (isInline ? guard : machine.implementations.guards[name as string]) as Guard['check'] | undefined;
  // One that is not implemented fails when it is asked, as the interpreter has it.
  if (typeof check !== 'function' || 'check' in check) throw unsupported;
  return { name, check, ...paramsOf(guard) };
}

function paramsOf(of: unknown): Params {
  const params = typeof of === 'object' && of !== null && 'params' in of ? of.params : undefined;
  return { params, makesParams: typeof params === 'function' };
}

function statesIn(node: StateNode): StateNode[] {
  return [node, ...Object.values(node.states).flatMap(statesIn)];
}

/** The root, and each state down to that one. */
function chainOf(node: StateNode): StateNode[] {
  return node.parent === undefined ? [node] : [...chainOf(node.parent), node];
}

function isWithin(node: StateNode, outer: StateNode): boolean {
  return node !== outer && chainOf(node).includes(outer);
}

/** The state that is active when `node` is entered by default. */
function innermost(node: StateNode): StateNode {
  return node.type === 'compound' ? innermost(node.initial.target[0] as StateNode) : node;
}

function valueOf(node: StateNode): unknown {
  return (
    chainOf(node)
      .slice(1)
      .reduceRight<unknown>((inner, { key }) => (inner === undefined ? key : { [key]: inner }), undefined) ?? {}
  );
}
