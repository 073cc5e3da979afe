import type { ChartEntry, EdgeEntry, StateEntry } from '../../model.ts';

/** What is drawn as one arrow: all edges from one state to another. */
export interface Arrow {
  readonly id: string;
  /** Undefined: it is how the chart begins. */
  readonly from: StateEntry | undefined;
  readonly to: StateEntry;
  readonly edges: readonly EdgeEntry[];
  /** What is written at it, line by line. */
  readonly lines: readonly LabelLine[];
}

export interface LabelLine {
  readonly event: string;
  readonly guard: string | undefined;
}

/** The arrows of a chart. What stays where it is is drawn only if it does something there, a report of a violation apart. */
export function arrowsOf(chart: ChartEntry): Arrow[] {
  const bundles = new Map<string, EdgeEntry[]>();
  for (const edge of chart.edges) {
    if (edge.from === edge.to && !doesSomething(edge)) continue;
    const key = `${edge.from?.index ?? 'begin'}-${edge.to.index}`;
    const bundle = bundles.get(key);
    if (bundle === undefined) bundles.set(key, [edge]);
    else bundle.push(edge);
  }
  return [...bundles].map(([id, edges]) => {
    const [first] = edges as [EdgeEntry];
    return { id, from: first.from, to: first.to, edges, lines: first.from === undefined ? [] : linesOf(edges) };
  });
}

function doesSomething({ description }: EdgeEntry): boolean {
  return description.actions.some((action) => action !== 'report' && !action.startsWith('report('));
}

/** Events that share a guard are written together; a guard is written where it makes a difference to where an event leads. */
function linesOf(edges: readonly EdgeEntry[]): LabelLine[] {
  const byEvent = new Map<string, Set<string | undefined>>();
  for (const { description } of edges) {
    const guards = byEvent.get(description.event) ?? new Set();
    byEvent.set(description.event, guards.add(description.guard));
  }
  const byGuard = new Map<string | undefined, string[]>();
  for (const [event, guards] of byEvent) {
    // With and without: whatever the guard says it leads there.
    const [guard] = guards.size === 1 ? guards : [undefined];
    const events = byGuard.get(guard) ?? [];
    byGuard.set(guard, events);
    if (event !== '') events.push(inWords(event));
  }
  return [...byGuard].flatMap(([guard, events]) => broken(events, guard)).filter(({ event, guard }) => event !== '' || guard !== undefined);
}

/** XState's own events of children, as words: `link done`. */
function inWords(event: string): string {
  return event.replace(
    /^xstate\.(done|error)\.actor\.(.+)$/,
    (_, what: string, child: string) => `${child} ${what === 'done' ? 'done' : 'failed'}`,
  );
}

/** Two events a line at most: an arrow with many would push the states apart. */
function broken(events: readonly string[], guard: string | undefined): LabelLine[] {
  const lines: string[] = [];
  for (const event of events) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + event.length < 22) lines[lines.length - 1] = `${last}, ${event}`;
    else lines.push(event);
  }
  if (lines.length === 0) return [{ event: '', guard }];
  return lines.map((event, place) => ({ event, guard: place === lines.length - 1 ? guard : undefined }));
}
