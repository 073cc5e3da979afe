import { useEffect, useRef, useState } from 'preact/hooks';
import type { ActResult, MethodDescription } from '../../records.ts';
import { act } from '../state/acting.ts';
import { paramsOf } from './fields.ts';
import { ParamsForm } from './params-form.tsx';

/** Characters of a result that are shown. */
const most = 100_000;

/** Calls a method of the other end: the form is of its schema, where it has one. */
export function CallDialog({ methods, close }: { methods: readonly MethodDescription[]; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [method, setMethod] = useState(methods[0]?.name ?? '');
  const [urgency, setUrgency] = useState<0 | 1 | 2>(1);
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>({});
  const [outcome, setOutcome] = useState<ActResult | 'running' | { readonly problem: string } | undefined>(undefined);
  useEffect(() => dialog.current?.showModal(), []);
  const schema = methods.find(({ name }) => name === method)?.params;
  const call = async (): Promise<void> => {
    const params = paramsOf(schema, typed);
    if (!params.ok) return setOutcome({ problem: params.problem });
    setOutcome('running');
    setOutcome(await act({ do: 'call', method, urgency, ...(params.params === undefined ? {} : { params: params.params }) }));
  };
  return (
    <dialog ref={dialog} aria-labelledby="call-title" onClose={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void call();
        }}
      >
        <header class="detail-head">
          <h2 id="call-title">Call a method of the other end</h2>
          <button type="button" class="close" aria-label="Close" onClick={() => dialog.current?.close()}>
            ✕
          </button>
        </header>
        <label class="field">
          <span>Method</span>
          <input
            list="methods"
            required
            spellcheck={false}
            value={method}
            onInput={(event) => {
              setMethod(event.currentTarget.value);
              setTyped({});
            }}
          />
          <datalist id="methods">
            {methods.map(({ name }) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </label>
        <ParamsForm schema={schema} typed={typed} onTyped={setTyped} />
        <label class="field">
          <span>Urgency</span>
          <select value={String(urgency)} onChange={(event) => setUrgency(Number(event.currentTarget.value) as 0 | 1 | 2)}>
            <option value="0">low</option>
            <option value="1">ordinary</option>
            <option value="2">high</option>
          </select>
        </label>
        <p class="acting">
          <button type="submit" class="primary" disabled={outcome === 'running'}>
            {outcome === 'running' ? 'Waiting for its answer…' : 'Call'}
          </button>
        </p>
        <div role="status" aria-live="polite">
          <Result outcome={outcome} />
        </div>
      </form>
    </dialog>
  );
}

function Result({ outcome }: { outcome: ActResult | 'running' | { readonly problem: string } | undefined }) {
  if (outcome === undefined || outcome === 'running') return null;
  if ('problem' in outcome) return <p class="failed">{outcome.problem}</p>;
  if (!outcome.ok) {
    return (
      <p class="failed">
        <code>{outcome.error.code}</code> {outcome.error.message}
      </p>
    );
  }
  return <pre tabIndex={0}>{(JSON.stringify(outcome.value, undefined, 2) ?? 'done, without a value').slice(0, most)}</pre>;
}
