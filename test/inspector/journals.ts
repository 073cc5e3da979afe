import type { AnyActorRef } from 'xstate';
import { keepJournal, releaseJournal, stateOf, type Journal } from '../../actors/journal.ts';
import { BEGUN, STEP_BELOW } from '../../actors/journal-ring.ts';
import type { Manager } from '../../actors/manager.ts';

/** A journal that a test keeps: what its ring holds, in words. */
export class Kept {
  readonly journal: Journal;
  readonly #manager: Manager;

  constructor(manager: Manager, size = 2 ** 14) {
    this.#manager = manager;
    this.journal = keepJournal(manager, size);
  }

  release(): void {
    releaseJournal(this.#manager);
  }

  /** The states that each job has entered, by its number. */
  get paths(): Map<number, string[]> {
    const { ring } = this.journal;
    const paths = new Map<number, string[]>();
    for (let position = ring.tail; position < ring.head; position++) {
      const at = ring.placeOf(position);
      const code = ring.codes[at] as number;
      const job = ring.jobs[at] as number;
      if (code < STEP_BELOW) paths.set(job, [...(paths.get(job) ?? []), this.edge(code).to]);
    }
    return paths;
  }

  /** How many entries are steps, beginnings and ends. */
  get kinds(): { steps: number; begun: number; ended: number } {
    const { ring } = this.journal;
    const kinds = { steps: 0, begun: 0, ended: 0 };
    for (let position = ring.tail; position < ring.head; position++) {
      const code = ring.codes[ring.placeOf(position)] as number;
      kinds[code < STEP_BELOW ? 'steps' : code < 2 * BEGUN ? 'begun' : 'ended']++;
    }
    return kinds;
  }

  edge(number: number): { chart: string; from: string | undefined; to: string; event: string } {
    const { charts } = this.journal;
    const chart = charts.findLast(({ firstEdge }) => firstEdge <= number);
    const edge = chart?.edges[number - chart.firstEdge];
    if (chart === undefined || edge === undefined) throw new Error(`no edge ${number}`);
    return { chart: chart.name, from: edge.from?.path.join('.'), to: edge.to.path.join('.'), event: edge.event };
  }

  /** How many stand in each state, by what was counted: `client busy.sending`. */
  get counted(): Record<string, number> {
    const { journal } = this;
    const standing = new Map<string, number>();
    const add = (chart: string, state: string | undefined, by: number): void => {
      if (state === undefined) return;
      const name = `${chart} ${state}`;
      standing.set(name, (standing.get(name) ?? 0) + by);
    };
    for (const [chart, states] of journal.standing) for (const [state, count] of states) add(chart, state, count);
    for (const [number, taken] of journal.counts.entries()) {
      const { chart, from, to } = this.edge(number);
      add(chart, from, -taken);
      add(chart, to, taken);
    }
    return Object.fromEntries([...standing].filter(([name, count]) => count !== 0 && !name.endsWith(' done')));
  }

  /** The same, by looking at the actors. */
  get seen(): Record<string, number> {
    const standing: Record<string, number> = {};
    const { source, parts } = this.journal;
    const add = (chart: string, ref: AnyActorRef | undefined): void => {
      const state = ref === undefined ? undefined : stateOf(ref);
      if (state !== undefined && state !== 'done') standing[`${chart} ${state}`] = (standing[`${chart} ${state}`] ?? 0) + 1;
    };
    for (const { kind, actor } of source.table.all()) add(kind.name, actor);
    for (const { name, ref } of parts) add(name, ref);
    return standing;
  }
}
