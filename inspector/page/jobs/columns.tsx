import type { ComponentChildren } from 'preact';
import type { JobTrack, View } from '../../model.ts';
import { bytes, duration } from '../state/format.ts';
import { ageOf, directionOf, type JobOrder } from '../state/job-filter.ts';

interface Column {
  readonly name: string;
  readonly order: JobOrder;
  readonly isNumber?: boolean;
  readonly show: (job: JobTrack, view: View, now: number) => ComponentChildren;
}

/** The columns of the table of jobs. */
export const columns: readonly Column[] = [
  { name: 'Tag', order: 'tag', show: ({ record, number }) => <code title={`job ${number}`}>{record.tag === '' ? '–' : record.tag}</code> },
  { name: 'Method', order: 'method', show: ({ record }) => record.method ?? <span class="quiet">–</span> },
  { name: 'Kind', order: 'kind', show: (job) => <Kind job={job} /> },
  { name: 'State', order: 'state', show: (job, view) => <StateName job={job} view={view} /> },
  { name: 'Age', order: 'age', isNumber: true, show: (job, view, now) => duration(ageOf(job, view.isLive ? now : view.at)) },
  { name: 'Bytes', order: 'bytes', isNumber: true, show: ({ record }) => bytes(record.bytes) },
  { name: 'Outcome', order: 'outcome', show: (job, view) => <Outcome job={job} at={view.at} /> },
];

function Kind({ job }: { job: JobTrack }) {
  const direction = directionOf(job.record.class);
  return (
    <>
      <span class="direction" role="img" aria-label={direction}>
        {direction === 'out' ? '→' : '←'}
      </span>{' '}
      {job.chart.name}
    </>
  );
}

/** The state in which a job stands, with the colour of what it spends its time on. */
export function StateName({ job, view }: { job: JobTrack; view: View }) {
  const { state } = view.standingOf(job);
  if (state === undefined) return <span class="quiet">not known</span>;
  return (
    <>
      <span class={`dot phase-${job.endAt(view.at) !== undefined && job.hasFailed ? 'failed' : state.phase}`} aria-hidden="true" />
      {state.path}
    </>
  );
}

/** How a job ended: its code, where it failed. */
export function Outcome({ job, at }: { job: JobTrack; at: number }) {
  const end = job.endAt(at);
  if (end === undefined) return null;
  return (
    <span class={end.outcome === 'value' ? 'outcome' : 'outcome failed'} title={`the other side: ${end.known}`}>
      {end.outcome}
      {end.code === undefined ? null : <code> {end.code}</code>}
    </span>
  );
}
