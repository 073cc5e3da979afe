/**
 * What a job spends its time on, whatever its chart calls it:
 *
 * - `queue`: it waits for a slot, a line or the other side's credit;
 * - `run`: its handler runs;
 * - `line`: its bytes are being written;
 * - `peer`: the other side is at work for it;
 * - `end`: its outcome is known, its callback runs;
 * - `other`: a state of a chart that is not of this package.
 */
export type Phase = 'queue' | 'run' | 'line' | 'peer' | 'end' | 'other';

/** In the order in which a call goes through them. */
export const phases: readonly Phase[] = ['queue', 'run', 'line', 'peer', 'end', 'other'];

const known: Readonly<Record<string, Phase>> = {
  new: 'queue',
  executed: 'queue',
  'busy.continuing': 'queue',
  'busy.executing': 'run',
  'busy.sending': 'line',
  'busy.parked': 'peer',
  sent: 'peer',
  read: 'end',
  'busy.callback': 'end',
  done: 'end',
};

/** The charts of jobs that this package has: other kinds of job may use the same names for other things. */
const ownKinds: ReadonlySet<string> = new Set(['client', 'server', 'notice']);

/** The phase of a state, by the name of its chart and its path. */
export function phaseOf(chart: string, path: string): Phase {
  if (!ownKinds.has(chart)) return 'other';
  // A response, or a notice, that is on the line is at its end: only a request awaits something there.
  if (path === 'sent' && chart !== 'client') return 'end';
  return Object.hasOwn(known, path) ? (known[path] ?? 'other') : 'other';
}
