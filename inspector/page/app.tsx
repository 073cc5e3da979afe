import { useEffect, useState } from 'preact/hooks';
import { ChartsTab } from './charts/charts-tab.tsx';
import { Banner } from './parts/banner.tsx';
import { ContextBar, TopBar } from './parts/top-bar.tsx';
import { JobDetail } from './jobs/job-detail.tsx';
import { JobsTab } from './jobs/jobs-tab.tsx';
import { SequenceTab } from './sequence/sequence-tab.tsx';
import type { Connection } from './state/connection.ts';
import { openRecording } from './state/open-recording.ts';
import type { Store } from './state/store.ts';
import { TimeBar } from './time/time-bar.tsx';
import { TimelineTab } from './timeline/timeline-tab.tsx';

/** The page: what is shown, of which moment, and the time below. */
export function App({ store, connection }: { store: Store; connection: Connection }) {
  useDrawnWhenChanged(store);
  useTimeKeys(store);
  const [isOver, setOver] = useState(false);
  const view = store.view();
  const open = (file: File): void => void openRecording(store, connection, file);
  return (
    <div
      class={isOver ? 'app dropping' : 'app'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => event.relatedTarget === null && setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const file = event.dataTransfer?.files[0];
        if (file !== undefined) open(file);
      }}
    >
      <TopBar store={store} open={open} />
      <ContextBar store={store} />
      <Banner store={store} connection={connection} />
      <div class={store.selected === undefined ? 'content' : 'content with-detail'}>
        <main id="main" tabIndex={-1}>
          {view === undefined ? <Nothing store={store} /> : <Tab store={store} view={view} />}
        </main>
        {store.selected === undefined ? null : <JobDetail store={store} job={store.selected} />}
      </div>
      <TimeBar store={store} />
      <p class="unseen" role="status">
        {store.announcement}
      </p>
    </div>
  );
}

function Tab({ store, view }: { store: Store; view: NonNullable<ReturnType<Store['view']>> }) {
  switch (store.tab) {
    case 'charts':
      return <ChartsTab store={store} view={view} />;
    case 'jobs':
      return <JobsTab store={store} view={view} />;
    case 'timeline':
      return <TimelineTab store={store} view={view} />;
    case 'sequence':
      return <SequenceTab store={store} view={view} />;
  }
}

function Nothing({ store: { source } }: { store: Store }) {
  const isComing = source.type === 'agent' && source.state !== 'gone';
  return (
    <div class="nothing">
      <p>{isComing ? 'Waiting for the agent to tell of itself…' : 'Nothing has been told.'}</p>
      <p class="quiet">A recording that is dropped here is shown without an agent.</p>
    </div>
  );
}

function useDrawnWhenChanged(store: Store): void {
  const [, draw] = useState({});
  useEffect(() => {
    const stop = store.subscribe(() => draw({}));
    // Ages grow though nothing happens.
    const aging = setInterval(() => store.isLive && draw({}), 1000);
    return () => {
      stop();
      clearInterval(aging);
    };
  }, [store]);
}

/** Space, comma and full stop, wherever they mean nothing else. */
function useTimeKeys(store: Store): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const { target } = event;
      if (event.ctrlKey || event.metaKey || event.altKey || !(target instanceof Element)) return;
      if (target.closest('input:not([type=range]), textarea, select, dialog') !== null) return;
      if (event.key === ',') store.stepBy(-1);
      else if (event.key === '.') store.stepBy(1);
      else if (event.key === ' ' && target.closest('button, summary, label') === null) {
        event.preventDefault();
        store.setPaused(store.isLive);
      }
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [store]);
}
