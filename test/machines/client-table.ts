import { clientJob, type ClientJobContext } from '../../machines/client-job.ts';
import type { JobEvent } from '../../machines/job.ts';
import { aJob, jobEvents, outcomeWord } from './job-samples.ts';
import type { Table } from './table.ts';

type State = 'new' | 'busy.sending' | 'busy.continuing' | 'sent' | 'busy.callback' | 'done';

const input = { job: aJob(1, { class: 'client' }), answers: true };
const send: JobEvent = { type: 'send', permit: 1 };
const sent: JobEvent = { type: 'send_done', completion: { ok: true } };
const piece: JobEvent = { type: 'send_done', completion: { ok: true, more: true } };
const read: JobEvent = { type: 'read_done', response: { ok: true, value: 'v' } };

/** Only handlers have these. */
const notExecuting = {
  execute: 'violation',
  resume: 'violation',
  execute_done: 'violation',
  park: 'violation',
  unpark: 'violation',
} as const;

/** A client job: what each state does with each event. */
export const clientTable: Table<State, JobEvent> = {
  chart: clientJob,
  passing: ['read'],
  reached: {
    new: { '': { input, events: [] } },
    'busy.sending': {
      unanswered: { input, events: [send] },
      'a later piece': { input, events: [send, piece, send] },
      'answered already': { input, events: [send, read] },
    },
    'busy.continuing': { '': { input, events: [send, piece] } },
    sent: { '': { input, events: [send, sent] } },
    'busy.callback': { answered: { input, events: [send, sent, read] }, 'given up': { input, events: [send, { type: 'cancel' }] } },
    done: { '': { input, events: [send, sent, read, { type: 'callback_done' }] } },
  },
  samples: jobEvents,
  knows: (context: ClientJobContext) => [...outcomeWord(context.outcome), ...(context.response === undefined ? [] : ['a response'])],
  rows: {
    new: {
      send: 'busy.sending: send',
      cancel: 'busy.callback [cancelled/not-sent]: callback',
      deadline: 'busy.callback [timed-out/not-sent]: callback',
      // Queued requests wait for the next line.
      line_lost: 'ignored',
      abort: 'violation',
      send_done: 'violation',
      read_done: 'violation',
      callback_done: 'violation',
      ...notExecuting,
    },
    'busy.sending': {
      send_done: {
        well: 'sent',
        'of a piece': 'busy.continuing: want send',
        badly: 'busy.callback [send-failed/perhaps-executed]: callback',
        'badly, known unsent': 'busy.callback [send-failed/not-sent]: callback',
        'answered already, well': 'busy.callback [value/executed]: callback',
        // Refused before it was all there: the rest is not sent.
        'answered already, of a piece': 'busy.callback [value/executed]: callback',
        'answered already, badly': 'busy.callback [send-failed/executed]: callback',
        'answered already, badly, known unsent': 'busy.callback [send-failed/executed]: callback',
      },
      read_done: { else: 'stays [a response]', 'answered already': 'violation' },
      cancel: {
        else: 'busy.callback [cancelled/perhaps-executed]: abort, callback',
        'answered already': 'busy.callback [cancelled/executed]: abort, callback',
      },
      deadline: {
        else: 'busy.callback [timed-out/perhaps-executed]: abort, callback',
        'answered already': 'busy.callback [timed-out/executed]: abort, callback',
      },
      line_lost: {
        else: 'busy.callback [line-lost/perhaps-executed]: callback',
        'answered already': 'busy.callback [line-lost/executed]: callback',
      },
      abort: 'violation',
      send: 'violation',
      callback_done: 'violation',
      ...notExecuting,
    },
    'busy.continuing': {
      send: 'busy.sending: send',
      read_done: {
        'with a value': 'busy.callback [value/executed, a response]: callback',
        'with an error': 'busy.callback [error/executed, a response]: callback',
      },
      // Nobody executes half a request, and the other side is told to drop it.
      cancel: 'busy.callback [cancelled/not-sent]: abort, callback',
      deadline: 'busy.callback [timed-out/not-sent]: abort, callback',
      line_lost: 'busy.callback [line-lost/not-sent]: callback',
      abort: 'violation',
      send_done: 'violation',
      callback_done: 'violation',
      ...notExecuting,
    },
    sent: {
      read_done: {
        'with a value': 'busy.callback [value/executed, a response]: callback',
        'with an error': 'busy.callback [error/executed, a response]: callback',
      },
      cancel: 'busy.callback [cancelled/perhaps-executed]: abort, callback',
      deadline: 'busy.callback [timed-out/perhaps-executed]: abort, callback',
      line_lost: 'busy.callback [line-lost/perhaps-executed]: callback',
      abort: 'violation',
      send: 'violation',
      send_done: 'violation',
      callback_done: 'violation',
      ...notExecuting,
    },
    'busy.callback': {
      callback_done: 'done',
      // Late for a call that was given up; a second one for a call that was answered.
      read_done: { answered: 'violation', 'given up': 'ignored' },
      send_done: 'ignored',
      cancel: 'ignored',
      deadline: 'ignored',
      line_lost: 'ignored',
      abort: 'violation',
      send: 'violation',
      ...notExecuting,
    },
    done: {
      execute: 'ignored',
      resume: 'ignored',
      send: 'ignored',
      execute_done: 'ignored',
      send_done: 'ignored',
      read_done: 'ignored',
      callback_done: 'ignored',
      park: 'ignored',
      unpark: 'ignored',
      abort: 'ignored',
      cancel: 'ignored',
      deadline: 'ignored',
      line_lost: 'ignored',
    },
  },
};
