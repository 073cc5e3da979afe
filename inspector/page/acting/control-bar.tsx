import { useState } from 'preact/hooks';
import { act } from '../state/acting.ts';
import type { MethodDescription } from '../../records.ts';
import type { Store } from '../state/store.ts';
import { CallDialog } from './call-dialog.tsx';

/** The methods of the other end: as it says itself, where it is seen, or as it has listed them. */
function methodsOf({ model }: Store): readonly MethodDescription[] {
  return model.side('far')?.head.serves ?? model.side('near')?.head.methods ?? [];
}

/** What may be done from here: nothing, unless the head says that it may. */
export function ControlBar({ store }: { store: Store }) {
  const [isCalling, setCalling] = useState(false);
  const [problem, setProblem] = useState('');
  const near = store.model.side('near');
  if (near === undefined || !near.head.control || store.source.type !== 'agent') return null;
  const isPaused = near.viewAt('live').gauges?.paused === true;
  const turn = async (): Promise<void> => {
    const result = await act({ do: isPaused ? 'resume' : 'pause' });
    setProblem(result.ok ? '' : `${result.error.code}: ${result.error.message}`);
  };
  return (
    <div class="control" role="group" aria-label="Control">
      <button type="button" aria-pressed={isPaused} onClick={() => void turn()}>
        {isPaused ? 'Resume sending' : 'Pause sending'}
      </button>
      <button type="button" onClick={() => setCalling(true)}>
        Call a method…
      </button>
      <span role="status" class="failed">
        {problem}
      </span>
      {isCalling ? <CallDialog methods={methodsOf(store)} close={() => setCalling(false)} /> : null}
    </div>
  );
}
