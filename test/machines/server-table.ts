import type { JobEvent } from '../../machines/job.ts';
import { serverJob, type ServerJobContext } from '../../machines/server-job.ts';
import { aJob, jobEvents, outcomeWord } from './job-samples.ts';
import type { Table } from './table.ts';

type State = 'new' | 'busy.executing' | 'busy.parked' | 'executed' | 'busy.sending' | 'busy.continuing' | 'busy.callback' | 'done';

const request = { job: aJob(), answers: true };
const notification = { job: aJob(), answers: false };
const execute: JobEvent = { type: 'execute', permit: 1 };
const executed: JobEvent = { type: 'execute_done', completion: { ok: true, value: 'v' } };
const park: JobEvent = { type: 'park' };
const unpark: JobEvent = { type: 'unpark', permit: 1 };
const send: JobEvent = { type: 'send', permit: 2 };
const sent: JobEvent = { type: 'send_done', completion: { ok: true } };
const piece: JobEvent = { type: 'send_done', completion: { ok: true, more: true } };
const both = <R extends readonly JobEvent[]>(events: R) => ({
  'a request': { input: request, events },
  'a notification': { input: notification, events },
});

/** What is the same in every state before the callback: it ends with what is known there. */
const ends = (known: string, also = '') => ({
  cancel: `busy.callback [cancelled/${known}]: ${also}callback`,
  deadline: `busy.callback [timed-out/${known}]: ${also}callback`,
  line_lost: `busy.callback [line-lost/${known}]: ${also}callback`,
});

