import type { View } from '../../model.ts';
import { bytes, count } from '../state/format.ts';

/** What the manager and the line hold, as bars. */
export function Gauges({ view }: { view: View }) {
  const { gauges } = view;
  if (gauges === undefined) return <p class="quiet padded">Nothing has been told of slots and queues yet.</p>;
  const { send, execute, server, client, credit, counters } = gauges;
  return (
    <div class="gauges">
      <Bar name="Send slots" value={send.taken} of={send.slots} phase="line" />
      <Waiting name="wait to be sent" value={send.waiting} />
      <Bar name="Execute slots" value={execute.taken} of={execute.slots} phase="run" />
      <Waiting name="wait to be executed" value={execute.waiting} />
      <Waiting name="parked" value={execute.parked} />
      <dl class="facts">
        <dt>Requests in</dt>
        <dd>
          {count(server.count)} <span class="quiet">· {bytes(server.bytes)}</span>
        </dd>
        <dt>Requests out</dt>
        <dd>
          {count(client.count)} <span class="quiet">· {bytes(client.bytes)}</span>
        </dd>
        {credit === undefined ? null : (
          <>
            <dt>Credit left</dt>
            <dd>
              {countless(credit.requests)} <span class="quiet">· {Number.isFinite(credit.bytes) ? bytes(credit.bytes) : '∞'}</span>
            </dd>
          </>
        )}
        {Object.entries(counters)
          .slice(0, 24)
          .map(([name, value]) => (
            <>
              <dt>{inWords(name)}</dt>
              <dd>{name.toLowerCase().includes('bytes') ? bytes(value) : count(value)}</dd>
            </>
          ))}
      </dl>
    </div>
  );
}

/** JSON has no word for what is without a limit. */
function countless(value: number): string {
  return Number.isFinite(value) ? count(value) : '∞';
}

function Bar({ name, value, of, phase }: { name: string; value: number; of: number; phase: string }) {
  const part = of > 0 && Number.isFinite(of) ? Math.min(1, value / of) : 0;
  return (
    <div
      class="gauge"
      role="meter"
      aria-label={name}
      aria-valuenow={value}
      aria-valuemin={0}
      {...(Number.isFinite(of) ? { 'aria-valuemax': of } : {})}
    >
      <span class="gauge-name">{name}</span>
      <span class="gauge-value">
        {count(value)}
        <span class="quiet"> / {countless(of)}</span>
      </span>
      <span class="gauge-track">
        <span class={`gauge-fill phase-${phase}`} style={{ width: `${part * 100}%` }} />
      </span>
    </div>
  );
}

function Waiting({ name, value }: { name: string; value: number }) {
  return (
    <p class={value === 0 ? 'waiting none' : 'waiting'}>
      <b>{count(value)}</b> {name}
    </p>
  );
}

/** A name of the code's as words: `bytesIn` is `bytes in`. */
function inWords(name: string): string {
  const words = name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
