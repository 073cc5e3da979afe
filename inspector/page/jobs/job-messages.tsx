import type { JobTrack, View } from '../../model.ts';
import { after, bytes } from '../state/format.ts';

/** Characters of a message that are shown. */
const most = 20_000;

/** The messages of a job's call, where payloads are shown. */
export function JobMessages({ job, view }: { job: JobTrack; view: View }) {
  if (!view.history.head.payloads) {
    return <p class="quiet">Values are not told: the agent shows them only when it is asked to (--inspect-payloads).</p>;
  }
  const messages = view.history.messages.of(job.record.tag, view.at);
  if (messages.length === 0) return <p class="quiet">None of its messages is held.</p>;
  return (
    <ol class="messages">
      {messages.map((message, place) => (
        <li key={place}>
          <p>
            <span class="direction" role="img" aria-label={message.direction}>
              {message.direction === 'out' ? '→' : '←'}
            </span>{' '}
            {message.message}{' '}
            <span class="quiet">
              {after(message.at - job.began)} · {bytes(message.bytes)}
            </span>
          </p>
          <pre tabIndex={0}>{text(message.value)}</pre>
        </li>
      ))}
    </ol>
  );
}

function text(value: unknown): string {
  const whole = JSON.stringify(value, undefined, 2) ?? 'no value';
  return whole.length <= most ? whole : `${whole.slice(0, most)}\n… and ${whole.length - most} characters more`;
}
