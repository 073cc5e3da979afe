import { charts, type Chart } from '../../diagrams/charts.ts';
import {
  actionsOf,
  childrenOf,
  eventName,
  guardOf,
  initialOf,
  namesOf,
  pathOf,
  statesOf,
  type ChartNode as Node,
  type ChartTransition as Transition,
} from '../../diagrams/chart-nodes.ts';
import { mermaidOf } from '../../diagrams/mermaid.ts';
import { docCommentBefore } from './comments.ts';
import { code, page, table } from './markdown.ts';

/** The pages of all charts, by their paths. */
export function chartPages(): [string, string][] {
  return charts.map((chart) => [`docs/charts/${chart.name}.md`, chartPage(chart)]);
}

/** One chart as a page: a drawing, its states, and what each state does with each event. */
export function chartPage({ name, title, file, declaration, machine }: Chart): string {
  const { root } = machine;
  return page(title, file, [
    `Source: [${file}](../../${file}).`,
    ...docCommentBefore(file, declaration),
    '```mermaid\n' + mermaidOf(root) + '\n```',
    `\`virtagent diagram ${name}\` prints it, and with \`--format svg\` a picture.`,
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

function leavesOf(root: Node): Node[] {
  return statesOf(root).filter((node) => childrenOf(node).length === 0);
}

/** All events, in the order in which the states list them. */
function eventsOf(root: Node): string[] {
  return [...new Set([root, ...statesOf(root)].flatMap((node) => [...node.transitions.keys()]))].filter((event) => event !== '');
}

function isInitial(node: Node): boolean {
  const parent = node.parent as Node | undefined;
  return parent === undefined || (initialOf(parent) === node && isInitial(parent));
}

function isPassing(node: Node): boolean {
  return (node.always ?? []).some(({ guard, target }) => guard === undefined && target !== undefined);
}
