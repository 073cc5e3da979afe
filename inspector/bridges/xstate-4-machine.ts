import type { AnyStateMachine } from 'xstate';

type Node = AnyStateMachine['root'];
type Transition = NonNullable<Node['always']>[number];

/** Made once for each machine: jobs of a kind share theirs. */
const texts = new WeakMap<AnyStateMachine, string>();

/** A machine of XState 5 as the JSON of a configuration of XState 4, which is what viewers of `@xstate/inspect` make their charts from. */
export function xstate4Machine(machine: AnyStateMachine): string {
  const known = texts.get(machine);
  if (known !== undefined) return known;
  const text = JSON.stringify({ predictableActionArguments: true, ...configOf(machine.root) });
  texts.set(machine, text);
  return text;
}

function configOf(node: Node): object {
  const children = Object.entries(node.states as Readonly<Record<string, Node>>);
  const [initial] = children.length === 0 ? [] : [node.initial.target[0] as Node | undefined];
  return {
    id: node.id,
    key: node.key,
    type: node.type,
    description: node.description,
    initial: initial?.key,
    history: node.type === 'history' ? node.history : undefined,
    entry: node.entry.map(named),
    exit: node.exit.map(named),
    on: Object.fromEntries([...node.transitions].filter(([event]) => event !== '').map(([event, all]) => [event, all.map(transitionOf)])),
    always: (node.always ?? []).map(transitionOf),
    states: children.length === 0 ? undefined : Object.fromEntries(children.map(([key, child]) => [key, configOf(child)])),
    tags: node.tags,
  };
}

function transitionOf({ target, guard, actions }: Transition): object {
  return {
    target: target?.map(({ id }) => `#${id}`),
    // As XState 4 writes a guard that it has by name; viewers never ask it.
    cond: guard === undefined ? undefined : { type: 'xstate.guard', name: named(guard).type },
    actions: actions.map(named),
  };
}

/** A guard or an action by its name: what it does stays here. */
function named(one: unknown): { readonly type: string } {
  if (typeof one === 'string') return { type: one };
  if (typeof one === 'function') return { type: one.name || '(anonymous)' };
  return { type: (one as { readonly type?: string }).type ?? '(unnamed)' };
}
