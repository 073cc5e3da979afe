/** What is aimed at, and whether it is met. A target that is missed is shown; it fails nothing. */
import { digits } from './format.ts';
import type { Table } from './section.ts';

export interface Target {
  /** The name of its figure. */
  readonly what: string;
  /** Whether more is better, or less. */
  readonly better: 'more' | 'less';
  readonly atLeast: number;
  readonly aim: number;
}

export type Verdict = 'aim met' | 'met' | 'missed' | 'not measured';

export const targets: readonly Target[] = [
  { what: 'echo, 64 in flight, calls/s against birpc', better: 'more', atLeast: 0.5, aim: 0.8 },
  { what: 'echo, 64 in flight, calls/s against vscode-jsonrpc', better: 'more', atLeast: 1.5, aim: 2.5 },
  { what: 'echo, 1024 in flight, calls/s against birpc', better: 'more', atLeast: 0.8, aim: 1.2 },
  { what: "echo, 64 in flight, p99 against birpc's", better: 'less', atLeast: 4, aim: 1.5 },
  { what: 'echo, 1 in flight, p50 against the bare floor', better: 'less', atLeast: 1.5, aim: 1.1 },
  { what: 'echo, 16 in flight x 64 KiB, calls/s against birpc', better: 'more', atLeast: 0.9, aim: 1.1 },
  { what: 'manager, µs per job at 100 k waiting / at 10 waiting', better: 'less', atLeast: 2, aim: 1.3 },
  { what: 'manager, µs per job at 10 k waiting / one interpreted job actor', better: 'less', atLeast: 0.8, aim: 0.4 },
  { what: 'bytes per waiting job at 100 k', better: 'less', atLeast: 2500, aim: 1800 },
  { what: 'virtagent-2, urgent p99 under bulk / alone', better: 'less', atLeast: 20, aim: 8 },
  { what: 'virtagent-2, bulk beside urgent calls / without', better: 'more', atLeast: 0.6, aim: 0.8 },
  { what: 'urgent p99 under bulk / alone', better: 'less', atLeast: 60, aim: 40 },
  { what: 'calls/s with an inspector, against nobody', better: 'more', atLeast: 0.95, aim: 0.97 },
  { what: 'calls/s with an inspector and a viewer, against nobody', better: 'more', atLeast: 0.8, aim: 0.9 },
  { what: 'calls/s after an inspector has gone, against never', better: 'more', atLeast: 0.97, aim: 1 },
  { what: 'both ways at once against one way, total calls/s', better: 'more', atLeast: 0.9, aim: 1 },
  ...['virtio-serial', 'pseudo-terminal'].flatMap((line): Target[] => [
    { what: `${line}, 1 in flight, p50 against the bare floor`, better: 'less', atLeast: 2, aim: 1.3 },
    { what: `${line}, 64 in flight, calls/s against the bare floor`, better: 'more', atLeast: 0.5, aim: 0.77 },
    { what: `${line}, 4 in flight x 16 KiB, calls/s against the bare floor`, better: 'more', atLeast: 0.5, aim: 0.77 },
  ]),
];

export function verdictOf({ better, atLeast, aim }: Target, figure: number | undefined): Verdict {
  if (figure === undefined || Number.isNaN(figure)) return 'not measured';
  const meets = (bound: number): boolean => (better === 'more' ? figure >= bound : figure <= bound);
  if (meets(aim)) return 'aim met';
  return meets(atLeast) ? 'met' : 'missed';
}

/** The targets of the sections that were run, beside what was measured. */
export function targetTable(figures: Readonly<Record<string, number>>): Table {
  const bound = (target: Target, value: number): string => `${target.better === 'more' ? '≥' : '≤'} ${value}`;
  return {
    title: 'targets (ours: jsonrpc-lines unless named)',
    columns: [{ name: 'what' }, { name: 'measured', show: digits }, { name: 'at least' }, { name: 'aim' }, { name: 'verdict' }],
    rows: targets
      .filter(({ what }) => what in figures)
      .map((target) => [
        target.what,
        figures[target.what] ?? NaN,
        bound(target, target.atLeast),
        bound(target, target.aim),
        verdictOf(target, figures[target.what]),
      ]),
  };
}
