import type { AnyStateMachine } from 'xstate';
import { edgesOf, statesIn, type ChartEdge, type Definition, type StateNode } from '../actors/chart-edges.ts';
import { actionName, actionsAlong, firstActionsOf } from '../actors/chart-tables.ts';
import type { ChartDescription, EdgeDescription, StateDescription } from './records.ts';

/**
 * A chart as viewers get it, from the machine's own definition: nothing of it is written twice.
 *
 * States of a parallel chart are described as if one of them were active at a time; where a transition leads to a remembered state (history),
 * the edge leads to the one that is entered by default.
 */
export function describeChart(
  machine: AnyStateMachine,
  { name, isJob, firstEdge }: Pick<ChartDescription, 'name' | 'isJob' | 'firstEdge'>,
): ChartDescription {
  return { name, isJob, states: statesOf(machine.root), edges: edgesOf(machine).map((edge) => edgeOf(machine, edge)), firstEdge };
}

/** The path of a state: those of nested ones are joined by dots. */
export function pathOf(node: StateNode): string {
  return node.path.join('.');
}

/** The root is no state of its own, unless there are no others. */
function statesOf(root: StateNode): StateDescription[] {
  const below = statesIn(root).filter((node) => node !== root && node.type !== 'history');
  return (below.length === 0 ? [root] : below).map((node) => ({
    path: pathOf(node),
    parent: node.parent === undefined || node.parent === root ? undefined : pathOf(node.parent),
    type: node.type === 'atomic' || node.type === 'final' ? node.type : 'compound',
    description: node.description,
  }));
}

function edgeOf(machine: AnyStateMachine, { from, event, definition, to }: ChartEdge): EdgeDescription {
  const actions = from === undefined || definition === undefined ? firstActionsOf(machine) : actionsAlong(from, definition);
  return {
    from: from === undefined ? undefined : pathOf(from),
    to: pathOf(to),
    event,
    guard: guardName(definition?.guard),
    actions: actions.map(actionName),
  };
}

function guardName(guard: Definition['guard']): string | undefined {
  if (guard === undefined || guard === null) return undefined;
  if (typeof guard === 'function') return guard.name || '(anonymous)';
  return typeof guard === 'string' ? guard : (guard as { type: string }).type;
}
