import type { JournalChart } from '../actors/journal.ts';
import { pathOf } from './charts.ts';

/** What is asked of edges again and again, by their numbers. */
export class EdgeIndex {
  /** The path of the state from which it is taken; undefined: it is how its chart begins. */
  readonly from: (string | undefined)[] = [];
  /** Whether it ends the chart. */
  readonly isLast: boolean[] = [];
  /** By chart: the path of its final state. */
  readonly finals = new Map<string, string>();

  constructor(charts: readonly JournalChart[]) {
    for (const { name, edges, machine } of charts) {
      for (const { from, to } of edges) {
        const isLast = to.type === 'final' && to.parent === machine.root;
        this.from.push(from === undefined ? undefined : pathOf(from));
        this.isLast.push(isLast);
        if (isLast) this.finals.set(name, pathOf(to));
      }
    }
  }
}
