import { useState } from 'preact/hooks';
import { phases, type JobTrack, type Phase, type View } from '../../model.ts';
import { FilterBar } from '../jobs/filter-bar.tsx';
import { shownJobs } from '../state/job-filter.ts';
import type { Store } from '../state/store.ts';
import { TimelineCanvas } from './timeline-canvas.tsx';
import { TimelineTable } from './timeline-table.tsx';

const inWords: Readonly<Record<Phase, string>> = {
  queue: 'waits in a queue',
  run: 'its handler runs',
  line: 'on the line',
  peer: 'the other side is at work',
  end: 'its callback runs',
  other: 'another state',
};

/** A lane for each job. */
export function TimelineTab({ store, view }: { store: Store; view: View }) {
  const [asTable, setAsTable] = useState(false);
  const jobs = shownJobs(view, store.filter, 'began', false);
  return (
    <div class="timeline">
      <FilterBar store={store} view={view} shown={jobs.length} />
      <div class="legend">
        {phases
          .filter((phase) => phase !== 'other' || hasOther(jobs))
          .map((phase) => (
            <span key={phase}>
              <span class={`dot phase-${phase}`} aria-hidden="true" />
              {inWords[phase]}
            </span>
          ))}
        <span>
          <span class="dot phase-failed" aria-hidden="true" />
          failed
        </span>
        <label class="check">
          <input type="checkbox" checked={asTable} onChange={(event) => setAsTable(event.currentTarget.checked)} />
          as a table
        </label>
      </div>
      {asTable ? <TimelineTable store={store} view={view} jobs={jobs} /> : <TimelineCanvas store={store} view={view} jobs={jobs} />}
    </div>
  );
}

/** Whether there are jobs of a kind whose states are not known here: the first few say it. */
function hasOther(jobs: readonly JobTrack[]): boolean {
  return jobs.slice(0, 200).some(({ state }) => state?.phase === 'other');
}
