/** What XState's interpreter takes for one job by itself: an actor of our client job's chart, from creation to done. */
import { createActor, type EventFrom } from 'xstate';
import { clientJob, type JobRef } from '../machines/index.ts';

const job: JobRef = { seq: 1, index: 0, class: 'client', urgency: 1, exempt: false, bytes: 100 };
const events: readonly EventFrom<typeof clientJob>[] = [
  { type: 'send', permit: 1 },
  { type: 'send_done', completion: { ok: true } },
  { type: 'read_done', response: { ok: true } },
  { type: 'callback_done' },
];

/** Throws if the job is not done with its events. */
export function runJobActor(): void {
  const actor = createActor(clientJob, { input: { job, answers: true } });
  actor.start();
  for (const event of events) actor.send(event);
  if (actor.getSnapshot().status !== 'done') throw new Error('the job is not done');
}
