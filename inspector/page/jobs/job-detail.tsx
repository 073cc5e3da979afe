import { useState } from 'preact/hooks';
import type { ActResult, Side } from '../../records.ts';
import type { JobTrack, View } from '../../model.ts';
import { ChartView } from '../charts/chart-view.tsx';
import { act } from '../state/acting.ts';
import { bytes, duration, several, timeOfDay } from '../state/format.ts';
import { ageOf, directionOf } from '../state/job-filter.ts';
import type { Store } from '../state/store.ts';
import { Outcome, StateName } from './columns.tsx';
import { JobEvents } from './job-events.tsx';
import { JobMessages } from './job-messages.tsx';
import { JobStays } from './job-stays.tsx';

/** All that is known of one job at the moment that is shown. */
export function JobDetail({ store, job }: { store: Store; job: JobTrack }) {
  const view = store.view(job.of);
  const counterpart = store.model.counterpart(job);
  if (view === undefined) return null;
  return (
    <aside class="detail" aria-label={`Job ${job.record.tag || job.number}`}>
      <header class="detail-head">
        <h2>
          {job.record.method ?? job.chart.name} <code>{job.record.tag}</code>
        </h2>
        <button type="button" class="close" aria-label="Close the job" onClick={() => store.set({ selected: undefined })}>
          ✕
        </button>
      </header>
      <Facts store={store} job={job} view={view} />
      <Cancel store={store} job={job} view={view} />
      <section>
        <h3>States</h3>
        <JobStays store={store} job={job} view={view} />
      </section>
      <section>
        <h3>At the other end</h3>
        <OtherEnd store={store} counterpart={counterpart} hasOther={store.model.sides.length > 1} />
      </section>
      <section>
        <h3>Its chart and its path</h3>
        <OwnChart job={job} view={view} />
      </section>
      <section>
        <h3>Events</h3>
        <JobEvents store={store} job={job} view={view} />
      </section>
      <section>
        <h3>Messages</h3>
        <JobMessages job={job} view={view} />
      </section>
    </aside>
  );
}

const sideNames: Readonly<Record<Side, string>> = { near: 'this end', far: 'the other end' };

function Facts({ store, job, view }: { store: Store; job: JobTrack; view: View }) {
  const { record } = job;
  const end = job.endAt(view.at);
  return (
    <dl class="facts">
      <dt>State</dt>
      <dd data-state-of-job>
        <StateName job={job} view={view} />
      </dd>
      {end === undefined ? null : (
        <>
          <dt>Outcome</dt>
          <dd>
            <Outcome job={job} at={view.at} /> {record.class === 'client' ? <span class="quiet">· the other side: {end.known}</span> : null}
          </dd>
        </>
      )}
      <dt>Age</dt>
      <dd>{duration(ageOf(job, view.isLive ? store.now(job.of) : view.at))}</dd>
      <dt>Kind</dt>
      <dd>
        {record.chart}, {directionOf(record.class)}, at {sideNames[job.of]} <span class="quiet">· number {job.number}</span>
      </dd>
      <dt>Urgency</dt>
      <dd>{['low', 'ordinary', 'high'][record.urgency] ?? record.urgency}</dd>
      <dt>Charged</dt>
      <dd>{bytes(record.bytes)}</dd>
      <dt>Began</dt>
      <dd>{timeOfDay(view.history.head.epoch, job.began)}</dd>
    </dl>
  );
}

/** Only of a live job, at the near end, where the head says that it may. */
function Cancel({ store, job, view }: { store: Store; job: JobTrack; view: View }) {
  const [result, setResult] = useState<{ readonly of: JobTrack; readonly is: ActResult } | undefined>(undefined);
  const isLiveHere = store.source.type === 'agent' && job.of === 'near' && view.history.head.control;
  if (!isLiveHere) return null;
  const cancel = async (): Promise<void> => setResult({ of: job, is: await act({ do: 'cancel', job: job.number }) });
  return (
    <div class="acting">
      {job.doneAt === undefined ? (
        <button type="button" class="danger" onClick={() => void cancel()}>
          Cancel this job
        </button>
      ) : null}
      <span role="status" class="quiet">
        {result === undefined || result.of !== job
          ? ''
          : result.is.ok
            ? 'cancelled'
            : `${result.is.error.code}: ${result.is.error.message}`}
      </span>
    </div>
  );
}

function OtherEnd({ store, counterpart, hasOther }: { store: Store; counterpart: JobTrack | undefined; hasOther: boolean }) {
  const view = counterpart === undefined ? undefined : store.view(counterpart.of);
  if (!hasOther) return <p class="quiet">The other end has told nothing: only this end is seen.</p>;
  if (counterpart === undefined || view === undefined) return <p class="quiet">The other end has not told of this call.</p>;
  return (
    <>
      <p>
        <StateName job={counterpart} view={view} /> <Outcome job={counterpart} at={view.at} />{' '}
        <button type="button" class="link" onClick={() => store.set({ selected: counterpart })}>
          show it there
        </button>
      </p>
      <JobStays store={store} job={counterpart} view={view} />
      <p class="quiet">{clocksInWords(store)}</p>
    </>
  );
}

/** How well a moment here is known there. */
export function clocksInWords({ model }: Store): string {
  const { clocks } = model;
  const [near, far] = [model.side('near')?.head, model.side('far')?.head];
  if (clocks === undefined || near === undefined || far === undefined) return '';
  if (clocks.samples === 0) return 'No call has told yet how the clocks differ: they are taken for right.';
  const ahead = far.epoch - near.epoch - clocks.offset;
  const apart = `the other end's clock is ${duration(Math.abs(ahead))} ${ahead < 0 ? 'behind' : 'ahead'}`;
  const calls = clocks.samples === 1 ? 'one call' : `the last ${several(clocks.samples, 'call')}`;
  return `Clocks are aligned to ${duration(clocks.delay / 2)} by ${calls}: ${apart}.`;
}

function OwnChart({ job, view }: { job: JobTrack; view: View }) {
  const until = job.stepsUntil(view.isLive ? Infinity : view.at);
  const taken = new Map<number, number>();
  const visits = job.chart.states.map(() => 0);
  for (const { number, from, to } of job.path.slice(0, until)) {
    taken.set(number, (taken.get(number) ?? 0) + 1);
    if (from !== to) for (const place of [to.index, ...to.within]) visits[place] = (visits[place] ?? 0) + 1;
  }
  return (
    <div class="drawing">
      <ChartView
        chart={job.chart}
        isOfOne
        standing={visits}
        taken={(edge) => taken.get(edge) ?? 0}
        current={view.standingOf(job).state}
        leastScale={0.66}
      />
    </div>
  );
}
