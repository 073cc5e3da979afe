import type { AnyStateMachine } from 'xstate';

/** A state of a machine as XState has it, or the machine's root. */
export type ChartNode = AnyStateMachine['root'];
/** A transition as XState has it. */
export type ChartTransition = NonNullable<ChartNode['always']>[number];

/** An arrow of a drawing: the transitions between two states that do the same, with all of their events. */
export interface Arrow {
  readonly from: ChartNode;
  readonly to: ChartNode;
  /** Empty: it is taken at once. */
  readonly events: readonly string[];
  /** In brackets, or empty. */
  readonly guard: string;
  /** By their names, joined by commas, or empty. */
  readonly actions: string;
}

/** All arrows below a root, in the order of the source. What changes no state has none. */
export function arrowsOf(root: ChartNode): Arrow[] {
  const drawn = new Map<string, Arrow & { readonly events: string[] }>();
  for (const from of statesOf(root)) {
    for (const transition of drawnFrom(from)) {
      const to = transition.target?.[0] as ChartNode | undefined;
      if (to === undefined) continue;
      const [guard, actions] = [guardOf(transition), actionsOf(transition)];
      const key = JSON.stringify([from.path, to.path, transition.eventType === '', guard, actions]);
      const arrow = drawn.get(key) ?? { from, to, events: [], guard, actions };
      if (transition.eventType !== '') arrow.events.push(eventName(transition.eventType));
      drawn.set(key, arrow);
    }
  }
  return [...drawn.values()];
}

/** A state's own transitions; those of the root are drawn from each of its states that they lead out of. */
function drawnFrom(node: ChartNode): ChartTransition[] {
  const own = [...(node.always ?? []), ...[...node.transitions.values()].flat()];
  if (node.parent?.parent !== undefined || node.type === 'final') return own;
  const fromRoot = [...(node.parent?.transitions.values() ?? [])].flat();
  return [...own, ...fromRoot.filter(({ target }) => target?.[0] !== undefined && target[0] !== node)];
}

/** The states right inside another, in the order of the source. */
export function childrenOf(node: ChartNode): ChartNode[] {
  return Object.values(node.states) as ChartNode[];
}

/** All states below one, parents before their children, in the order of the source. */
export function statesOf(node: ChartNode): ChartNode[] {
  return childrenOf(node).flatMap((child) => [child, ...statesOf(child)]);
}

/** The state in which a state with others inside begins. */
export function initialOf(node: ChartNode): ChartNode {
  return node.initial.target[0] as ChartNode;
}

/** The keys of a state and those around it, joined by dots. Of the root it is empty. */
export const pathOf = (node: ChartNode): string => node.path.join('.');
/** The same as a word that drawings take as an identifier. */
export const idOf = (node: ChartNode): string => node.path.join('_').replaceAll(/\W/g, '_');

/** XState's own events of children, in words. */
export function eventName(event: string): string {
  return event.replace(
    /^xstate\.(done|error)\.actor\.(\w+)$/,
    (_, what: string, child: string) => `${child} ${what === 'done' ? 'done' : 'failed'}`,
  );
}

/** A transition's guard in brackets; empty where it has none. */
export function guardOf({ guard }: ChartTransition): string {
  return guard === undefined ? '' : `[${nameOf(guard)}]`;
}

/** What a transition does, by name; empty where it does nothing. */
export const actionsOf = ({ actions }: ChartTransition): string => namesOf(actions);
/** Actions by their names, in their order. */
export const namesOf = (actions: readonly unknown[]): string => actions.map(nameOf).join(', ');

/** A guard or action by its name, with those of its parameters that the chart fixes. */
function nameOf(one: unknown): string {
  if (typeof one === 'string') return one;
  const { type, params } = one as { type: string; params?: unknown };
  const fixed = typeof params === 'object' && params !== null ? Object.values(params).map(String) : [];
  return fixed.length === 0 ? type : `${type}(${fixed.join(', ')})`;
}
