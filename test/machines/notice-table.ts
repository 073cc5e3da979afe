import type { JobContext, JobEvent } from '../../machines/job.ts';
import { noticeJob } from '../../machines/notice-job.ts';
import { aJob, jobEvents, outcomeWord } from './job-samples.ts';
import type { Table } from './table.ts';

type State = 'new' | 'busy.sending' | 'busy.continuing' | 'busy.callback' | 'done';

const input = { job: aJob(), answers: false };
const notification = { job: aJob(1, { class: 'client' }), answers: false };
const send: JobEvent = { type: 'send', permit: 1 };
const sent: JobEvent = { type: 'send_done', completion: { ok: true } };

const piece: JobEvent = { type: 'send_done', completion: { ok: true, more: true } };

/** It is never executed, answered or aborted by the peer. */
const oneWay = {
  execute: 'violation',
  resume: 'violation',
  execute_done: 'violation',
  park: 'violation',
  unpark: 'violation',
  read_done: 'violation',
  abort: 'violation',
} as const;
const ends = (known: string) => ({
  cancel: `busy.callback [cancelled/${known}]: callback`,
  deadline: `busy.callback [timed-out/${known}]: callback`,
  line_lost: `busy.callback [line-lost/${known}]: callback`,
});

/** A message that nobody answers: what each state does with each event. */
export const noticeTable: Table<State, JobEvent> = {
  chart: noticeJob,
  passing: ['sent'],
  reached: {
    new: { 'a notice': { input, events: [] }, 'a notification': { input: notification, events: [] } },
    'busy.sending': { '': { input, events: [send] }, 'a later piece': { input, events: [send, piece, send] } },
    'busy.continuing': { '': { input, events: [send, piece] }, 'a notification': { input: notification, events: [send, piece] } },
    'busy.callback': { '': { input, events: [send, sent] } },
    done: { '': { input, events: [send, sent, { type: 'callback_done' }] } },
  },
  samples: jobEvents,
  knows: (context: JobContext) => outcomeWord(context.outcome),
  rows: {
    new: {
      send: 'busy.sending: send',
      ...ends('not-sent'),
      line_lost: { 'a notice': 'busy.callback [line-lost/not-sent]: callback', 'a notification': 'ignored' },
      send_done: 'violation',
      callback_done: 'violation',
      ...oneWay,
    },
    'busy.sending': {
      send_done: {
        well: 'busy.callback [value/perhaps-executed]: callback',
        'of a piece': 'busy.continuing: want send',
        badly: 'busy.callback [send-failed/perhaps-executed]: callback',
        'badly, known unsent': 'busy.callback [send-failed/not-sent]: callback',
      },
      ...ends('perhaps-executed'),
      send: 'violation',
      callback_done: 'violation',
      ...oneWay,
    },
    'busy.continuing': {
      send: 'busy.sending: send',
      ...ends('not-sent'),
      send_done: 'violation',
      callback_done: 'violation',
      ...oneWay,
    },
    'busy.callback': {
      callback_done: 'done',
      send_done: 'ignored',
      cancel: 'ignored',
      deadline: 'ignored',
      line_lost: 'ignored',
      send: 'violation',
      ...oneWay,
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
