import type { JobClass, JobEvent, JobRef, Outcome, Urgency } from '../../machines/job.ts';

/** A job for a chart that is run by itself. */
export function aJob(seq = 1, over: { class?: JobClass; urgency?: Urgency; exempt?: boolean; bytes?: number } = {}): JobRef {
  return { seq, index: seq, class: 'server', urgency: 1, exempt: false, bytes: 0, ...over };
}

/** Every event that a job can be told. The compiler sees to it that none is missing. */
export const jobEvents: { readonly [T in JobEvent['type']]: Readonly<Record<string, Extract<JobEvent, { type: T }>>> } = {
  execute: { '': { type: 'execute', permit: 1 } },
  resume: { '': { type: 'resume', permit: 1 } },
  send: { '': { type: 'send', permit: 2 } },
  execute_done: {
    'with a value': { type: 'execute_done', completion: { ok: true, value: 'v' } },
    'with an error': { type: 'execute_done', completion: { ok: false, error: 'e' } },
  },
  send_done: {
    well: { type: 'send_done', completion: { ok: true } },
    'of a piece': { type: 'send_done', completion: { ok: true, more: true } },
    badly: { type: 'send_done', completion: { ok: false, error: 'e' } },
    'badly, known unsent': { type: 'send_done', completion: { ok: false, error: 'e', known: 'not-sent' } },
  },
  read_done: {
    'with a value': { type: 'read_done', response: { ok: true, value: 'v' } },
    'with an error': { type: 'read_done', response: { ok: false, error: 'e' } },
  },
  callback_done: { '': { type: 'callback_done' } },
  park: { '': { type: 'park' } },
  unpark: { '': { type: 'unpark', permit: 1 } },
  abort: { '': { type: 'abort' } },
  cancel: { '': { type: 'cancel', reason: 'why' } },
  deadline: { '': { type: 'deadline' } },
  line_lost: { '': { type: 'line_lost' } },
};

/** What a job has come to, in two words: `timed-out/refused`. */
export function outcomeWord(outcome: Outcome | undefined): readonly string[] {
  return outcome === undefined ? [] : [`${outcome.type}/${outcome.known}`];
}
