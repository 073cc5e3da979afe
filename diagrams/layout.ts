import elk, { type ElkExtendedEdge, type ElkNode } from 'elkjs/lib/elk.bundled.js';
import { boxOf, cornersOf, layered, widthOf, type Box, type Point } from './geometry.ts';
import { arrowsOf, childrenOf, idOf, initialOf, pathOf, type Arrow, type ChartNode } from './chart-nodes.ts';

/** A state where it is drawn. */
export interface PlacedState extends Box {
  /** `begin` is the dot from which the first arrow leads. */
  readonly kind: 'atomic' | 'compound' | 'final' | 'begin';
  readonly name: string;
  readonly path: string;
  readonly description: string | undefined;
}

/** An arrow where it is drawn: its corners, and its label line by line. */
export interface PlacedArrow {
  readonly points: readonly Point[];
  readonly lines: readonly LabelLine[];
  /** The upper left corner of the label; undefined where there is none. */
  readonly label: Point | undefined;
}

/** A line of a label: the parts look different. */
export interface LabelLine {
  readonly kind: 'event' | 'guard' | 'action';
  readonly text: string;
  /** Where its text begins, below the upper edge of the label. */
  readonly y: number;
}

/** A chart with a place for everything: states from outside to inside. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly states: readonly PlacedState[];
  readonly arrows: readonly PlacedArrow[];
}

/** Sizes in pixels. */
export const sizes = Object.freeze({ name: 14, label: 11, lineHeight: 14, gap: 5, padding: 12 });

/** Characters of a label's line, beyond which it is broken at a comma. */
const LINE_CHARACTERS = 30;

const elkOptions = {
  ...layered,
  'elk.padding': '[top=20,left=20,bottom=20,right=20]',
  'elk.spacing.nodeNode': '36',
  'elk.spacing.edgeNode': '20',
  'elk.spacing.edgeEdge': '14',
  'elk.spacing.edgeLabel': '4',
  'elk.layered.spacing.nodeNodeBetweenLayers': '34',
  'elk.layered.spacing.edgeNodeBetweenLayers': '16',
};

/** Finds a place for everything in a chart, from its machine's root. The same chart has the same layout each time. */
export async function layoutOf(root: ChartNode): Promise<Layout> {
  const arrows = bundlesOf(root);
  const graph = { id: '(root)', layoutOptions: elkOptions, children: nodesIn(root), edges: [...beginnings(root), ...arrows.map(edgeOf)] };
  const placed = (await new elk.default().layout(graph)) as ElkNode;
  const edges = new Map((placed.edges ?? []).map((edge) => [edge.id, edge]));
  return {
    width: Math.ceil(placed.width ?? 0),
    height: Math.ceil(placed.height ?? 0),
    states: placedIn(placed, root),
    arrows: [...edges.values()].map((edge) => placedArrow(edge, arrows[Number(edge.id)])),
  };
}

const beginOf = (parent: ChartNode): string => `(begin)${idOf(parent)}`;

function nodesIn(parent: ChartNode): ElkNode[] {
  const begin = { id: beginOf(parent), width: 12, height: 12 };
  const states = childrenOf(parent).map((node): ElkNode => {
    const id = idOf(node);
    const width = Math.ceil(widthOf(node.key, sizes.name)) + 2 * sizes.padding + 8;
    if (childrenOf(node).length === 0) return { id, width, height: 38 };
    const layoutOptions = { 'elk.padding': '[top=40,left=18,bottom=18,right=18]', 'elk.nodeSize.constraints': 'MINIMUM_SIZE' };
    return { id, layoutOptions: { ...layoutOptions, 'elk.nodeSize.minimum': `(${width},60)` }, children: nodesIn(node) };
  });
  return [begin, ...states];
}

/** The arrows from the dots, of all states that have others inside. */
function beginnings(parent: ChartNode): ElkExtendedEdge[] {
  const own = { id: beginOf(parent), sources: [beginOf(parent)], targets: [idOf(initialOf(parent))] };
  return [own, ...childrenOf(parent).flatMap((node) => (childrenOf(node).length === 0 ? [] : beginnings(node)))];
}

/** All arrows from one state to another: drawn as one. */
type Bundle = readonly [Arrow, ...Arrow[]];

function bundlesOf(root: ChartNode): Bundle[] {
  const bundles = new Map<string, Bundle>();
  for (const arrow of arrowsOf(root)) {
    const key = `${idOf(arrow.from)} ${idOf(arrow.to)}`;
    const before = bundles.get(key);
    bundles.set(key, before === undefined ? [arrow] : [...before, arrow]);
  }
  return [...bundles.values()];
}

function edgeOf(bundle: Bundle, index: number): ElkExtendedEdge {
  const [{ from, to }] = bundle;
  const lines = labelLines(bundle);
  const width = Math.ceil(Math.max(0, ...lines.map(({ text }) => widthOf(text, sizes.label)))) + 6;
  const label = { text: 'label', width, height: (lines.at(-1)?.y ?? 0) + sizes.lineHeight + 2 };
  return { id: String(index), sources: [idOf(from)], targets: [idOf(to)], labels: lines.length === 0 ? [] : [label] };
}

/** What is written at an arrow: events, guard and actions, each on lines of their own; a gap before the next that it stands for. */
function labelLines(bundle: Bundle): LabelLine[] {
  let y = 0;
  return bundle.flatMap((arrow) => {
    if (y > 0) y += sizes.gap;
    return linesOf(arrow).map((line) => {
      const placed = { ...line, y };
      y += sizes.lineHeight;
      return placed;
    });
  });
}

function linesOf({ events, guard, actions }: Arrow): Omit<LabelLine, 'y'>[] {
  const parts = [
    { kind: 'event', text: events.join(', ') },
    { kind: 'guard', text: guard },
    { kind: 'action', text: actions === '' ? '' : `/ ${actions}` },
  ] as const;
  return parts.flatMap(({ kind, text }) => brokenLines(text).map((line) => ({ kind, text: line })));
}

function brokenLines(text: string): string[] {
  const lines: string[] = [];
  for (const part of text === '' ? [] : text.split(/(?<=,) /)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + part.length <= LINE_CHARACTERS) lines[lines.length - 1] = `${last} ${part}`;
    else lines.push(part);
  }
  return lines;
}

function placedIn(placed: ElkNode, parent: ChartNode): PlacedState[] {
  const boxes = new Map((placed.children ?? []).map((box) => [box.id, box]));
  const begin = boxes.get(beginOf(parent));
  const dot = begin === undefined ? [] : [{ ...boxOf(begin), kind: 'begin' as const, name: '', path: '', description: undefined }];
  const states = childrenOf(parent).flatMap((node): PlacedState[] => {
    const box = boxes.get(idOf(node));
    if (box === undefined) return [];
    const kind = childrenOf(node).length > 0 ? 'compound' : node.type === 'final' ? 'final' : 'atomic';
    return [{ ...boxOf(box), kind, name: node.key, path: pathOf(node), description: node.description }, ...placedIn(box, node)];
  });
  return [...states, ...dot];
}

function placedArrow(edge: ElkExtendedEdge, bundle: Bundle | undefined): PlacedArrow {
  const label = edge.labels?.[0];
  return {
    points: cornersOf(edge),
    lines: bundle === undefined ? [] : labelLines(bundle),
    label: label === undefined ? undefined : { x: label.x ?? 0, y: label.y ?? 0 },
  };
}
