import { sessionMachine, type SessionContext, type SessionEvent, type SessionState } from '../../machines/session.ts';
import type { Table } from './table.ts';

const opened: SessionEvent = { type: 'opened' };
const closed: SessionEvent = { type: 'closed' };
const fresh: SessionEvent = { type: 'agreed', resumed: false };
const resumed: SessionEvent = { type: 'agreed', resumed: true };
const limits: SessionEvent = { type: 'limits' };
const repeat: SessionEvent = { type: 'repeat' };
const up = [opened, fresh, limits];

/** What ends the calls of a session. */
const over = 'endSession, stopKeeping';

/** The session of virtagent-2: what each state does with each event. */
export const sessionTable: Table<SessionState, SessionEvent> = {
  chart: sessionMachine,
  passing: [],
  reached: {
    off: { 'at first': { input: undefined, events: [] }, again: { input: undefined, events: [opened, repeat, closed] } },
    greeting: {
      'at first': { input: undefined, events: [opened] },
      'with a session': { input: undefined, events: [...up, closed, opened] },
      'with a session that has not met': { input: undefined, events: [opened, fresh, closed, opened] },
    },
    meeting: { '': { input: undefined, events: [opened, fresh] } },
    open: { '': { input: undefined, events: up } },
    interrupted: {
      'after open': { input: undefined, events: [...up, closed] },
      'after meeting': { input: undefined, events: [opened, fresh, closed] },
    },
  },
  samples: {
    opened: { '': opened },
    closed: { '': closed },
    agreed: { fresh, resumed },
    at_odds: { '': { type: 'at_odds' } },
    anew: { '': { type: 'anew' } },
    limits: { '': limits },
    ended: { '': { type: 'ended', reason: 'stopped' } },
    repeat: { '': repeat },
    expired: { '': { type: 'expired' } },
  },
  knows: (context: SessionContext) => [['hello', context.hellos], context.held ? 'held' : 'not held', context.met ? 'met' : 'not met'],
  rows: {
    off: {
      opened: { 'at first': 'greeting [hello +1]: hello', again: 'greeting [hello -1]: hello' },
      closed: 'ignored',
      agreed: 'ignored',
      at_odds: 'ignored',
      anew: 'ignored',
      limits: 'ignored',
      ended: 'ignored',
      repeat: 'violation',
      expired: 'violation',
    },
    greeting: {
      repeat: 'stays [hello +1]: disarm, hello',
      agreed: {
        'at first, fresh': 'meeting [held]: disarm, tellLimits, armRepeat',
        'with a session, resumed': 'open: disarm, stopKeeping, admit',
        // Its limits, or ours, went with the line before.
        'with a session that has not met, resumed': 'meeting: disarm, stopKeeping, armRepeat',
        // Not as long as both tell the truth.
        'at first, resumed': 'meeting [held]: disarm, stopKeeping, armRepeat',
        'with a session, fresh': 'meeting: disarm, tellLimits, armRepeat',
        'with a session that has not met, fresh': 'meeting: disarm, tellLimits, armRepeat',
      },
      at_odds: {
        'at first': 'stays: disarm, hello',
        'with a session': `stays [not held, not met]: disarm, ${over}, hello`,
        'with a session that has not met': `stays [not held]: disarm, ${over}, hello`,
      },
      expired: {
        'at first': 'violation',
        'with a session': `stays [hello +1, not held, not met]: disarm, ${over}, hello`,
        'with a session that has not met': `stays [hello +1, not held]: disarm, ${over}, hello`,
      },
      ended: {
        'at first': 'off: disarm, fail',
        'with a session': `off [not held, not met]: disarm, ${over}, fail`,
        'with a session that has not met': `off [not held]: disarm, ${over}, fail`,
      },
      closed: { 'at first': 'off: disarm', else: 'interrupted: disarm, keep' },
      anew: 'ignored',
      limits: 'ignored',
      opened: 'violation',
    },
    meeting: {
      limits: 'open [met]: disarm, admit',
      repeat: 'stays: disarm, tellLimits, armRepeat',
      anew: 'greeting: disarm, hold, hello',
      at_odds: `greeting [not held]: disarm, hold, ${over}, hello`,
      ended: `off [not held]: disarm, ${over}, fail`,
      closed: 'interrupted: disarm, keep',
      agreed: 'ignored',
      opened: 'violation',
      expired: 'violation',
    },
    open: {
      anew: 'greeting: hold, hello',
      at_odds: `greeting [not held, not met]: hold, ${over}, hello`,
      ended: `off [not held, not met]: ${over}, fail`,
      closed: 'interrupted: keep',
      limits: 'ignored',
      agreed: 'ignored',
      opened: 'violation',
      repeat: 'violation',
      expired: 'violation',
    },
    interrupted: {
      opened: 'greeting: hello',
      expired: { 'after open': `off [not held, not met]: ${over}`, 'after meeting': `off [not held]: ${over}` },
      closed: 'ignored',
      agreed: 'ignored',
      at_odds: 'ignored',
      anew: 'ignored',
      limits: 'ignored',
      ended: { 'after open': `off [not held, not met]: ${over}`, 'after meeting': `off [not held]: ${over}` },
      repeat: 'violation',
    },
  },
};
