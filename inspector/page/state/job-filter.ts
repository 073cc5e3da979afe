import type { JobTrack, View } from '../../model.ts';

/** Which jobs are shown. */
export interface JobFilter {
  /** Words that all have to be found, see {@link matcherOf}. */
  readonly text: string;
  readonly failedOnly: boolean;
  readonly liveOnly: boolean;
  /** The name of a chart; empty: all. */
  readonly kind: string;
}

export const everyJob: JobFilter = { text: '', failedOnly: false, liveOnly: false, kind: '' };

/** What a job says in each column by which it can be looked for. */
const columns: Readonly<Record<string, (job: JobTrack, view: View) => string>> = {
  tag: ({ record }) => record.tag,
  method: ({ record }) => record.method ?? '',
  kind: ({ chart }) => chart.name,
  state: (job, view) => view.standingOf(job).state?.path ?? '',
  outcome: (job, view) => job.endAt(view.at)?.outcome ?? '',
  code: (job, view) => job.endAt(view.at)?.code ?? '',
  direction: ({ record }) => directionOf(record.class),
  job: ({ number }) => String(number),
};

/** Which way a request goes, from the side that tells of it: a `client` job's goes out. */
export function directionOf(side: 'client' | 'server'): 'out' | 'in' {
  return side === 'client' ? 'out' : 'in';
}

/**
 * Whether a job is shown. Each word of the text has to be part of some column, or of one column where it is named: `state:sent`,
 * `method:get`, `code:BUSY`, `tag:h42`, `direction:in`. Upper and lower case are the same.
 */
export function matcherOf(filter: JobFilter): (job: JobTrack, view: View) => boolean {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean).map(wordOf);
  const { failedOnly, liveOnly, kind } = filter;
  return (job, view) => {
    if (kind !== '' && job.chart.name !== kind) return false;
    if (liveOnly && job.isDoneAt(view.at)) return false;
    if (failedOnly && !(job.hasFailed && job.endAt(view.at) !== undefined)) return false;
    return words.every((word) => word(job, view));
  };
}

function wordOf(word: string): (job: JobTrack, view: View) => boolean {
  const colon = word.indexOf(':');
  const name = word.slice(0, Math.max(colon, 0));
  const column = Object.hasOwn(columns, name) ? columns[name] : undefined;
  if (column !== undefined) {
    const value = word.slice(colon + 1);
    return (job, view) => column(job, view).toLowerCase().includes(value);
  }
  const all = Object.values(columns);
  return (job, view) => all.some((one) => one(job, view).toLowerCase().includes(word));
}

/** By what jobs are ordered. */
export type JobOrder = 'began' | 'tag' | 'method' | 'kind' | 'state' | 'age' | 'bytes' | 'outcome';

const keys: Readonly<Record<JobOrder, (job: JobTrack, view: View) => number | string>> = {
  began: ({ number }) => number,
  tag: ({ record }) => record.tag,
  method: ({ record }) => record.method ?? '',
  kind: ({ chart }) => chart.name,
  state: (job, view) => view.standingOf(job).state?.path ?? '',
  age: (job, view) => ageOf(job, view.at),
  bytes: ({ record }) => record.bytes,
  outcome: (job, view) => job.endAt(view.at)?.outcome ?? '',
};

/** How long a job had been there at a moment, or was in all. */
export function ageOf(job: JobTrack, at: number): number {
  return Math.max(0, Math.min(job.doneAt ?? at, at) - job.began);
}

/** The jobs of a view that are shown, in order; of those that are equal the newer comes first. */
export function shownJobs(view: View, filter: JobFilter, order: JobOrder, descending: boolean): JobTrack[] {
  const matches = matcherOf(filter);
  const shown = view.jobs.filter((job) => matches(job, view)).toReversed();
  if (order === 'began') return descending ? shown : shown.toReversed();
  const key = keys[order];
  const sign = descending ? -1 : 1;
  return shown
    .map((job) => [key(job, view), job] as const)
    .sort(([a], [b]) => (a < b ? -sign : a > b ? sign : 0))
    .map(([, job]) => job);
}
