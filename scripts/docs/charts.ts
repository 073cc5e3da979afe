import type { AnyStateMachine } from 'xstate';
import {
  clientJob,
  linkMachine,
  managerMachine,
  noticeJob,
  peerMachine,
  detectMachine,
  qemuGaMachine,
  serverJob,
  sessionMachine,
} from '../../machines/index.ts';
import { docCommentBefore } from './comments.ts';
import { code, page, table } from './markdown.ts';

type Node = AnyStateMachine['root'];
type Transition = NonNullable<Node['always']>[number];

/** A chart that has a page. */
interface Chart {
  /** The page's name. */
  readonly name: string;
  readonly title: string;
  readonly file: string;
  /** How the machine's declaration begins: its doc comment introduces the page. */
  readonly declaration: string;
  readonly machine: AnyStateMachine;
}

const charts: readonly Chart[] = [
  { name: 'server-job', title: 'Server job', file: 'machines/server-job.ts', declaration: 'export const serverJob', machine: serverJob },
  { name: 'client-job', title: 'Client job', file: 'machines/client-job.ts', declaration: 'export const clientJob', machine: clientJob },
  { name: 'notice-job', title: 'Notice job', file: 'machines/notice-job.ts', declaration: 'export const noticeJob', machine: noticeJob },
  { name: 'manager', title: 'Manager', file: 'machines/manager.ts', declaration: 'export const managerMachine', machine: managerMachine },
  { name: 'link', title: 'Link', file: 'machines/link.ts', declaration: 'export const linkMachine', machine: linkMachine },
  { name: 'peer', title: 'Peer', file: 'machines/peer.ts', declaration: 'export const peerMachine', machine: peerMachine },
  {
    name: 'qemu-ga',
    title: 'Session with a guest agent',
    file: 'machines/qemu-ga.ts',
    declaration: 'export const qemuGaMachine',
    machine: qemuGaMachine,
  },
  {
    name: 'detect',
    title: 'Finding out the protocol',
    file: 'machines/detect.ts',
    declaration: 'export const detectMachine',
    machine: detectMachine,
  },
  {
    name: 'session',
    title: 'Session',
    file: 'machines/session.ts',
    declaration: 'export const sessionMachine',
    machine: sessionMachine,
  },
];

/** The pages of all charts, by their paths. */
export function chartPages(): [string, string][] {
  return charts.map((chart) => [`docs/charts/${chart.name}.md`, chartPage(chart)]);
}

/** One chart as a page: a drawing, its states, and what each state does with each event. */
export function chartPage({ title, file, declaration, machine }: Chart): string {
  const { root } = machine;
  return page(title, file, [
    `Source: [${file}](../../${file}).`,
    ...docCommentBefore(file, declaration),
    '```mermaid\n' + diagramOf(root) + '\n```',
    'An arrow says `event [guard] / actions`; an arrow without an event is taken at once. What changes no state is not drawn: the table below has it.',
    '## States',
    stateTable(root),
    '## Every state, every event',
    [
      `**violation**: it breaks the contract; it is reported and counted, and nothing else changes. _ignored_: it is expected there and has no effect.`,
      `_stays_: only the actions named are run. Where several lines have guards, the first that holds is taken.`,
    ].join(' '),
    eventTable(root),
    ...restOf(root),
  ]);
}

/** The chart in Mermaid, in the subset of its syntax that every renderer takes: no styles, no notes, no self-loops. */
export function diagramOf(root: Node): string {
  return ['stateDiagram-v2', ...inside(root, 1), ...arrows(root).map((arrow) => `  ${arrow}`)].join('\n');
}

/** The initial marker and the states of a compound state, those with children as blocks. */
function inside(parent: Node, depth: number): string[] {
  const indent = '  '.repeat(depth);
  const initial = parent.initial.target[0] as Node;
  const states = childrenOf(parent).flatMap((node) => {
    if (childrenOf(node).length === 0) return [`${indent}state "${node.key}" as ${idOf(node)}`];
    return [`${indent}state "${node.key}" as ${idOf(node)} {`, ...inside(node, depth + 1), `${indent}}`];
  });
  return [`${indent}[*] --> ${idOf(initial)}`, ...states];
}

function arrows(root: Node): string[] {
  const drawn = new Map<string, { from: Node; to: Node; events: string[]; rest: string }>();
  for (const from of statesOf(root)) {
    for (const transition of drawnFrom(from)) {
      const to = transition.target?.[0] as Node | undefined;
      if (to === undefined) continue;
      const rest = [guardOf(transition), actionsOf(transition).replace(/^(?=.)/, '/ ')].filter((part) => part !== '').join(' ');
      const key = [idOf(from), idOf(to), transition.eventType === '', rest].join(' ');
      const arrow = drawn.get(key) ?? { from, to, events: [], rest };
      if (transition.eventType !== '') arrow.events.push(eventName(transition.eventType));
      drawn.set(key, arrow);
    }
  }
  const lines = [...drawn.values()].map(({ from, to, events, rest }) => {
    const label = [events.join(', '), rest].filter((part) => part !== '').join(' ');
    return `${idOf(from)} --> ${idOf(to)}${label === '' ? '' : ` : ${label}`}`;
  });
  const finals = statesOf(root).filter(({ type }) => type === 'final');
  return [...lines, ...finals.map((node) => `${idOf(node)} --> [*]`)];
}

