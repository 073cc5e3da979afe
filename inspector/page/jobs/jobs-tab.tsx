import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { JobTrack, View } from '../../model.ts';
import { useSize } from '../parts/use-size.ts';
import { shownJobs } from '../state/job-filter.ts';
import type { Store } from '../state/store.ts';
import { columns } from './columns.tsx';
import { FilterBar } from './filter-bar.tsx';

/** The height of a row in pixels: it is the same for all, so that only those in sight need be there. */
const rowHeight = 27;

/** A table of the jobs. However many there are, only the rows in sight are elements of the page. */
export function JobsTab({ store, view }: { store: Store; view: View }) {
  const jobs = shownJobs(view, store.filter, store.order.by, store.order.descending);
  return (
    <div class="jobs">
      <FilterBar store={store} view={view} shown={jobs.length} />
      <Table store={store} view={view} jobs={jobs} />
    </div>
  );
}

function Table({ store, view, jobs }: { store: Store; view: View; jobs: readonly JobTrack[] }) {
  const { ref, height } = useSize<HTMLDivElement>();
  const [top, setTop] = useState(0);
  const first = Math.max(0, Math.min(Math.floor(top / rowHeight) - 6, jobs.length - 1));
  const rows = jobs.slice(first, first + Math.ceil(height / rowHeight) + 12);
  const now = store.now(view.of);
  const at = store.selected === undefined ? -1 : jobs.indexOf(store.selected);
  const chosen = useRef(false);
  /** Rows move while jobs come: meant is the one on which the button went down, wherever it is when the button goes up. */
  const pressed = useRef<JobTrack | undefined>(undefined);
  useSteadyRows(ref, jobs);
  useEffect(() => {
    // Only where the keys have moved it: whoever scrolls while jobs come is left where they are.
    if (chosen.current && at >= 0) keepInSight(ref.current, at);
    chosen.current = false;
  });
  const choose = (place: number): void => {
    const job = jobs[Math.max(0, Math.min(jobs.length - 1, place))];
    chosen.current = true;
    if (job !== undefined) store.set({ selected: job });
  };
  const keys: Record<string, () => void> = {
    ArrowDown: () => choose(at + 1),
    ArrowUp: () => choose(at - 1),
    PageDown: () => choose(at + Math.floor(height / rowHeight) - 1),
    PageUp: () => choose(at - Math.floor(height / rowHeight) + 1),
    Home: () => choose(0),
    End: () => choose(jobs.length - 1),
    Escape: () => store.set({ selected: undefined }),
  };
  return (
    <div
      class="job-table"
      role="grid"
      aria-label="Jobs"
      aria-rowcount={jobs.length + 1}
      aria-colcount={columns.length}
      {...(at >= first && at < first + rows.length ? { 'aria-activedescendant': `job-${store.selected?.number}` } : {})}
      tabIndex={0}
      onKeyDown={(event) => {
        const act = keys[event.key];
        if (act === undefined || event.ctrlKey || event.metaKey || event.target !== event.currentTarget) return;
        event.preventDefault();
        act();
      }}
    >
      <div class="job-row job-head" role="row" aria-rowindex={1}>
        {columns.map((column, place) => (
          <Head key={column.order} store={store} column={column} place={place} />
        ))}
      </div>
      {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the grid has the keys */}
      <div
        class="job-rows"
        role="presentation"
        ref={ref}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
        onPointerDown={({ target }) => (pressed.current = jobOf(target, jobs))}
        onClick={({ target }) => {
          const job = pressed.current ?? jobOf(target, jobs);
          pressed.current = undefined;
          if (job !== undefined) store.set({ selected: store.selected === job ? undefined : job });
        }}
      >
        <div role="presentation" style={{ height: `${jobs.length * rowHeight}px` }}>
          <div role="presentation" style={{ transform: `translateY(${first * rowHeight}px)` }}>
            {rows.map((job, place) => (
              <Row key={job.number} store={store} view={view} job={job} place={first + place} now={now} />
            ))}
          </div>
        </div>
        {jobs.length > 0 ? null : <p class="quiet padded">{view.jobs.length === 0 ? 'No job yet.' : 'No job is like that.'}</p>}
      </div>
    </div>
  );
}

function Head({ store, column, place }: { store: Store; column: (typeof columns)[number]; place: number }) {
  const { by, descending } = store.order;
  const isOrder = by === column.order;
  const turn = (): void => {
    // A third time: the order in which they began.
    if (isOrder && descending) store.set({ order: { by: 'began', descending: true } });
    else store.set({ order: { by: column.order, descending: isOrder } });
  };
  return (
    <span
      role="columnheader"
      aria-colindex={place + 1}
      aria-sort={isOrder ? (descending ? 'descending' : 'ascending') : 'none'}
      class={column.isNumber === true ? 'number' : ''}
    >
      <button type="button" onClick={turn}>
        {column.name}
        <span aria-hidden="true">{isOrder ? (descending ? ' ▾' : ' ▴') : ''}</span>
      </button>
    </span>
  );
}

interface RowProps {
  readonly store: Store;
  readonly view: View;
  readonly job: JobTrack;
  readonly place: number;
  readonly now: number;
}

function Row({ store, view, job, place, now }: RowProps) {
  const isSelected = store.selected === job;
  return (
    <div
      role="row"
      id={`job-${job.number}`}
      data-job={job.number}
      aria-rowindex={place + 2}
      aria-selected={isSelected}
      class={`job-row${isSelected ? ' selected' : ''}${job.isDoneAt(view.at) ? ' over' : ''}`}
    >
      {columns.map(({ order, isNumber, show }, column) => (
        <span key={order} role="gridcell" aria-colindex={column + 1} class={isNumber === true ? 'number' : ''}>
          {show(job, view, now)}
        </span>
      ))}
    </div>
  );
}

/** The job whose row an element is of. */
function jobOf(target: EventTarget | null, jobs: readonly JobTrack[]): JobTrack | undefined {
  const row = target instanceof Element ? target.closest('[data-job]') : null;
  const number = Number(row?.getAttribute('data-job') ?? NaN);
  return jobs.find((job) => job.number === number);
}

/** Whoever has scrolled down reads on where they are, however many jobs come above. */
function useSteadyRows(rows: { current: HTMLElement | null }, jobs: readonly JobTrack[]): void {
  const first = useRef<JobTrack | undefined>(undefined);
  useLayoutEffect(() => {
    const element = rows.current;
    if (element === null) return;
    const place = Math.floor(element.scrollTop / rowHeight);
    const isAtTop = element.scrollTop < rowHeight / 2;
    if (!isAtTop && first.current !== undefined && jobs[place] !== first.current) {
      const now = jobs.indexOf(first.current);
      if (now >= 0) element.scrollTop += (now - place) * rowHeight;
    }
    const note = (): void => {
      first.current = element.scrollTop < rowHeight / 2 ? undefined : jobs[Math.floor(element.scrollTop / rowHeight)];
    };
    note();
    element.addEventListener('scroll', note);
    return () => element.removeEventListener('scroll', note);
  });
}

function keepInSight(rows: HTMLElement | null, place: number): void {
  if (rows === null) return;
  const top = place * rowHeight;
  if (top < rows.scrollTop) rows.scrollTop = top;
  else if (top + rowHeight > rows.scrollTop + rows.clientHeight) rows.scrollTop = top + rowHeight - rows.clientHeight;
}
