import { linkMachine, type LinkContext, type LinkEvent } from '../../machines/link.ts';
import type { Table } from './table.ts';

type State = 'closed' | 'connecting' | 'greeting' | 'up' | 'finishing' | 'down' | 'waiting' | 'ended';

const once = { reopens: false, retries: false };
const patient = { reopens: true, retries: true };
const open: LinkEvent = { type: 'open' };
const opened: LinkEvent = { type: 'opened' };
const greeted: LinkEvent = { type: 'greeted' };
const failed: LinkEvent = { type: 'failed', error: 'no' };
const lost: LinkEvent = { type: 'lost', reason: 'gone' };

/** Where there is a line, whatever state it is in. */
const onLine = {
  lost: 'down [reason gone]: drop',
  close: 'down [closing]: drop',
  // Rule 11: a peer that sends and does not read.
  stalled: 'down [reason stalled]: drop',
  owed_high: 'stays [not reading]: pauseReading',
  owed_low: 'stays: resumeReading',
  open: 'ignored',
  settled: 'ignored',
  retry: 'ignored',
  opened: 'violation',
  failed: 'violation',
} as const;
const nothing = {
  open: 'ignored',
  opened: 'ignored',
  failed: 'ignored',
  greeted: 'ignored',
  out_of_sync: 'ignored',
  input_ended: 'ignored',
  finished: 'ignored',
  lost: 'ignored',
  settled: 'ignored',
  retry: 'ignored',
  owed_high: 'ignored',
  owed_low: 'ignored',
  stalled: 'ignored',
  close: 'ignored',
} as const;

/** The link: what each state does with each event. */
export const linkTable: Table<State, LinkEvent> = {
  chart: linkMachine,
  passing: [],
  reached: {
    closed: { '': { input: once, events: [] } },
    connecting: { once: { input: once, events: [open] }, patient: { input: patient, events: [open] } },
    greeting: { '': { input: once, events: [open, opened] } },
    up: { '': { input: once, events: [open, opened, greeted] } },
    finishing: { '': { input: once, events: [open, opened, greeted, { type: 'input_ended' }] } },
    down: {
      'lost for good': { input: once, events: [open, opened, greeted, lost] },
      'lost for now': { input: patient, events: [open, opened, greeted, lost] },
      'closed by us': { input: patient, events: [open, opened, greeted, { type: 'close' }] },
    },
    waiting: { 'for the second time': { input: patient, events: [open, failed, { type: 'retry' }, failed] } },
    ended: { '': { input: once, events: [{ type: 'close', reason: 'enough' }] } },
  },
  samples: {
    open: { '': { type: 'open' } },
    opened: { '': { type: 'opened' } },
    failed: { '': failed },
    greeted: { '': { type: 'greeted' } },
    out_of_sync: { '': { type: 'out_of_sync' } },
    input_ended: { '': { type: 'input_ended' } },
    finished: { '': { type: 'finished', reason: 'all answered' } },
    lost: { '': lost },
    settled: { '': { type: 'settled' } },
    retry: { '': { type: 'retry' } },
    owed_high: { '': { type: 'owed_high' } },
    owed_low: { '': { type: 'owed_low' } },
    stalled: { '': { type: 'stalled', reason: 'stalled' } },
    close: { '': { type: 'close' } },
  },
  knows: (context: LinkContext) => [
    `session ${context.session}`,
    `attempt ${context.attempts}`,
    `reason ${String(context.reason)}`,
    context.closing ? 'closing' : 'not closing',
    context.reading ? 'reading' : 'not reading',
  ],
  rows: {
    closed: {
      open: 'connecting [attempt 1]: connect',
      close: 'ended [closing]',
      opened: 'violation',
      failed: 'violation',
      greeted: 'violation',
      out_of_sync: 'violation',
      lost: 'violation',
      input_ended: 'violation',
      finished: 'violation',
      retry: 'violation',
      settled: 'ignored',
      owed_high: 'ignored',
      owed_low: 'ignored',
      stalled: 'ignored',
    },
    connecting: {
      opened: 'greeting [session 1]: attach, greet',
      failed: { once: 'ended [reason no]', patient: 'waiting [reason no]: armRetry' },
      close: 'ended [closing]: abandon',
      open: 'ignored',
      settled: 'ignored',
      retry: 'ignored',
      owed_high: 'ignored',
      owed_low: 'ignored',
      stalled: 'ignored',
      lost: 'ignored',
      input_ended: 'ignored',
      finished: 'ignored',
      out_of_sync: 'ignored',
      greeted: 'violation',
    },
    greeting: {
      greeted: 'up [attempt 0]: announce',
      out_of_sync: 'ignored',
      input_ended: 'finishing: finish',
      finished: 'ignored',
      ...onLine,
    },
    // The same session, and no new listeners on its stream.
    up: { out_of_sync: 'greeting: greet', greeted: 'ignored', input_ended: 'finishing: finish', finished: 'ignored', ...onLine },
    finishing: {
      ...onLine,
      finished: 'down [reason all answered]: disarmFinish, drop',
      lost: 'down [reason gone]: disarmFinish, drop',
      close: 'down [closing]: disarmFinish, drop',
      stalled: 'down [reason stalled]: disarmFinish, drop',
      input_ended: 'ignored',
      greeted: 'ignored',
      out_of_sync: 'ignored',
    },
    down: {
      settled: { 'lost for good': 'ended', 'lost for now': 'waiting: armRetry', 'closed by us': 'ended' },
      close: { 'lost for good': 'stays [closing]', 'lost for now': 'stays [closing]', 'closed by us': 'stays' },
      open: 'ignored',
      lost: 'ignored',
      input_ended: 'ignored',
      finished: 'ignored',
      greeted: 'ignored',
      out_of_sync: 'ignored',
      owed_high: 'ignored',
      owed_low: 'ignored',
      stalled: 'ignored',
      retry: 'ignored',
      opened: 'violation',
      failed: 'violation',
    },
    waiting: {
      retry: 'connecting [attempt 3]: disarmRetry, connect',
      open: 'connecting [attempt 1]: disarmRetry, connect',
      close: 'ended [closing]: disarmRetry',
      settled: 'ignored',
      lost: 'ignored',
      input_ended: 'ignored',
      finished: 'ignored',
      greeted: 'ignored',
      out_of_sync: 'ignored',
      owed_high: 'ignored',
      owed_low: 'ignored',
      stalled: 'ignored',
      opened: 'violation',
      failed: 'violation',
    },
    ended: nothing,
  },
};
