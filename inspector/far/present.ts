import type { ChartDescription, GaugesRecord, GoneRecord, HeadRecord, InspectRecord, JobRecord, Side, StepsRecord } from '../records.ts';

/** Edges that are counted: no agent has more, and whoever invents numbers fills no memory. */
const MOST_EDGES = 16_384;

/** Jobs that are held at once, the agent's own parts among them; what is beyond is counted alone. */
const MOST_JOBS = 1_000;

function stepsOf(of: Side, placed: readonly (LiveJob & { edge: number })[]): StepsRecord {
  const first = placed[0]?.at ?? 0;
  const after = placed.map(({ at }) => at - first);
  return { type: 'steps', of, at: first, after, jobs: placed.map(({ record }) => record.job), edges: placed.map(({ edge }) => edge) };
}

/** The states in which jobs have ended, by chart. */
function finalsOf({ charts }: HeadRecord): Map<string, Set<string>> {
  const paths = ({ states }: ChartDescription): Set<string> =>
    new Set(states.filter(({ type, parent }) => type === 'final' && parent === undefined).map(({ path }) => path));
  return new Map(charts.map((chart) => [chart.name, paths(chart)]));
}

/** The edges by which jobs end, by number. */
export function endsOf(head: HeadRecord): Set<number> {
  const finals = finalsOf(head);
  const ends = head.charts.flatMap(({ name, edges, firstEdge }) =>
    edges.flatMap(({ to }, place) => (finals.get(name)?.has(to) === true ? [firstEdge + place] : [])),
  );
  return new Set(ends);
}

/** A job that is not done, and its last step. */
interface LiveJob {
  readonly record: JobRecord;
  edge: number | undefined;
  at: number;
}

/**
 * How a side is now, out of what it has told: enough to begin with for who joins late, where the past is not to be had, or would cost
 * too much to tell. What is left out for that is counted.
 */
export class Present {
  #head: HeadRecord | undefined;
  #gauges: GaugesRecord | undefined;
  #gone: GoneRecord | undefined;
  #at = 0;
  /** Told since the head. */
  #jobs = 0;
  #steps = 0;
  #edges = 0;
  #ends = new Set<number>();
  #finals = new Map<string, Set<string>>();
  readonly #counts = new Map<number, number>();
  readonly #live = new Map<number, LiveJob>();

  /** Takes a record of the side. What comes before its first head is nothing. */
  take(record: InspectRecord): void {
    if (record.type === 'head') this.#begin(record);
    if (this.#head === undefined) return;
    this.#at = Math.max(this.#at, record.at);
    switch (record.type) {
      case 'counts':
        for (const [place, edge] of record.edges.entries()) if (edge < this.#edges) this.#counts.set(edge, record.taken[place] ?? 0);
        return;
      case 'steps':
        return this.#step(record);
      case 'job':
        return this.#job(record);
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
    const live = [...this.#live.values()];
    const placed = live.filter((job): job is LiveJob & { edge: number } => job.edge !== undefined).sort((a, b) => a.at - b.at);
    const counts = new Map(this.#counts);
    // Their last steps are told again, and count then.
    for (const { edge } of placed) counts.set(edge, (counts.get(edge) ?? 1) - 1);
    const leftOut = { jobs: this.#jobs - live.length, steps: this.#steps - placed.length };
    return [
      head,
      { type: 'counts', of, at: head.at, edges: [...counts.keys()], taken: [...counts.values()] },
      ...(leftOut.steps === 0 ? [] : [{ type: 'left-out', of, at: head.at, ...leftOut, why: 'ring', oneIn: 1 } as const]),
      ...live.map(({ record }) => record),
      ...(placed.length === 0 ? [] : [stepsOf(of, placed)]),
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
    this.#live.clear();
    this.#ends = endsOf(head);
    this.#finals = finalsOf(head);
    this.#edges = Math.min(MOST_EDGES, Math.max(0, ...head.charts.map(({ firstEdge, edges }) => firstEdge + edges.length)));
  }

  #job(record: JobRecord): void {
    if (!this.#live.has(record.job)) this.#jobs++;
    const isOver = record.state !== undefined && this.#finals.get(record.chart)?.has(record.state) === true;
    if (isOver) this.#live.delete(record.job);
    else if (this.#live.size < MOST_JOBS) this.#live.set(record.job, { record, edge: undefined, at: record.at });
  }

  #step({ at, after, jobs, edges }: StepsRecord): void {
    this.#steps += edges.length;
    for (const [place, edge] of edges.entries()) {
      if (edge < this.#edges) this.#counts.set(edge, (this.#counts.get(edge) ?? 0) + 1);
      const number = jobs[place] ?? 0;
      const job = this.#live.get(number);
      if (job === undefined) continue;
      job.edge = edge;
      job.at = at + (after[place] ?? 0);
      // The agent's own parts stay where they have ended.
      if (number >= 0 && this.#ends.has(edge)) this.#live.delete(number);
    }
  }
}
