import Elk, { type ElkExtendedEdge, type ElkNode } from 'elkjs/lib/elk-api.js';
import workerUrl from 'elkjs/lib/elk-worker.min.js?url';
import type { ChartEntry, StateEntry } from '../../model.ts';
import { arrowsOf, type Arrow } from './chart-graph.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/** A chart with a place for everything, in pixels from its upper left corner. */
export interface Layout extends Pick<Box, 'width' | 'height'> {
  /** Outer states before those in them. */
  readonly states: readonly { readonly state: StateEntry; readonly box: Box }[];
  readonly begin: Box | undefined;
  readonly arrows: readonly { readonly arrow: Arrow; readonly points: readonly Point[]; readonly label: Box | undefined }[];
}

/** Of a monospaced font, so that the width of a text is known without drawing it. */
export const sizes = Object.freeze({ name: 12.5, label: 10.5, line: 13, perCharacter: 0.602, badge: 44, state: 32 });

const options = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.json.shapeCoords': 'ROOT',
  'elk.json.edgeCoords': 'ROOT',
  'elk.padding': '[top=6,left=6,bottom=6,right=6]',
  'elk.spacing.nodeNode': '26',
  'elk.spacing.edgeNode': '14',
  'elk.spacing.edgeEdge': '10',
  'elk.spacing.edgeLabel': '3',
  'elk.layered.spacing.nodeNodeBetweenLayers': '26',
  'elk.layered.spacing.edgeNodeBetweenLayers': '12',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '8',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.considerModelOrder.strategy': 'PREFER_NODES',
  // What the chart has first is above, and the arrows back are those that lead up.
  'elk.layered.cycleBreaking.strategy': 'MODEL_ORDER',
};

let elk: InstanceType<typeof Elk> | undefined = undefined;
const layouts = new WeakMap<ChartEntry, Promise<Layout>>();

/** Finds a place for everything in a chart: once for each, in a worker. */
export function layoutOf(chart: ChartEntry): Promise<Layout> {
  const known = layouts.get(chart);
  if (known !== undefined) return known;
  const layout = findPlaces(chart);
  layouts.set(chart, layout);
  return layout;
}

async function findPlaces(chart: ChartEntry): Promise<Layout> {
  elk ??= new Elk({ workerUrl });
  const arrows = arrowsOf(chart);
  const edges = arrows.map(edgeOf);
  const begin: ElkNode = { id: 'begin', width: 10, height: 10 };
  const hasBegin = arrows.some(({ from }) => from === undefined);
  const children = [...(hasBegin ? [begin] : []), ...nodesIn(chart, undefined)];
  const placed: ElkNode = await elk.layout({ id: 'root', layoutOptions: options, children, edges });
  const boxes = new Map(nodesBelow(placed).map((node) => [node.id, boxOf(node)]));
  const byId = new Map((placed.edges ?? []).map((edge) => [edge.id, edge]));
  return {
    width: Math.ceil(placed.width ?? 0),
    height: Math.ceil(placed.height ?? 0),
    states: [...chart.states]
      .sort((a, b) => a.within.length - b.within.length)
      .flatMap((state) => {
        const box = boxes.get(idOf(state));
        return box === undefined ? [] : [{ state, box }];
      }),
    begin: boxes.get('begin'),
    arrows: arrows.map((arrow) => ({ arrow, ...placeOf(byId.get(arrow.id)) })),
  };
}

const idOf = (state: StateEntry | undefined): string => (state === undefined ? 'begin' : `state-${state.index}`);

function nodesIn(chart: ChartEntry, parent: StateEntry | undefined): ElkNode[] {
  return chart.states
    .filter(({ within }) => within[0] === parent?.index)
    .map((state) => {
      const children = nodesIn(chart, state);
      const width = Math.ceil(textWidth(nameOf(state), sizes.name)) + 22 + sizes.badge;
      if (children.length === 0) return { id: idOf(state), width, height: sizes.state };
      return { id: idOf(state), children, layoutOptions: { 'elk.padding': '[top=34,left=14,bottom=14,right=14]' } };
    });
}

/** A state's own name: that of the state around it is written there. */
export function nameOf({ description }: StateEntry): string {
  return description.parent === undefined ? description.path : description.path.slice(description.parent.length + 1);
}

function edgeOf({ id, from, to, lines }: Arrow): ElkExtendedEdge {
  const edge = { id, sources: [idOf(from)], targets: [idOf(to)] };
  if (from === undefined) return edge;
  const texts = lines.map(({ event, guard }) => event + (guard === undefined ? '' : ` [${guard}]`));
  // The last line is for how often it was taken.
  const width = Math.ceil(Math.max(34, ...texts.map((text) => textWidth(text, sizes.label)))) + 6;
  return { ...edge, labels: [{ text: id, width, height: (lines.length + 1) * sizes.line + 2 }] };
}

function textWidth(text: string, size: number): number {
  return text.length * size * sizes.perCharacter;
}

function placeOf(edge: ElkExtendedEdge | undefined): { points: Point[]; label: Box | undefined } {
  const points = (edge?.sections ?? []).flatMap(({ startPoint, bendPoints = [], endPoint }) => [startPoint, ...bendPoints, endPoint]);
  const label = edge?.labels?.[0];
  return { points, label: label === undefined ? undefined : boxOf(label) };
}

function nodesBelow({ children = [] }: ElkNode): ElkNode[] {
  return children.flatMap((child) => [child, ...nodesBelow(child)]);
}

function boxOf({ x = 0, y = 0, width = 0, height = 0 }: Partial<Box>): Box {
  return { x, y, width, height };
}

/** The way of an arrow, with round corners. */
export function roundedPath(points: readonly Point[]): string {
  return points
    .map((point, place) => {
      const [before, next] = [points[place - 1], points[place + 1]];
      if (before === undefined) return `M${text(point)}`;
      if (next === undefined) return `L${text(point)}`;
      return `L${text(towards(point, before))}Q${text(point)} ${text(towards(point, next))}`;
    })
    .join('');
}

/** The point beside a corner on the way to another: at most half of that way. */
function towards(corner: Point, other: Point): Point {
  const length = Math.hypot(other.x - corner.x, other.y - corner.y);
  const part = length === 0 ? 0 : Math.min(6, length / 2) / length;
  return { x: corner.x + (other.x - corner.x) * part, y: corner.y + (other.y - corner.y) * part };
}

const text = ({ x, y }: Point): string => `${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`;
