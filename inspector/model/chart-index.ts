import type { ChartDescription, EdgeDescription, StateDescription } from '../records.ts';
import { phaseOf, type Phase } from './phases.ts';

/** A state of a chart, with what is asked of it for every step. */
export interface StateEntry {
  readonly chart: ChartEntry;
  /** Its place in the chart's list of states. */
  readonly index: number;
  readonly path: string;
  readonly description: StateDescription;
  readonly phase: Phase;
  /** Whether whoever is in it is done. */
  readonly isEnd: boolean;
  /** The states that it is in, the nearest first, by their places. */
  readonly within: readonly number[];
  /** How many stood in it when counting began; of a state with states in it they are counted there. */
  readonly stoodFirst: number;
}

/** An edge of a chart, by the number that steps and counts have for it. */
export interface EdgeEntry {
  readonly number: number;
  readonly chart: ChartEntry;
  readonly description: EdgeDescription;
  /** Undefined: it is how the chart begins. */
  readonly from: StateEntry | undefined;
  readonly to: StateEntry;
}

/**
 * A way into a state of which no step was told: whoever took it began before what is told, or steps of it were left out. It is none of the
 * chart's edges, and has no number.
 */
export function untoldWayTo(to: StateEntry): EdgeEntry {
  const description = { from: undefined, to: to.path, event: '(not told)', guard: undefined, actions: [] };
  return { number: -1, chart: to.chart, description, from: undefined, to };
}

/** A chart, with its states and edges by number and by path. */
export interface ChartEntry {
  readonly name: string;
  readonly isJob: boolean;
  readonly states: readonly StateEntry[];
  readonly edges: readonly EdgeEntry[];
}

/**
 * How many charts, states of a chart, states within states and edges of all charts are taken: what a hostile side describes beyond that
 * is left out.
 */
const most = { charts: 64, states: 512, within: 16, edges: 16_384 } as const;

/** The charts of a head record by name, and their edges by number. What makes no sense in them is left out. */
export class ChartIndex {
  readonly charts: readonly ChartEntry[];
  /** One more than the highest number of an edge. */
  readonly edgeCount: number;
  readonly #edges: (EdgeEntry | undefined)[] = [];
  readonly #byName = new Map<string, ChartEntry>();

  constructor(descriptions: readonly ChartDescription[]) {
    for (const description of descriptions.slice(0, most.charts)) this.#read(description);
    this.charts = [...this.#byName.values()];
    this.edgeCount = this.#edges.length;
  }

  edge(number: number): EdgeEntry | undefined {
    return this.#edges[number];
  }

  chart(name: string): ChartEntry | undefined {
    return this.#byName.get(name);
  }

  #read({ name, isJob, states, edges, firstEdge, standing = [] }: ChartDescription): void {
    if (this.#byName.has(name) || !Number.isInteger(firstEdge) || firstEdge < 0) return;
    const ownStates: StateEntry[] = [];
    const ownEdges: EdgeEntry[] = [];
    const chart: ChartEntry = { name, isJob, states: ownStates, edges: ownEdges };
    // One path is one state: of two that are called the same the first is meant.
    const first = new Map(
      states
        .slice(0, most.states)
        .map(({ path }, place) => [path, place] as const)
        .toReversed(),
    );
    const known = states.slice(0, most.states).filter(({ path }, place) => first.get(path) === place);
    const places = new Map(known.map(({ path }, index) => [path, index]));
    for (const [index, description] of known.entries()) {
      const stood = standing[first.get(description.path) ?? -1] ?? 0;
      ownStates.push({
        chart,
        index,
        path: description.path,
        description,
        phase: phaseOf(name, description.path),
        isEnd: description.type === 'final' && description.parent === undefined,
        within: ancestors(description, known, places),
        stoodFirst: description.type === 'compound' ? 0 : stood,
      });
    }
    edges.forEach((description, place) => {
      const number = firstEdge + place;
      const from = description.from === undefined ? undefined : ownStates[places.get(description.from) ?? -1];
      const to = ownStates[places.get(description.to) ?? -1];
      if (to === undefined || (description.from !== undefined && from === undefined) || number >= most.edges) return;
      const edge: EdgeEntry = { number, chart, description, from, to };
      ownEdges.push(edge);
      this.#edges[number] = edge;
    });
    this.#byName.set(name, chart);
  }
}

/** The places of the states that a state is in; a circle ends at where it closes. */
function ancestors(state: StateDescription, states: readonly StateDescription[], places: ReadonlyMap<string, number>): number[] {
  const within: number[] = [];
  for (let at = places.get(state.parent ?? ''); at !== undefined && !within.includes(at); at = places.get(states[at]?.parent ?? '')) {
    if (within.length === most.within) break;
    within.push(at);
  }
  return within;
}
