import type { JobTrack, View } from '../../model.ts';
import { after } from '../state/format.ts';
import type { Store } from '../state/store.ts';

/** At most so many: the last. */
const most = 200;

/** The events that moved a job, each with its moment: a click shows everything as it was then. */
export function JobEvents({ store, job, view }: { store: Store; job: JobTrack; view: View }) {
  const until = job.stepsUntil(view.isLive ? Infinity : view.at);
  const first = Math.max(0, until - most);
  const steps = job.path.slice(first, until);
  return (
    <>
      {first + job.dropped === 0 ? null : <p class="quiet">{first + job.dropped} earlier events are not shown.</p>}
      <ol class="events">
        {steps.map(({ description, from, to }, place) => {
          const at = job.times[first + place] ?? job.began;
          return (
            <li key={first + place}>
              <button
                type="button"
                class="link time"
                title="Show everything as it was then"
                onClick={() => store.set({ cursor: store.model.nearTime(job.of, at) })}
              >
                {after(at - job.began)}
              </button>
              <span>
                {description.event === '' ? <span class="quiet">at once</span> : <code>{description.event}</code>}
                {description.guard === undefined ? null : <span class="guard"> [{description.guard}]</span>}
              </span>
              <span class="quiet">{from === to ? 'stays' : `→ ${to.path}`}</span>
            </li>
          );
        })}
      </ol>
    </>
  );
}
