import type { AnyEventObject, AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import { chainOf, edgesOf, innermost, statesIn, type Definition, type StateNode } from './chart-edges.ts';

/**
 * What `compiled.ts` runs: for each state without states in it (a leaf), what each event leads to from there.
 *
 * Which states a transition leaves and enters, and what actions that runs in which order, is worked out here by SCXML's rules, once.
 */

export type Scope = Parameters<AnyStateMachine['transition']>[2];
export type Context = Record<string, unknown>;
export type MakeParams = (args: { context: Context; event: AnyEventObject }) => unknown;
/** The active states, outermost first. Ours know their leaf. */
export type Nodes = readonly StateNode[] & { readonly leaf?: Leaf };
export type Snapshot = AnyMachineSnapshot & { readonly _nodes: Nodes };

/** Parameters of an action or a guard: as they are, or made of the context and the event. */
interface Params {
  readonly params: unknown;
  readonly makesParams: boolean;
}

export interface Guard extends Params {
  readonly name: string | undefined;
  readonly check: (args: object, params: unknown) => boolean;
}

export interface Action extends Params {
  readonly type: string;
  /** What it assigns; undefined for any other action. */
  readonly assignment: Assignment | undefined;
  /** What any other action does; undefined if it is not implemented, and only shown to inspectors. */
  readonly exec: ((args: object, params: unknown) => void) | undefined;
}

export type Assignment =
  | (((args: object, params: unknown) => Context) & { readonly isWhole?: boolean })
  | Readonly<Record<string, unknown>>;

/** A transition, as it is taken from one leaf. */
export interface Step {
  /** Its number among the edges of its chart: see {@link edgesOf}. */
  readonly edge: number;
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
export interface Leaf {
  readonly nodes: Nodes;
  readonly value: unknown;
  readonly tags: Set<string>;
  readonly on: Map<string, readonly Step[]>;
  readonly always: Step[];
  /** Of the final state: the exit actions of all that is active, and the nodes in the order in which XState leaves them. */
  readonly last: LastEntered | undefined;
}

export interface LastEntered {
  readonly id: string;
  readonly actions: readonly Action[];
  readonly nodes: Nodes;
}

export interface Chart {
  readonly machine: AnyStateMachine;
  /** By their innermost state. */
  readonly leaves: ReadonlyMap<StateNode, Leaf>;
  readonly first: Leaf;
  readonly firstActions: readonly Action[];
  /** The functions that each snapshot of XState's has. */
  readonly methods: Pick<AnyMachineSnapshot, 'matches' | 'hasTag' | 'can' | 'getMeta' | 'toJSON'>;
}

/** Thrown for a chart that the tables can't hold. */
export const unsupported = Symbol('unsupported');

/** The tables of a chart. Throws {@link unsupported}. */
export function chartOf(machine: AnyStateMachine): Chart {
  if (Number.isFinite(machine.options.maxIterations)) throw unsupported;
  const leaves = new Map<StateNode, Leaf>();
  for (const node of statesIn(machine.root)) if (node.type !== 'compound') leaves.set(node, leafFrom(machine, node));
  for (const [edge, { from, event, definition }] of edgesOf(machine).entries()) {
    if (from === undefined || definition === undefined) continue;
    if (event.endsWith('*') || event.startsWith('xstate.')) throw unsupported;
    const { always, on } = leaves.get(from) as Leaf;
    const step = stepOf(machine, leaves, from, definition, edge);
    if (event === '') always.push(step);
    else on.set(event, [...(on.get(event) ?? []), step]);
  }
  const first = leaves.get(innermost(machine.root)) as Leaf;
  const { matches, hasTag, can, getMeta, toJSON } = machine.resolveState({
    value: first.value as never,
    context: {},
  }) as AnyMachineSnapshot;
  const firstActions = firstActionsOf(machine).map((one) => actionOf(machine, one));
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
function stepOf(
  machine: AnyStateMachine,
  leaves: ReadonlyMap<StateNode, Leaf>,
  from: StateNode,
  definition: Definition,
  edge: number,
): Step {
  const { source, guard } = definition;
  const [target, ...others] = definition.target ?? [];
  if (others.length > 0) throw unsupported;
  const actions = actionsAlong(from, definition).map((one) => actionOf(machine, one));
  return {
    edge,
    definitions: [definition],
    source,
    guard: guard === undefined ? undefined : guardOf(machine, guard),
    actions,
    assigns: actions.some(({ assignment }) => assignment !== undefined),
    target: leaves.get(target === undefined ? from : innermost(target)) as Leaf,
  };
}

/** The actions that a transition runs, as the chart names them: of the states that it leaves, its own, of the states that it enters. */
export function actionsAlong(from: StateNode, definition: Definition): StateNode['entry'] {
  const target = definition.target?.[0];
  const { left, entered } = target === undefined ? { left: [], entered: [] } : statesChanged(from, target, definition);
  const actions = [...left.flatMap(({ exit }) => exit), ...definition.actions];
  for (const { node, byDefault } of entered) actions.push(...node.entry, ...(byDefault ? node.initial.actions : []));
  return actions;
}

/** The actions with which a chart begins, as it names them. */
export function firstActionsOf(machine: AnyStateMachine): StateNode['entry'] {
  return chainOf(innermost(machine.root)).flatMap((node) => [...node.entry, ...node.initial.actions]);
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
  return { type: actionName(action), exec, assignment: isBuiltIn ? exec.assignment : undefined, ...paramsOf(action) };
}

/** An action by its name. */
export function actionName(action: StateNode['entry'][number]): string {
  if (typeof action === 'function') return action.name || '(anonymous)';
  return typeof action === 'string' ? action : action.type;
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

function isWithin(node: StateNode, outer: StateNode): boolean {
  return node !== outer && chainOf(node).includes(outer);
}

function valueOf(node: StateNode): unknown {
  return (
    chainOf(node)
      .slice(1)
      .reduceRight<unknown>((inner, { key }) => (inner === undefined ? key : { [key]: inner }), undefined) ?? {}
  );
}
