import { useEffect, useRef, useState } from 'preact/hooks';
import type { JobTrack, View } from '../../model.ts';
import type { Side } from '../../records.ts';
import { FilterBar } from '../jobs/filter-bar.tsx';
import { clocksInWords } from '../jobs/job-detail.tsx';
import { useSize } from '../parts/use-size.ts';
import { after, momentAfter } from '../state/format.ts';
import { shownJobs } from '../state/job-filter.ts';
import type { Store } from '../state/store.ts';
import { callsOf, sequenceOf, type Sequence, type SequenceArrow, type SequenceRow } from './sequence.ts';

/** At most so many calls: the last that began. */
const mostCalls = 60;
const rowHeight = 22;
const headHeight = 8;

/** Two peers side by side: what each did for the calls between them, and the messages. */
export function SequenceTab({ store, view }: { store: Store; view: View }) {
  const shown = shownJobs(view, store.filter, 'began', false).filter(({ record }) => record.tag !== '');
  const other = store.model.sides.find((side) => side !== view.of);
  const calls = callsOf(store.model, withSelected(shown.slice(-mostCalls), store.selected));
  const until = store.cursor === 'live' ? Infinity : store.cursor;
  const sequence = sequenceOf(store.model, calls, until);
  return (
    <div class="sequence">
      <FilterBar store={store} view={view} shown={shown.length} />
      <p class="legend">
        <span>
          {shown.length > mostCalls ? `The last ${mostCalls} of these calls. ` : ''}
          {other === undefined ? 'Only this end tells of itself: what the other end does is not known.' : clocksInWords(store)}
        </span>
      </p>
      <Diagram store={store} sequence={sequence} />
    </div>
  );
}

/** A call that was chosen is shown, however long ago it was. */
function withSelected(jobs: readonly JobTrack[], selected: JobTrack | undefined): readonly JobTrack[] {
  return selected === undefined || selected.record.tag === '' || jobs.includes(selected) ? jobs : [selected, ...jobs];
}

function Diagram({ store, sequence }: { store: Store; sequence: Sequence }) {
  const { ref, width, height } = useSize<HTMLDivElement>();
  const [top, setTop] = useState(0);
  const atEnd = useRef(true);
  const whole = sequence.rows.length * rowHeight + 2 * headHeight;
  useEffect(() => {
    // Whoever looks at the end is kept there; whoever has scrolled up is left alone.
    if (atEnd.current && ref.current !== null) ref.current.scrollTop = whole;
  }, [whole, height]);
  useSelectedInSight(ref, store.selected, sequence, atEnd);
  const first = Math.max(0, Math.floor(top / rowHeight) - 20);
  const last = Math.min(sequence.rows.length, first + Math.ceil(height / rowHeight) + 40);
  const isNarrow = width < 640;
  const x: Record<Side, number> = isNarrow ? { near: width * 0.36, far: width * 0.66 } : { near: width * 0.34, far: width * 0.7 };
  const names = (side: Side): string => store.model.side(side)?.head.agent.name ?? 'not told';
  return (
    <>
      <div class="peers" aria-hidden="true">
        <b style={{ left: `${x.near}px` }}>{names('near')}</b>
        <b style={{ left: `${x.far}px` }}>{names('far')}</b>
      </div>
      <div
        class="sequence-rows"
        ref={ref}
        tabIndex={0}
        role="region"
        aria-label="Sequence of calls"
        onScroll={({ currentTarget: box }) => {
          setTop(box.scrollTop);
          atEnd.current = box.scrollTop + box.clientHeight > box.scrollHeight - 30;
        }}
      >
        {sequence.rows.length === 0 ? <p class="quiet padded">No call yet.</p> : null}
        <svg width={width} height={Math.max(whole, height)} role="list" aria-label="Steps at both ends">
          <defs>
            <marker
              id="message-head"
              viewBox="0 0 10 10"
              refX="9"
              refY="5"
              markerWidth="9"
              markerHeight="9"
              orient="auto"
              markerUnits="userSpaceOnUse"
            >
              <path d="M0 1 10 5 0 9Z" />
            </marker>
          </defs>
          {(['near', 'far'] as const).map((side) => (
            <line
              key={side}
              class={store.model.side(side) === undefined ? 'lifeline untold' : 'lifeline'}
              x1={x[side]}
              x2={x[side]}
              y1={0}
              y2={Math.max(whole, height)}
            />
          ))}
          {sequence.arrows.map((arrow, place) =>
            isInSight(arrow, first, last) ? <Message key={place} store={store} sequence={sequence} arrow={arrow} x={x} /> : null,
          )}
          {sequence.rows.slice(first, last).map((row, place) => (
            <Row
              key={first + place}
              store={store}
              row={row}
              place={first + place}
              x={x}
              begin={sequence.rows[0]?.at ?? 0}
              isNarrow={isNarrow}
            />
          ))}
        </svg>
      </div>
    </>
  );
}

