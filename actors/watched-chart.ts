import type { AnyEventObject, AnyStateMachine, InspectionEvent } from 'xstate';
import { chainOf, edgesOf, leavesOf, type Definition, type StateNode } from './chart-edges.ts';
import { chartKey, isJournalling, noterOf, type Noter } from './journal.ts';
import { notePart, type OwnName } from './own-charts.ts';

type Scope = Parameters<AnyStateMachine['transition']>[2];
type Snapshot = ReturnType<AnyStateMachine['transition']>;
type Nodes = readonly StateNode[];

/**
 * A machine that XState's interpreter runs and whose steps are journalled, as those of compiled charts are: a job's, or, with a name, one of the
 * peer's own parts.
 *
 * Only the interpreter knows which transitions it takes, and it tells observers of the whole system. So while somebody keeps a journal, one
 * observer watches during this chart's own transitions; else nothing is watched.
 */
export function watched<Machine extends AnyStateMachine>(machine: Machine, name?: OwnName): Machine {
  const key = {};
  let known: EdgeTable | undefined;
  const watch = (scope: Scope, active: Nodes, note: Noter, run: () => Snapshot): Snapshot => {
    const table = (known ??= edgeTable(machine));
    let before = active;
    const watching = observe(scope, (definitions, after) => {
      for (const definition of definitions) {
        const edge = edgeFrom(table, before, definition);
        if (edge !== undefined) note(edge);
      }
      before = after;
    });
    try {
      return run();
    } finally {
      watching.unsubscribe();
    }
  };
  const begin = (scope: Scope, input: unknown): Snapshot => {
    if (name !== undefined) notePart({ name, ref: scope.self });
    if (!isJournalling()) return machine.getInitialSnapshot(scope, input as never);
    // Whose job it is, its context says, and that is made now.
    const edges = [0];
    const snapshot = watch(
      scope,
      firstNodes(machine),
      (edge) => edges.push(edge),
      () => machine.getInitialSnapshot(scope, input as never),
    );
    const note = noterOf(scope.self, key, name, snapshot.context);
    for (const edge of edges) note?.(edge);
    return snapshot;
  };
  const transition = (snapshot: Snapshot, event: AnyEventObject, scope: Scope): Snapshot => {
    const run = (): Snapshot => machine.transition(snapshot, event, scope);
    const note = isJournalling() ? noterOf(scope.self, key, name, snapshot.context) : undefined;
    return note === undefined ? run() : watch(scope, nodesOf(snapshot), note, run);
  };
  return Object.create(machine, {
    [chartKey]: { value: key },
    getInitialSnapshot: { value: begin },
    transition: { value: transition },
  }) as Machine;
}

/** The edges of a chart by the transition that they are, and the state from which it is taken. */
type EdgeTable = ReadonlyMap<Definition, ReadonlyMap<StateNode, number>>;

function edgeTable(machine: AnyStateMachine): EdgeTable {
  const table = new Map<Definition, Map<StateNode, number>>();
  for (const [number, { from, definition }] of edgesOf(machine).entries()) {
    if (from === undefined || definition === undefined) continue;
    const byState = table.get(definition) ?? new Map<StateNode, number>();
    table.set(definition, byState.set(from, number));
  }
  return table;
}

/** Of the states that are active one has it. */
function edgeFrom(table: EdgeTable, active: Nodes, definition: Definition): number | undefined {
  const byState = table.get(definition);
  for (const node of active) {
    const edge = byState?.get(node);
    if (edge !== undefined) return edge;
  }
  return undefined;
}

function firstNodes({ root }: AnyStateMachine): Nodes {
  return leavesOf(root).filter((node) => chainOf(node).every(isEnteredFirst));
}

/** Whether a state is entered with the one that it is in. */
function isEnteredFirst(node: StateNode): boolean {
  const { parent } = node;
  if (parent === undefined || parent.type === 'parallel') return true;
  return (parent.initial.target as readonly StateNode[]).includes(node);
}

function nodesOf(snapshot: Snapshot): Nodes {
  return (snapshot as unknown as { _nodes: Nodes })._nodes;
}

/** Watches one actor: the transitions of each microstep, and the states that are active after it. */
function observe({ self, system }: Scope, tell: (definitions: readonly Definition[], active: Nodes) => void): { unsubscribe(): void } {
  const next = (event: InspectionEvent): void => {
    if (event.type !== '@xstate.microstep' || event.actorRef !== self) return;
    tell((event as unknown as { _transitions: readonly Definition[] })._transitions, nodesOf(event.snapshot as Snapshot));
  };
  return (system as unknown as { inspect(observer: typeof next): { unsubscribe(): void } }).inspect(next);
}