/** A server job: what each state does with each event. */
export const serverTable: Table<State, JobEvent> = {
  chart: serverJob,
  passing: ['sent'],
  reached: {
    new: both([]),
    'busy.executing': both([execute]),
    'busy.parked': {
      'a request, one out': { input: request, events: [execute, park] },
      'a notification, one out': { input: notification, events: [execute, park] },
      'one out, here': { input: request, events: [execute, park, unpark] },
      'two out, one here': { input: request, events: [execute, park, park, unpark] },
      'two out, both here': { input: request, events: [execute, park, park, unpark, unpark] },
    },
    executed: {
      executed: { input: request, events: [execute, executed] },
      aborted: { input: request, events: [execute, { type: 'abort' }] },
      'aborted unstarted': { input: request, events: [{ type: 'abort' }] },
    },
    'busy.sending': {
      executed: { input: request, events: [execute, executed, send] },
      aborted: { input: request, events: [execute, { type: 'abort' }, send] },
    },
    'busy.continuing': {
      executed: { input: request, events: [execute, executed, send, piece] },
      aborted: { input: request, events: [execute, { type: 'abort' }, send, piece, send, piece] },
    },
    'busy.callback': {
      answered: { input: request, events: [execute, executed, send, sent] },
      cancelled: { input: request, events: [execute, { type: 'cancel' }] },
      'a notification': { input: notification, events: [execute, executed] },
    },
    done: { '': { input: notification, events: [execute, executed, { type: 'callback_done' }] } },
  },
  samples: jobEvents,
  knows: (context: ServerJobContext) => [
    ...outcomeWord(context.outcome),
    ...(context.nested > 0 ? [`${context.nested} out`] : []),
    ...(context.answered > 0 ? [`${context.answered} here`] : []),
  ],
  rows: {
    new: {
      execute: 'busy.executing: execute',
      // Never executed, and answered all the same: the peer is told that its cancel was heard.
      abort: { 'a request': 'executed: want send', 'a notification': 'busy.callback [error/refused]: callback' },
      ...ends('refused'),
      resume: 'violation',
      send: 'violation',
      execute_done: 'violation',
      send_done: 'violation',
      read_done: 'violation',
      callback_done: 'violation',
      park: 'violation',
      unpark: 'violation',
    },
    'busy.executing': {
      execute_done: {
        'a request': 'executed: want send',
        'a notification, with a value': 'busy.callback [value/executed]: callback',
        'a notification, with an error': 'busy.callback [error/executed]: callback',
      },
      park: 'busy.parked [1 out]',
      abort: { 'a request': 'executed: abort, want send', 'a notification': 'busy.callback [error/perhaps-executed]: abort, callback' },
      cancel: 'busy.callback [cancelled/perhaps-executed]: abort, callback',
      deadline: 'busy.callback [timed-out/perhaps-executed]: abort, callback',
      line_lost: 'busy.callback [line-lost/perhaps-executed]: abort, callback',
      unpark: 'violation',
      execute: 'violation',
      resume: 'violation',
      send: 'violation',
      send_done: 'violation',
      read_done: 'violation',
      callback_done: 'violation',
    },
    'busy.parked': {
      // Given an answer while others are out, its handler goes on and its slot goes back at once.
      resume: {
        'a request, one out': 'violation',
        'a notification, one out': 'violation',
        'one out, here': 'busy.executing: resume',
        'two out, one here': 'stays [1 out]: resume, release',
        'two out, both here': 'busy.executing: resume',
      },
      park: {
        'a request, one out': 'stays [2 out]',
        'a notification, one out': 'stays [2 out]',
        'one out, here': 'stays [2 out]',
        'two out, one here': 'stays [3 out]',
        'two out, both here': 'stays [3 out]',
      },
      unpark: {
        'a request, one out': 'stays [1 here]: want resume',
        'a notification, one out': 'stays [1 here]: want resume',
        'one out, here': 'violation',
        'two out, one here': 'stays [2 here]',
        'two out, both here': 'violation',
      },
      execute_done: {
        'a request, one out': 'executed: want send',
        'a notification, one out, with a value': 'busy.callback [value/executed]: callback',
        'a notification, one out, with an error': 'busy.callback [error/executed]: callback',
        'one out, here': 'executed: want send',
        'two out, one here': 'executed: want send',
        'two out, both here': 'executed: want send',
      },
      abort: {
        'a request, one out': 'executed: abort, want send',
        'a notification, one out': 'busy.callback [error/perhaps-executed]: abort, callback',
        'one out, here': 'executed: abort, want send',
        'two out, one here': 'executed: abort, want send',
        'two out, both here': 'executed: abort, want send',
      },
      cancel: 'busy.callback [cancelled/perhaps-executed]: abort, callback',
      deadline: 'busy.callback [timed-out/perhaps-executed]: abort, callback',
      line_lost: 'busy.callback [line-lost/perhaps-executed]: abort, callback',
      execute: 'violation',
      send: 'violation',
      send_done: 'violation',
      read_done: 'violation',
      callback_done: 'violation',
    },
    executed: {
      send: 'busy.sending: send',
      cancel: {
        executed: 'busy.callback [cancelled/executed]: callback',
        aborted: 'busy.callback [cancelled/perhaps-executed]: callback',
        'aborted unstarted': 'busy.callback [cancelled/refused]: callback',
      },
      deadline: {
        executed: 'busy.callback [timed-out/executed]: callback',
        aborted: 'busy.callback [timed-out/perhaps-executed]: callback',
        'aborted unstarted': 'busy.callback [timed-out/refused]: callback',
      },
      line_lost: {
        executed: 'busy.callback [line-lost/executed]: callback',
        aborted: 'busy.callback [line-lost/perhaps-executed]: callback',
        'aborted unstarted': 'busy.callback [line-lost/refused]: callback',
      },
      // Its handler was aborted and answered for; what it still does is nobody's any more.
      abort: 'ignored',
      execute_done: 'ignored',
      park: 'ignored',
      unpark: 'ignored',
      execute: 'violation',
      resume: 'violation',
      send_done: 'violation',
      read_done: 'violation',
      callback_done: 'violation',
    },
    'busy.sending': {
      send_done: {
        'of a piece': 'busy.continuing: want send',
        'executed, well': 'busy.callback [value/executed]: callback',
        'executed, badly': 'busy.callback [send-failed/executed]: callback',
        'aborted, well': 'busy.callback [error/perhaps-executed]: callback',
        'aborted, badly': 'busy.callback [send-failed/perhaps-executed]: callback',
        'badly, known unsent': 'busy.callback [send-failed/not-sent]: callback',
      },
      cancel: { executed: 'busy.callback [cancelled/executed]: callback', aborted: 'busy.callback [cancelled/perhaps-executed]: callback' },
      deadline: {
        executed: 'busy.callback [timed-out/executed]: callback',
        aborted: 'busy.callback [timed-out/perhaps-executed]: callback',
      },
      line_lost: {
        executed: 'busy.callback [line-lost/executed]: callback',
        aborted: 'busy.callback [line-lost/perhaps-executed]: callback',
      },
      abort: 'ignored',
      execute_done: 'ignored',
      park: 'ignored',
      unpark: 'ignored',
      execute: 'violation',
      resume: 'violation',
      send: 'violation',
      read_done: 'violation',
      callback_done: 'violation',
    },
    'busy.continuing': {
      send: 'busy.sending: send',
      cancel: { executed: 'busy.callback [cancelled/executed]: callback', aborted: 'busy.callback [cancelled/perhaps-executed]: callback' },
      deadline: {
        executed: 'busy.callback [timed-out/executed]: callback',
        aborted: 'busy.callback [timed-out/perhaps-executed]: callback',
      },
      line_lost: {
        executed: 'busy.callback [line-lost/executed]: callback',
        aborted: 'busy.callback [line-lost/perhaps-executed]: callback',
      },
      abort: 'ignored',
      execute_done: 'ignored',
      park: 'ignored',
      unpark: 'ignored',
      execute: 'violation',
      resume: 'violation',
      send_done: 'violation',
      read_done: 'violation',
      callback_done: 'violation',
    },
    'busy.callback': {
      callback_done: 'done',
      execute_done: 'ignored',
      send_done: 'ignored',
      abort: 'ignored',
      cancel: 'ignored',
      deadline: 'ignored',
      line_lost: 'ignored',
      park: 'ignored',
      unpark: 'ignored',
      execute: 'violation',
      resume: 'violation',
      send: 'violation',
      read_done: 'violation',
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
