import { arrowsOf, childrenOf, idOf, initialOf, statesOf, type ChartNode } from './chart-nodes.ts';

/** A chart in Mermaid, from its machine's root: in the subset of the syntax that every renderer takes, without styles and notes. */
export function mermaidOf(root: ChartNode): string {
  return ['stateDiagram-v2', ...inside(root, 1), ...arrows(root).map((arrow) => `  ${arrow}`)].join('\n');
}

/** The initial marker and the states of a compound state, those with children as blocks. */
function inside(parent: ChartNode, depth: number): string[] {
  const indent = '  '.repeat(depth);
  const states = childrenOf(parent).flatMap((node) => {
    if (childrenOf(node).length === 0) return [`${indent}state "${node.key}" as ${idOf(node)}`];
    return [`${indent}state "${node.key}" as ${idOf(node)} {`, ...inside(node, depth + 1), `${indent}}`];
  });
  return [`${indent}[*] --> ${idOf(initialOf(parent))}`, ...states];
}

function arrows(root: ChartNode): string[] {
  const lines = arrowsOf(root).map(({ from, to, events, guard, actions }) => {
    const label = [events.join(', '), guard, actions === '' ? '' : `/ ${actions}`].filter((part) => part !== '').join(' ');
    return `${idOf(from)} --> ${idOf(to)}${label === '' ? '' : ` : ${label}`}`;
  });
  const finals = statesOf(root).filter(({ type }) => type === 'final');
  return [...lines, ...finals.map((node) => `${idOf(node)} --> [*]`)];
}
