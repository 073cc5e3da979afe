import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js';

/** A point of a drawing, in pixels from its upper left corner. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A box of a drawing, in pixels. */
export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/** Characters of a monospaced font are so wide, as a part of their size: the width of a text is known without drawing it. */
const PER_CHARACTER = 0.602;

/** How charts are laid out, wherever they are drawn: from above to below, states within states. Distances are the drawing's own. */
export const layered = Object.freeze({
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.json.shapeCoords': 'ROOT',
  'elk.json.edgeCoords': 'ROOT',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.considerModelOrder.strategy': 'PREFER_NODES',
  // What the chart has first is above, and the arrows back are those that lead up.
  'elk.layered.cycleBreaking.strategy': 'MODEL_ORDER',
});

/** How wide a text is, in pixels. */
export function widthOf(text: string, fontSize: number): number {
  return text.length * fontSize * PER_CHARACTER;
}

/** Where a state is. */
export function boxOf({ x = 0, y = 0, width = 0, height = 0 }: Partial<Pick<ElkNode, keyof Box>>): Box {
  return { x, y, width, height };
}

/** The way of an arrow: its ends and its corners. */
export function cornersOf(edge: ElkExtendedEdge | undefined): Point[] {
  return (edge?.sections ?? []).flatMap(({ startPoint, bendPoints = [], endPoint }) => [startPoint, ...bendPoints, endPoint]);
}

/** The path of an arrow: straight pieces with rounded corners, `radius` in pixels. */
export function roundedPath(points: readonly Point[], radius: number): string {
  const pieces = points.map((point, at) => {
    const [before, after] = [points[at - 1], points[at + 1]];
    if (before === undefined) return `M${text(point)}`;
    if (after === undefined) return `L${text(point)}`;
    return `L${text(towards(point, before, radius))}Q${text(point)} ${text(towards(point, after, radius))}`;
  });
  return pieces.join('');
}

/** The point beside a corner on the way to another: at most half of that way. */
function towards(corner: Point, other: Point, radius: number): Point {
  const length = Math.hypot(other.x - corner.x, other.y - corner.y);
  const part = length === 0 ? 0 : Math.min(radius, length / 2) / length;
  return { x: corner.x + (other.x - corner.x) * part, y: corner.y + (other.y - corner.y) * part };
}

function text({ x, y }: Point): string {
  return `${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`;
}
