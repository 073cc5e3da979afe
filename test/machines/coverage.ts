import type { AnyStateMachine, InspectionEvent } from 'xstate';

interface Definition {
  readonly source: {
    readonly id: string;
    readonly transitions: Map<string, readonly Definition[]>;
    readonly always?: readonly Definition[];
  };
  readonly eventType: string;
}

/** Every transition of a chart, by a name that says where it starts, on what, and which of several it is. */
export function transitionsOf(chart: AnyStateMachine): string[] {
  const names: string[] = [];
  const visit = (node: typeof chart.root): void => {
    const lists = [...(node.transitions as unknown as Definition['source']['transitions']).values(), node.always ?? []];
    for (const definition of lists.flat()) names.push(nameOf(definition as unknown as Definition));
    for (const child of Object.values(node.states) as (typeof chart.root)[]) visit(child);
  };
  visit(chart.root);
  return names.sort();
}

/** Which transitions of which charts were taken, as the microsteps of running actors say. */
export class Coverage {
  readonly taken = new Set<string>();

  /** An inspector, for `createActor`, `createManager` or `system.inspect`. */
  readonly see = (event: InspectionEvent): void => {
    if (event.type !== '@xstate.microstep') return;
    for (const one of event._transitions) this.taken.add(nameOf(one as unknown as Definition));
  };

  /** Transitions of a chart that nothing has taken. */
  missing(chart: AnyStateMachine): string[] {
    return transitionsOf(chart).filter((name) => !this.taken.has(name));
  }
}

function nameOf(definition: Definition): string {
  const { source, eventType } = definition;
  const list = eventType === '' ? source.always : source.transitions.get(eventType);
  // A provided chart has definitions of its own; which of a list it is stays the same.
  return `${source.id} on ${eventType === '' ? 'nothing' : eventType} #${(list ?? []).indexOf(definition)}`;
}
