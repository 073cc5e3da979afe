import type { AnyStateMachine } from 'xstate';

export type StateNode = AnyStateMachine['root'];
export type Definition = NonNullable<StateNode['always']>[number];

/** A transition, as it can be taken from one state without states in it. */
export interface ChartEdge {
  /** Undefined: it is how the chart begins. */
  readonly from: StateNode | undefined;
  /** Empty: it is taken at once, without an event. */
  readonly event: string;
  readonly definition: Definition | undefined;
  /** Without states in it as well. */
  readonly to: StateNode;
}

/**
 * All edges of a chart, in the order of its states; the first is how it begins. What a state inherits is an edge of its own, as is
 * each of several candidates for an event. What stands behind a candidate without guard is none: it is never taken.
 *
 * The tables on which a chart runs and the description of it that viewers get are both made of this list, so an edge's place in it is its
 * number for both.
 */
export function edgesOf({ root }: AnyStateMachine): readonly ChartEdge[] {
  const edges: ChartEdge[] = [{ from: undefined, event: 'xstate.init', definition: undefined, to: innermost(root) }];
  for (const from of leavesOf(root)) {
    if (from.type === 'final' && from.parent === root) continue;
    const activeFrom = chainOf(from).toReversed();
    for (const event of new Set(activeFrom.flatMap((one) => [...one.transitions.keys()]))) {
      if (event !== '') edges.push(...tried(activeFrom.flatMap((one) => one.transitions.get(event) ?? [])).map(edge(from, event)));
    }
    edges.push(...tried(activeFrom.flatMap((one) => one.always ?? [])).map(edge(from, '')));
  }
  return edges;
}

/** Candidates up to the first that has no guard. */
function tried(candidates: readonly Definition[]): readonly Definition[] {
  const last = candidates.findIndex(({ guard }) => guard === undefined);
  return last < 0 ? candidates : candidates.slice(0, last + 1);
}

const edge =
  (from: StateNode, event: string) =>
  (definition: Definition): ChartEdge => {
    const [target] = definition.target ?? [];
    return { from, event, definition, to: target === undefined ? from : innermost(target) };
  };

/** Those that can be active and have no states in them, in the order of the chart. */
export function leavesOf(root: StateNode): StateNode[] {
  return statesIn(root).filter(({ type }) => type === 'atomic' || type === 'final');
}

/** A state and all below it, parents before their children. */
export function statesIn(node: StateNode): StateNode[] {
  return [node, ...Object.values(node.states).flatMap(statesIn)];
}

/** The root, and each state down to that one. */
export function chainOf(node: StateNode): StateNode[] {
  return node.parent === undefined ? [node] : [...chainOf(node.parent), node];
}

/** The state that is active when `node` is entered by default; of parallel ones the first. */
export function innermost(node: StateNode): StateNode {
  if (node.type === 'compound') return innermost(node.initial.target[0] as StateNode);
  if (node.type === 'parallel') return innermost(Object.values(node.states)[0] as StateNode);
  return node.type === 'history' ? innermost(node.parent as StateNode) : node;
}
