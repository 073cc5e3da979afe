import Elk, { type ElkExtendedEdge, type ElkNode } from 'elkjs/lib/elk-api.js';
import workerUrl from 'elkjs/lib/elk-worker.min.js?url';
import { boxOf, cornersOf, layered, widthOf, type Box, type Point } from '../../../diagrams/geometry.ts';
import type { ChartEntry, StateEntry } from '../../model.ts';
import { arrowsOf, type Arrow } from './chart-graph.ts';

/** A chart with a place for everything, in pixels from its upper left corner. */
export interface Layout extends Pick<Box, 'width' | 'height'> {
  /** Outer states before those in them. */
  readonly states: readonly { readonly state: StateEntry; readonly box: Box }[];
  readonly begin: Box | undefined;
  readonly arrows: readonly { readonly arrow: Arrow; readonly points: readonly Point[]; readonly label: Box | undefined }[];
}

/** In pixels. */
export const sizes = Object.freeze({ name: 12.5, label: 10.5, line: 13, badge: 44, state: 32 });

const options = {
  ...layered,
  'elk.padding': '[top=6,left=6,bottom=6,right=6]',
  'elk.spacing.nodeNode': '26',
  'elk.spacing.edgeNode': '14',
  'elk.spacing.edgeEdge': '10',
  'elk.spacing.edgeLabel': '3',
  'elk.layered.spacing.nodeNodeBetweenLayers': '26',
  'elk.layered.spacing.edgeNodeBetweenLayers': '12',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '8',
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
      const width = Math.ceil(widthOf(nameOf(state), sizes.name)) + 22 + sizes.badge;
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
  const width = Math.ceil(Math.max(34, ...texts.map((text) => widthOf(text, sizes.label)))) + 6;
  return { ...edge, labels: [{ text: id, width, height: (lines.length + 1) * sizes.line + 2 }] };
}

function placeOf(edge: ElkExtendedEdge | undefined): { points: Point[]; label: Box | undefined } {
  const label = edge?.labels?.[0];
  return { points: cornersOf(edge), label: label === undefined ? undefined : boxOf(label) };
}

function nodesBelow({ children = [] }: ElkNode): ElkNode[] {
  return children.flatMap((child) => [child, ...nodesBelow(child)]);
}
