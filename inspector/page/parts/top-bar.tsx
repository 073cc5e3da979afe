import { ControlBar } from '../acting/control-bar.tsx';
import type { Side } from '../../records.ts';
import type { Store, Tab } from '../state/store.ts';

const tabs: readonly { readonly tab: Tab; readonly name: string }[] = [
  { tab: 'charts', name: 'Charts' },
  { tab: 'jobs', name: 'Jobs' },
  { tab: 'timeline', name: 'Timeline' },
  { tab: 'sequence', name: 'Sequence' },
];

/** Who is looked at, which view, and how the connection stands. */
export function TopBar({ store, open }: { store: Store; open: (recording: File) => void }) {
  return (
    <header class="top-bar">
      <h1>
        <span class="mark" aria-hidden="true" />
        virtagent <span class="quiet">inspector</span>
      </h1>
      <nav aria-label="Views">
        {tabs.map(({ tab, name }) => (
          <button key={tab} type="button" aria-current={store.tab === tab ? 'page' : undefined} onClick={() => store.set({ tab })}>
            {name}
          </button>
        ))}
      </nav>
      <ConnectionState store={store} />
      <div class="files">
        <label class="button" title="A file of JSON lines; it can be dropped on the page too">
          Open…
          <input
            type="file"
            class="unseen"
            aria-label="Open a recording"
            onChange={({ currentTarget }) => {
              const file = currentTarget.files?.[0];
              currentTarget.value = '';
              if (file !== undefined) open(file);
            }}
          />
        </label>
        {store.source.type === 'agent' ? (
          <a class="button" href="recording" download="virtagent.jsonl" title="What the agent holds, as a recording">
            Save
          </a>
        ) : null}
      </div>
    </header>
  );
}

/** Which end is shown, and what may be done there. */
export function ContextBar({ store }: { store: Store }) {
  if (store.model.sides.length === 0) return null;
  return (
    <div class="context-bar">
      <Sides store={store} />
      <ControlBar store={store} />
    </div>
  );
}

/** Both ends, with who that is. */
function Sides({ store }: { store: Store }) {
  const name = (of: Side): string => store.model.side(of)?.head.agent.name ?? '';
  const about = (of: Side): string => {
    const agent = store.model.side(of)?.head.agent;
    return [agent?.role, agent?.protocol, agent?.version].filter(Boolean).join(' · ');
  };
  return (
    <div class="sides" role="group" aria-label="Which end is shown">
      {store.model.sides.map((of) => (
        <button key={of} type="button" aria-pressed={store.side === of} title={about(of)} onClick={() => store.set({ side: of })}>
          <span class="side-name">{of === 'near' ? 'This end' : 'Other end'}</span>
          <span class="side-agent">{name(of)}</span>
        </button>
      ))}
    </div>
  );
}

function ConnectionState({ store }: { store: Store }) {
  const { source } = store;
  if (source.type === 'recording') return <span class="connection recording">recording</span>;
  // An agent whose peer is over, or a recording that is replayed: all is told, and nothing follows.
  const state = source.state === 'live' && !store.isHappening ? 'ended' : source.state;
  const words = { connecting: 'connecting…', past: 'reading the past…', live: 'live', ended: 'ended', gone: 'agent gone' }[state];
  return (
    <span class={`connection ${state}`} data-connection={source.state}>
      {words}
    </span>
  );
}
