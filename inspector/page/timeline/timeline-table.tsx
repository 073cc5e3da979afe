import { phases, type JobTrack, type Phase, type View } from '../../model.ts';
import { after, duration, several } from '../state/format.ts';
import { ageOf } from '../state/job-filter.ts';
import type { Store } from '../state/store.ts';

/** At most so many: the last. A table of all would be no help to anybody. */
const most = 200;

const names: Readonly<Record<Phase, string>> = {
  queue: 'Queue',
  run: 'Handler',
  line: 'Line',
  peer: 'Other side',
  end: 'Callback',
  other: 'Other',
};

/** What the lanes show, in numbers. */
export function TimelineTable({ store, view, jobs }: { store: Store; view: View; jobs: readonly JobTrack[] }) {
  const now = view.isLive ? store.now(view.of) : view.at;
  const shown = jobs.slice(-most).toReversed();
  return (
    <div class="scroll">
      <table class="plain timeline-table">
        <caption class="quiet">
          {jobs.length > most ? `The last ${most} of ${several(jobs.length, 'job')}` : several(jobs.length, 'job')}, and how long each spent
          on what
        </caption>
        <thead>
          <tr>
            <th scope="col">Job</th>
            <th scope="col" class="number">
              Began
            </th>
            {phases.map((phase) => (
              <th key={phase} scope="col" class="number">
                {names[phase]}
              </th>
            ))}
            <th scope="col" class="number">
              In all
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((job) => {
            const spent = spentBy(job, now);
            return (
              <tr key={job.number}>
                <th scope="row">
                  <button type="button" class="link" onClick={() => store.set({ selected: job })}>
                    {job.record.method ?? job.chart.name} <code>{job.record.tag}</code>
                  </button>
                </th>
                <td class="number">{after(job.began - view.history.range.from)}</td>
                {phases.map((phase) => (
                  <td key={phase} class="number">
                    {spent[phase] === 0 ? '' : duration(spent[phase])}
                  </td>
                ))}
                <td class="number">{duration(ageOf(job, now))}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** How long a job had spent on what, at a moment. */
function spentBy(job: JobTrack, now: number): Record<Phase, number> {
  const spent: Record<Phase, number> = { queue: 0, run: 0, line: 0, peer: 0, end: 0, other: 0 };
  const over = Math.min(job.doneAt ?? now, now);
  for (const { state, from, to } of job.staysUntil(now)) spent[state.phase] += Math.max(0, Math.min(to ?? over, over) - from);
  return spent;
}
