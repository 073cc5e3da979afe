import type { GaugesRecord, HeadRecord, InspectRecord } from '../records.ts';

/** Edges that are counted: no agent has more, and whoever invents numbers fills no memory. */
const MOST_EDGES = 16_384;

/**
 * How a side is now, out of what it has told: enough to begin with for who joins late, where the past is not to be had, or would cost
 * too much to tell. What is left out for that is counted.
 */
export class Present {
  #head: HeadRecord | undefined;
  #gauges: GaugesRecord | undefined;
  #gone: InspectRecord | undefined;
  #edges = 0;
  #at = 0;
  #jobs = 0;
  #steps = 0;
  readonly #counts = new Map<number, number>();

  /** Takes a record of the side. What comes before its first head is nothing. */
  take(record: InspectRecord): void {
    if (record.type === 'head') this.#begin(record);
    if (this.#head === undefined) return;
    this.#at = Math.max(this.#at, record.at);
    switch (record.type) {
      case 'counts':
        for (const [place, edge] of record.edges.entries()) this.#count(edge, record.taken[place] ?? 0, false);
        return;
      case 'steps':
        this.#steps += record.edges.length;
        for (const edge of record.edges) this.#count(edge, 1, true);
        return;
      case 'job':
        this.#jobs++;
        return;
      case 'gauges':
        this.#gauges = record;
        return;
      case 'gone':
        this.#gone = record;
        return;
      case 'head':
      case 'end':
      case 'message':
      case 'left-out':
      case 'live':
    }
  }

  /** What a viewer that joins now is told; nothing as long as the side has told nothing. */
  records(): InspectRecord[] {
    const head = this.#head;
    if (head === undefined) return [];
    const { of } = head;
    const at = this.#at;
    return [
      head,
      { type: 'counts', of, at, edges: [...this.#counts.keys()], taken: [...this.#counts.values()] },
      ...(this.#steps === 0 ? [] : [{ type: 'left-out', of, at, jobs: this.#jobs, steps: this.#steps, why: 'ring', oneIn: 1 } as const]),
      ...(this.#gauges === undefined ? [] : [this.#gauges]),
      { type: 'live', of, at },
      ...(this.#gone === undefined ? [] : [this.#gone]),
    ];
  }

  #begin(head: HeadRecord): void {
    this.#head = head;
    this.#gauges = this.#gone = undefined;
    this.#at = head.at;
    this.#jobs = this.#steps = 0;
    this.#counts.clear();
    this.#edges = Math.min(MOST_EDGES, Math.max(0, ...head.charts.map(({ firstEdge, edges }) => firstEdge + edges.length)));
  }

  #count(edge: number, taken: number, isMore: boolean): void {
    if (edge < this.#edges) this.#counts.set(edge, taken + (isMore ? (this.#counts.get(edge) ?? 0) : 0));
  }
}