/** A state's own transitions; those of the root are drawn from each of its states that they lead out of. */
function drawnFrom(node: Node): Transition[] {
  const own = [...(node.always ?? []), ...[...node.transitions.values()].flat()];
  if (node.parent?.parent !== undefined || node.type === 'final') return own;
  const fromRoot = [...(node.parent?.transitions.values() ?? [])].flat();
  return [...own, ...fromRoot.filter(({ target }) => target?.[0] !== undefined && target[0] !== node)];
}

function stateTable(root: Node): string {
  const rows = leavesOf(root).map((node) => [
    code(pathOf(node)),
    [
      isInitial(node) ? 'Initial.' : '',
      node.type === 'final' ? 'Final.' : '',
      isPassing(node) ? 'Passed at once.' : '',
      node.description ?? '',
    ]
      .filter((part) => part !== '')
      .join(' '),
    namesOf(node.entry),
    namesOf(node.exit),
  ]);
  return table(['State', 'Meaning', 'On entry', 'On exit'], rows);
}

function eventTable(root: Node): string {
  const states = leavesOf(root).filter((node) => node.type !== 'final' && !isPassing(node));
  const rows = eventsOf(root).map((event) => [code(eventName(event)), ...states.map((state) => cellOf(state, event))]);
  return table(['Event', ...states.map((state) => code(pathOf(state)))], rows);
}

function cellOf(state: Node, event: string): string {
  const found = candidates(state, event);
  const effects = new Set(found.map(effectOf));
  // Guards that only choose between actions: the drawing has them.
  if (effects.size === 1 && found.at(-1)?.guard === undefined) return [...effects].join('');
  return found.map((transition) => [guardOf(transition), effectOf(transition)].filter((part) => part !== '').join(' ')).join('<br>');
}

function effectOf(transition: Transition): string {
  const target = transition.target?.[0] as Node | undefined;
  if (target !== undefined) return `→ ${code(pathOf(target))}`;
  const actions = actionsOf(transition);
  if (actions === '') return '_ignored_';
  return actions === 'report' ? '**violation**' : `_stays_: ${actions}`;
}

/** What a state tries for an event: its own transitions, then its parents', up to one without guard. */
function candidates(state: Node, event: string): Transition[] {
  const found: Transition[] = [];
  for (let node: Node | undefined = state; node !== undefined; node = node.parent as Node | undefined) {
    for (const transition of node.transitions.get(event) ?? []) {
      found.push(transition);
      if (transition.guard === undefined) return found;
    }
  }
  return found;
}

/** The transitions without events that don't leave their state: what is done after every event. */
function restOf(root: Node): string[] {
  const rows = statesOf(root).flatMap((node) =>
    (node.always ?? [])
      .filter(({ target }) => target === undefined)
      .map((transition) => [code(pathOf(node)), code(guardOf(transition)), actionsOf(transition)]),
  );
  if (rows.length === 0) return [];
  return [
    '## After every event',
    'Tried again, from the first line, until none of them holds.',
    table(['State', 'Guard', 'Actions'], rows),
  ];
}

function childrenOf(node: Node): Node[] {
  return Object.values(node.states) as Node[];
}

/** All states below one, parents before their children, in the order of the source. */
function statesOf(node: Node): Node[] {
  return childrenOf(node).flatMap((child) => [child, ...statesOf(child)]);
}

function leavesOf(root: Node): Node[] {
  return statesOf(root).filter((node) => childrenOf(node).length === 0);
}

/** All events, in the order in which the states list them. */
function eventsOf(root: Node): string[] {
  return [...new Set([root, ...statesOf(root)].flatMap((node) => [...node.transitions.keys()]))].filter((event) => event !== '');
}

function isInitial(node: Node): boolean {
  const parent = node.parent as Node | undefined;
  return parent === undefined || (parent.initial.target[0] === node && isInitial(parent));
}

function isPassing(node: Node): boolean {
  return (node.always ?? []).some(({ guard, target }) => guard === undefined && target !== undefined);
}

const pathOf = (node: Node): string => node.path.join('.');
const idOf = (node: Node): string => node.path.join('_').replaceAll(/\W/g, '_');

/** XState's own events of children, in words. */
function eventName(event: string): string {
  return event.replace(
    /^xstate\.(done|error)\.actor\.(\w+)$/,
    (_, what: string, child: string) => `${child} ${what === 'done' ? 'done' : 'failed'}`,
  );
}

function guardOf({ guard }: Transition): string {
  return guard === undefined ? '' : `[${nameOf(guard)}]`;
}

const actionsOf = ({ actions }: Transition): string => namesOf(actions);
const namesOf = (actions: readonly unknown[]): string => actions.map(nameOf).join(', ');

/** A guard or action by its name, with those of its parameters that the chart fixes. */
function nameOf(one: unknown): string {
  if (typeof one === 'string') return one;
  const { type, params } = one as { type: string; params?: unknown };
  const fixed = typeof params === 'object' && params !== null ? Object.values(params).map(String) : [];
  return fixed.length === 0 ? type : `${type}(${fixed.join(', ')})`;
}
