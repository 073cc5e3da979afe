import { bytesText, msText, rateText } from './amounts.ts';
import type { Size } from './live-screen.ts';
import { oneLine } from './text.ts';
import type { JobShown, Snapshot } from './top-snapshot.ts';

/** A snapshot as lines of plain text: as many as there is room for, none longer than the room is wide. */
export function topLines(snapshot: Snapshot, trouble: string | undefined, { columns, rows }: Size): string[] {
  const head = [...headLines(snapshot), ...gaugeLines(snapshot), ...standingLines(snapshot)];
  const notes = noteLines(snapshot, trouble);
  const room = Math.max(3, rows - head.length - notes.length - 1);
  return [...head, ...notes, ...jobLines(snapshot.jobs, columns).slice(0, room)].map((line) => line.slice(0, columns).trimEnd());
}

function headLines({ agent, at, gauges }: Snapshot): string[] {
  const { name, version, pid, protocol } = agent;
  const who = [`virtagent ${oneLine(version, 20)}`, pid === undefined ? '' : `process ${pid}`].filter((part) => part !== '').join(', ');
  const line = [`link ${gauges?.link ?? '-'}`, protocol === undefined ? '' : oneLine(protocol, 20), `watched for ${msText(at)}`];
  return [
    `${oneLine(name, 60)} (${who})`,
    line.filter((part) => part !== '').join(', ') + (gauges?.paused === true ? ', sending is paused' : ''),
  ];
}

function gaugeLines({ gauges, rates, done }: Snapshot): string[] {
  if (gauges === undefined) return [];
  const { send, execute, server, client, credit, counters } = gauges;
  const count = (name: string): number => counters[name] ?? 0;
  const creditText = credit === undefined ? '' : `; credit ${limit(credit.requests)} requests, ${bytesText(credit.bytes)}`;
  const perSecond = (of: 'messagesIn' | 'messagesOut' | 'jobs'): string => (rates === undefined ? '' : ` (${rateText(rates[of])}/s)`);
  const bytesPerSecond = (of: 'bytesIn' | 'bytesOut'): string => (rates === undefined ? '' : ` (${bytesText(rates[of])}/s)`);
  return [
    `send    ${send.taken}/${limit(send.slots)} slots, ${send.waiting} waiting; ours ${client.count}, ${bytesText(client.bytes)}${creditText}`,
    `execute ${execute.taken}/${limit(execute.slots)} slots, ${execute.waiting} waiting, ${execute.parked} parked; theirs ${server.count}, ${bytesText(server.bytes)}`,
    `in      ${count('messagesIn')} messages${perSecond('messagesIn')}, ${bytesText(count('bytesIn'))}${bytesPerSecond('bytesIn')}`,
    `out     ${count('messagesOut')} messages${perSecond('messagesOut')}, ${bytesText(count('bytesOut'))}${bytesPerSecond('bytesOut')}`,
    `jobs    ${done} done${perSecond('jobs')}, ${gauges.jobs} live; damaged ${count('damaged')}, violations ${count('violations')}, unclaimed ${count('unclaimed')}`,
  ];
}

/** Which states jobs stand in. */
function standingLines({ standing }: Snapshot): string[] {
  const charts = Object.entries(standing).filter(([, states]) => Object.keys(states).length > 0);
  if (charts.length === 0) return [];
  const texts = charts.map(
    ([chart, states]) =>
      `${oneLine(chart, 20)}: ${Object.entries(states)
        .map(([path, count]) => `${oneLine(path, 30)} ${count}`)
        .join(', ')}`,
  );
  return [`states  ${texts.join('; ')}`];
}

function noteLines({ leftOut, gone }: Snapshot, trouble: string | undefined): string[] {
  const notes: string[] = [];
  if (trouble !== undefined) notes.push(`! ${oneLine(trouble, 200)}: what is shown is the last that was heard`);
  if (gone !== undefined) notes.push(`! the agent has gone: ${oneLine(gone, 200)}`);
  if (leftOut.jobs > 0) notes.push(`! ${leftOut.jobs} jobs are not listed: the agent tells of some only; counts are of all`);
  return notes;
}

/** A line of the table of jobs. */
interface Cells {
  readonly age: string;
  readonly inState: string;
  readonly arrow: string;
  readonly method: string;
  readonly state: string;
  readonly bytes: string;
  readonly tag: string;
}

const widths = Object.freeze({ time: 8, arrow: 2, method: 20, state: 17, bytes: 9, tag: 40 });

/** From this width on methods have more room: as much as there is, up to half as much again as the names of methods take. */
const WIDE = 100;
const MOST_METHOD = 50;

/** In a narrower window they have less, down to what `guest-get-osinfo` takes: the end of a tag tells one job from another. */
const NARROW = 84;
const LEAST_METHOD = 16;

const titles: Cells = { age: 'AGE', inState: 'IN STATE', arrow: '', method: 'METHOD', state: 'STATE', bytes: 'BYTES', tag: 'TAG' };

function jobLines(jobs: readonly JobShown[], columns: number): string[] {
  const more = Math.max(0, columns - WIDE) + Math.min(0, columns - NARROW);
  const method = Math.min(MOST_METHOD, Math.max(LEAST_METHOD, widths.method + more));
  return [titles, ...jobs.map((job) => cellsOf(job, method))].map((cells) =>
    [
      cells.age.padStart(widths.time),
      cells.inState.padStart(widths.time),
      cells.arrow.padEnd(widths.arrow),
      cells.method.padEnd(method),
      cells.state.padEnd(widths.state),
      cells.bytes.padStart(widths.bytes),
      cells.tag,
    ].join(' '),
  );
}

function cellsOf(job: JobShown, method: number): Cells {
  const state = job.isDone ? (job.outcome ?? job.state) : job.state.replace('busy.', '');
  return {
    age: msText(job.ageMs),
    inState: job.isDone ? '' : msText(job.inStateMs),
    arrow: job.class === 'client' ? '->' : '<-',
    method: cut(oneLine(job.method ?? `(${job.chart})`, 60), method),
    state: cut(oneLine(state, 60), widths.state),
    bytes: bytesText(job.bytes),
    tag: oneLine(job.tag, widths.tag),
  };
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}~`;
}

/** Infinity comes as null. */
function limit(value: number | null): string {
  return value === null || value === Infinity ? 'any' : String(value);
}