const yOf = (place: number): number => headHeight + (place + 0.5) * rowHeight;

function isInSight({ sent, arrived }: SequenceArrow, first: number, last: number): boolean {
  const [from, to] = [sent ?? arrived ?? 0, arrived ?? sent ?? 0];
  return Math.max(from, to) >= first && Math.min(from, to) <= last;
}

interface RowProps {
  readonly store: Store;
  readonly row: SequenceRow;
  readonly place: number;
  readonly x: Record<Side, number>;
  readonly begin: number;
  readonly isNarrow: boolean;
}

function Row({ store, row, place, x, begin, isNarrow }: RowProps) {
  const { side, job, state, at, failed } = row;
  const y = yOf(place);
  const isNear = side === 'near';
  const isChosen = isOf(store, job);
  const outwards = isNear ? -12 : 12;
  return (
    <g
      class={`sequence-row phase-${failed ? 'failed' : state.phase}${isChosen ? ' selected' : ''}`}
      role="listitem"
      aria-label={`${isNear ? 'this end' : 'the other end'}: ${job.record.method ?? job.chart.name} ${job.record.tag} ${state.path}, ${after(at - begin)}`}
      onClick={() => store.set({ selected: job })}
    >
      <rect class="hit" x={0} y={y - rowHeight / 2} width="100%" height={rowHeight} />
      {isNarrow ? null : (
        <text class="moment" x={12} y={y}>
          {momentAfter(at - begin)}
        </text>
      )}
      <circle cx={x[side]} cy={y} r={5} />
      <text x={x[side] + outwards} y={y} text-anchor={isNear ? 'end' : 'start'}>
        {isNear ? <tspan class="quiet">{isNarrow ? '' : `${job.record.tag}  `}</tspan> : null}
        {state.path}
        {isNear || isNarrow ? null : <tspan class="quiet">{`  ${job.record.tag}`}</tspan>}
      </text>
    </g>
  );
}

/** Whether a job is the one that is chosen, or the same call at the other end. */
function isOf({ selected, model }: Store, job: JobTrack): boolean {
  return selected !== undefined && (selected === job || model.counterpart(selected) === job);
}

function Message({ store, sequence, arrow, x }: { store: Store; sequence: Sequence; arrow: SequenceArrow; x: Record<Side, number> }) {
  const call = sequence.calls[arrow.call];
  const to: Side = arrow.from === 'near' ? 'far' : 'near';
  const [y1, y2] = [yOf(arrow.sent ?? arrow.arrived ?? 0), yOf(arrow.arrived ?? arrow.sent ?? 0)];
  const inwards = arrow.from === 'near' ? 7 : -7;
  const [x1, x2] = [x[arrow.from] + inwards, x[to] - inwards];
  const isWhole = arrow.sent !== undefined && arrow.arrived !== undefined;
  const job = call?.caller ?? call?.callee;
  const isChosen = job !== undefined && isOf(store, job);
  const classes = ['message', arrow.kind, isWhole ? '' : 'untold', isChosen ? 'selected' : ''].join(' ');
  // Above its tail: where many arrows cross, tails are apart from each other.
  const isRight = x2 > x1;
  return (
    <g class={classes} onClick={() => store.set({ selected: job })}>
      <line x1={x1} y1={y1} x2={x2} y2={y2} marker-end="url(#message-head)" />
      {arrow.kind === 'response' ? null : (
        <text x={x1 + (isRight ? 8 : -8)} y={y1 - 8} text-anchor={isRight ? 'start' : 'end'}>
          {(call?.name ?? '').slice(0, 32)}
        </text>
      )}
    </g>
  );
}

/** A call that is chosen elsewhere is scrolled to, once. */
function useSelectedInSight(
  box: { current: HTMLDivElement | null },
  selected: JobTrack | undefined,
  sequence: Sequence,
  atEnd: { current: boolean },
): void {
  useEffect(() => {
    const place = selected === undefined ? -1 : sequence.rows.findIndex(({ job }) => job === selected);
    if (place < 0 || box.current === null) return;
    const { scrollTop, clientHeight } = box.current;
    const y = yOf(place);
    if (y >= scrollTop && y <= scrollTop + clientHeight) return;
    box.current.scrollTop = y - clientHeight / 3;
    atEnd.current = false;
  }, [selected]);
}
