import type { HeadRecord, InspectRecord, JobRecord } from '../../inspector/records.ts';
import type { Viewer } from '../../inspector/watchable.ts';

type Of<T extends InspectRecord['type']> = Extract<InspectRecord, { type: T }>;

interface Edge {
  readonly chart: string;
  readonly from: string | undefined;
  readonly to: string;
}

/** A viewer that keeps what it is told, and follows each job by it. */
export class Onlooker implements Viewer {
  readonly records: InspectRecord[] = [];
  /** The states of each job, by number. */
  readonly paths = new Map<number, string[]>();
  readonly jobs = new Map<number, JobRecord>();
  readonly #edges: Edge[] = [];
  isBehind = false;

  readonly take = (records: readonly InspectRecord[]): void => {
    // As they would come over any line.
    for (const record of JSON.parse(JSON.stringify(records)) as InspectRecord[]) this.#add(record);
  };

  readonly isReady = (): boolean => !this.isBehind;

  of<T extends InspectRecord['type']>(type: T): Of<T>[] {
    return this.records.filter((record): record is Of<T> => record.type === type);
  }

  get head(): HeadRecord {
    return this.of('head').at(-1) as HeadRecord;
  }

  /** Counts by `chart from event→to`; the last that was told. */
  get counts(): Map<number, number> {
    const counts = new Map<number, number>();
    for (const { edges, taken } of this.of('counts')) for (const [at, edge] of edges.entries()) counts.set(edge, taken[at] as number);
    return counts;
  }

  /** How many jobs stand in each state, by the counts alone. */
  get standing(): Record<string, number> {
    const standing: Record<string, number> = {};
    const add = (name: string, by: number): void => void (standing[name] = (standing[name] ?? 0) + by);
    for (const { name, states, standing: first } of this.head.charts)
      for (const [at, { path }] of states.entries()) add(`${name} ${path}`, first?.[at] ?? 0);
    for (const [edge, taken] of this.counts) {
      const { chart, from, to } = this.#edges[edge] as Edge;
      if (from !== undefined) add(`${chart} ${from}`, -taken);
      add(`${chart} ${to}`, taken);
    }
    return Object.fromEntries(Object.entries(standing).filter(([name, count]) => count !== 0 && !name.endsWith(' done')));
  }

  /** Jobs that are told of and not over, with the state in which they stand. */
  get live(): Record<string, string> {
    const live: Record<string, string> = {};
    for (const [job, path] of this.paths) {
      const state = path.at(-1) ?? 'nowhere';
      const { chart, tag } = this.jobs.get(job) as JobRecord;
      if (state !== 'done') live[`${chart} ${tag}`] = state;
    }
    return live;
  }

  #add(record: InspectRecord): void {
    this.records.push(record);
    if (record.type === 'head') {
      for (const { name, firstEdge, edges } of record.charts)
        for (const [at, { from, to }] of edges.entries()) this.#edges[firstEdge + at] = { chart: name, from, to };
    } else if (record.type === 'job') {
      this.jobs.set(record.job, record);
      this.paths.set(record.job, [...(this.paths.get(record.job) ?? []), ...(record.state === undefined ? [] : [record.state])]);
    } else if (record.type === 'steps') {
      for (const [at, edge] of record.edges.entries()) this.#step(record.jobs[at] as number, edge);
    }
  }

  /** Each step must begin where the job stands, or how would anybody follow it? */
  #step(job: number, edge: number): void {
    const path = this.paths.get(job);
    const { from, to, chart } = this.#edges[edge] as Edge;
    if (path === undefined) throw new Error(`a step of job ${job}, which was not told of`);
    if (this.jobs.get(job)?.chart !== chart) throw new Error(`job ${job} takes a step of ${chart}`);
    if (path.at(-1) !== from) throw new Error(`job ${job} stands in ${path.at(-1)}, and takes a step from ${from}`);
    path.push(to);
  }
}
