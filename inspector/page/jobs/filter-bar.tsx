import type { View } from '../../model.ts';
import { several } from '../state/format.ts';
import { everyJob } from '../state/job-filter.ts';
import type { Store } from '../state/store.ts';

/** What is looked for among the jobs; it holds for the timeline and the sequence too. */
export function FilterBar({ store, view, shown }: { store: Store; view: View; shown: number }) {
  const { filter } = store;
  const change = (part: Partial<typeof filter>): void => store.set({ filter: { ...filter, ...part } });
  const all = view.jobs.length;
  return (
    <form class="filter" role="search" onSubmit={(event) => event.preventDefault()}>
      <input
        type="search"
        aria-label="Filter jobs"
        placeholder="Filter: words, or state:sent method:get code:BUSY direction:in …"
        value={filter.text}
        spellcheck={false}
        onInput={(event) => change({ text: event.currentTarget.value })}
      />
      <select aria-label="Kind of job" value={filter.kind} onChange={(event) => change({ kind: event.currentTarget.value })}>
        <option value="">every kind</option>
        {view.history.charts.charts
          .filter(({ isJob }) => isJob)
          .map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
      </select>
      <label class="check">
        <input type="checkbox" checked={filter.failedOnly} onChange={(event) => change({ failedOnly: event.currentTarget.checked })} />
        failed only
      </label>
      <label class="check">
        <input type="checkbox" checked={filter.liveOnly} onChange={(event) => change({ liveOnly: event.currentTarget.checked })} />
        live only
      </label>
      {filter === everyJob ? null : (
        <button type="button" onClick={() => store.set({ filter: everyJob })}>
          Clear
        </button>
      )}
      <output class="quiet" data-shown={shown}>
        {shown === all ? several(all, 'job') : `${shown.toLocaleString('en-GB')} of ${several(all, 'job')}`}
      </output>
    </form>
  );
}
