import Table from 'cli-table3';
import type { SeenJob } from './job-log.ts';
import { oneLine } from './text.ts';

const directions: Readonly<Record<string, string>> = { client: 'host → guest', server: 'guest → host' };
const arrows: Readonly<Record<string, string>> = { client: '→', server: '←' };

/** What the columns but that of the states take, with their borders. */
const WIDE = [6, 14, 14, 12, 9];
const NARROW = [16, 8];
const WIDE_LEAST = 120;
const LEAST_STATES = 20;

/** The jobs as a table: who calls, what, and the states that the job went through. */
export function jobTable(jobs: readonly SeenJob[], width: number, hasColours: boolean): string {
  const isWide = width >= WIDE_LEAST;
  const others = isWide ? WIDE : NARROW;
  const states = Math.max(LEAST_STATES, width - others.reduce((sum, one) => sum + one + 1, 2));
  const table = new Table({
    head: isWide ? ['job', 'direction', 'method', 'tag', 'states', 'ms'] : ['call', 'states', 'ms'],
    colWidths: [...others.slice(0, -1), states, others.at(-1) as number],
    style: { compact: true, head: hasColours ? ['cyan'] : [], border: hasColours ? ['grey'] : [] },
  });
  for (const job of jobs) table.push([...(isWide ? wide(job) : narrow(job)), fit(job.states, states - 2), time(job)]);
  return table.toString();
}

function wide({ seq, kind, method, tag }: SeenJob): string[] {
  return [String(seq), directions[kind] ?? kind, oneLine(method ?? '', 11), oneLine(tag.slice(-9))];
}

function narrow({ kind, method }: SeenJob): string[] {
  return [`${arrows[kind] ?? kind} ${oneLine(method ?? '', 12)}`];
}

function time({ tookMs }: SeenJob): string {
  return tookMs === undefined ? '…' : tookMs.toFixed(1);
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
