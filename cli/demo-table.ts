import Table from 'cli-table3';
import type { SeenJob } from './job-log.ts';
import { oneLine } from './text.ts';

const arrows: Readonly<Record<string, string>> = { client: 'host → guest', server: 'guest → host' };

/** What the other columns and the borders take. */
const OTHER_WIDTH = 62;
const LEAST_STATES_WIDTH = 20;

/** The jobs as a table: who calls, what, and the states that the job went through. */
export function jobTable(jobs: readonly SeenJob[], width: number, hasColours: boolean): string {
  const statesWidth = Math.max(LEAST_STATES_WIDTH, width - OTHER_WIDTH);
  const table = new Table({
    head: ['job', 'direction', 'method', 'tag', 'states', 'ms'],
    colWidths: [6, 14, 14, 12, statesWidth, 9],
    style: { compact: true, head: hasColours ? ['cyan'] : [], border: hasColours ? ['grey'] : [] },
  });
  for (const job of jobs) table.push(row(job, statesWidth - 2));
  return table.toString();
}

function row({ seq, kind, method, tag, states, tookMs }: SeenJob, width: number): string[] {
  return [
    String(seq),
    arrows[kind] ?? kind,
    oneLine(method ?? '', 12),
    oneLine(tag.slice(-9)),
    fit(states, width),
    tookMs === undefined ? '…' : tookMs.toFixed(1),
  ];
}

/** A path of states in the room that there is: whole, without the compound state's name, or its end. */
function fit(states: readonly string[], width: number): string {
  const whole = states.join(' → ');
  if (whole.length <= width) return whole;
  const short = states.map((state) => state.replace('busy.', '')).join(' → ');
  if (short.length <= width) return short;
  const tight = short.replaceAll(' → ', '→');
  return tight.length <= width ? tight : `…${tight.slice(1 - width)}`;
}
