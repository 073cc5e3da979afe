import type { Forgotten, View } from '../../model.ts';
import type { RecordingProblem } from '../../recording.ts';
import { several } from '../state/format.ts';
import type { Connection } from '../state/connection.ts';
import type { Store } from '../state/store.ts';

/** What has to be known of what is shown: that the agent has gone, that this is a recording, that some is left out. */
export function Banner({ store, connection }: { store: Store; connection: Connection }) {
  const { source, earlier, model } = store;
  const view = store.view();
  return (
    <div class="banners">
      {source.type === 'agent' && source.state === 'gone' ? (
        <p class="banner warning">
          {source.isOther
            ? 'Another agent answers here, or the same one started anew: its address is what it printed when it began. '
            : "The agent has gone, or can't be reached. "}
          {model.side('near') === undefined ? '' : 'What it told is kept here. '}
          {source.isOther ? '' : 'Trying to reach it again…'}
        </p>
      ) : null}
      {store.unreadable === undefined ? null : (
        <p class="banner warning" data-unreadable>
          <b>{store.unreadable.name}</b> has nothing that can be shown: {store.unreadable.why}.{' '}
          <button type="button" class="link" onClick={() => store.set({ unreadable: undefined })}>
            All right
          </button>
        </p>
      )}
      {source.type === 'recording' ? (
        <div class="banner">
          <p>
            Recording <b>{source.name}</b>: nothing here happens now.{' '}
            <button type="button" class="link" onClick={() => connection.open()}>
              Back to the agent
            </button>
          </p>
          <Problems problems={source.problems} unread={source.unread} />
        </div>
      ) : null}
      {view?.gone === undefined ? null : (
        <p class="banner warning" data-gone>
          {view.of === 'near' ? 'This end' : 'The other end'} has ended: {view.gone}
        </p>
      )}
      {earlier === undefined || earlier === model ? null : (
        <p class="banner">
          The agent began anew.{' '}
          <button
            type="button"
            class="link"
            onClick={() => {
              connection.close();
              store.show(
                earlier,
                { type: 'recording', name: 'before the agent began anew', problems: [], unread: 0 },
                earlier.side('near')?.last ?? 0,
              );
            }}
          >
            Show what was before
          </button>
        </p>
      )}
      {view === undefined ? null : <LeftOut view={view} />}
    </div>
  );
}

/** A recording's lines that could not be read. */
function Problems({ problems, unread }: { problems: readonly RecordingProblem[]; unread: number }) {
  if (unread === 0) return null;
  return (
    <details>
      <summary>{several(unread, 'line')} could not be read; the others are shown</summary>
      <ul>
        {problems.map(({ line, problem }, place) => (
          <li key={place}>
            line {line}: {problem}
          </li>
        ))}
      </ul>
    </details>
  );
}

function LeftOut({ view }: { view: View }) {
  const { jobs, steps, last } = view.leftOut;
  const said: string[] = [];
  if (last !== undefined && jobs + steps > 0) {
    said.push(`${several(jobs, 'job')} and ${several(steps, 'step')} were not told, since ${whyInWords(last)}`);
  }
  const forgotten = forgottenInWords(view.history.forgotten);
  if (forgotten !== '') said.push(`this page has let go of ${forgotten}, the oldest`);
  if (said.length === 0) return null;
  return (
    <p class="banner quiet" data-left-out>
      {said.join('; ')}. The counts are exact all the same.
    </p>
  );
}

function whyInWords({ why, oneIn }: { readonly why: 'ring' | 'rate'; readonly oneIn: number }): string {
  if (why === 'ring') return 'they were overwritten before anybody looked';
  return oneIn > 1 ? `there are too many: one job in ${oneIn} is told` : 'there were too many at once';
}

function forgottenInWords({ jobs, steps, messages }: Forgotten): string {
  const parts = [
    jobs === 0 ? '' : several(jobs, 'job'),
    steps === 0 ? '' : several(steps, 'step'),
    messages === 0 ? '' : several(messages, 'message'),
  ];
  return parts.filter((part) => part !== '').join(', ');
}
