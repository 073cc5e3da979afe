import type { JobTrack, Stay, View } from '../../model.ts';
import { after, duration } from '../state/format.ts';
import type { Store } from '../state/store.ts';

/** The states that a job was in, as bars along its life, with how long it was in each. */
export function JobStays({ store, job, view }: { store: Store; job: JobTrack; view: View }) {
  const now = view.isLive ? store.now(job.of) : view.at;
  const stays = job.staysUntil(view.isLive ? Infinity : view.at).filter(({ state }) => !state.isEnd);
  const shown = stays.slice(-40);
  const begin = shown[0]?.from ?? job.began;
  const whole = Math.max(0.001, Math.min(job.doneAt ?? now, now) - begin);
  const endOf = ({ to }: Stay): number => Math.min(to ?? job.doneAt ?? now, now);
  return (
    <table class="stays">
      <caption class="unseen">The states of this job, with when it came and how long it was there</caption>
      <thead class="unseen">
        <tr>
          <th scope="col">State</th>
          <th scope="col">Part of its life</th>
          <th scope="col">For</th>
        </tr>
      </thead>
      <tbody>
        {shown.length === stays.length && job.dropped === 0 ? null : (
          <tr>
            <td colSpan={3} class="quiet">
              earlier states are not shown
            </td>
          </tr>
        )}
        {shown.map((stay, place) => (
          <tr key={place} title={`${after(stay.from - job.began)} after it began, by ${stay.by.description.event || 'at once'}`}>
            <th scope="row">
              <span class={`dot phase-${stay.state.phase}`} aria-hidden="true" />
              {stay.state.path}
            </th>
            <td class="stay-track" aria-hidden="true">
              <span
                class={`stay phase-${stay.state.phase}`}
                style={{ left: `${((stay.from - begin) / whole) * 100}%`, width: `${((endOf(stay) - stay.from) / whole) * 100}%` }}
              />
            </td>
            <td class="number">{duration(endOf(stay) - stay.from)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
