import { assign, setup } from 'xstate';
import { effect } from './job.ts';

/** The states of a session of virtagent-2. */
export type SessionState = 'off' | 'greeting' | 'meeting' | 'open' | 'interrupted';

/** What a session remembers. */
export interface SessionContext {
  /** HELLOs said on this line without coming to an agreement: the exponent of the pause before the next. */
  readonly hellos: number;
  /** Both sides have agreed on this session: its calls outlive the line. */
  readonly held: boolean;
  /** The other side's limits have come, in this session. */
  readonly met: boolean;
}

/** What a session is told: by the link, by what the other side says, and by its timers. */
export type SessionEvent =
  // The link.
  | { readonly type: 'opened' }
  | { readonly type: 'closed' }
  // The other side.
  | { readonly type: 'agreed'; readonly resumed: boolean }
  | { readonly type: 'at_odds' }
  | { readonly type: 'anew' }
  | { readonly type: 'limits' }
  | { readonly type: 'ended'; readonly reason: unknown }
  // Its timers.
  | { readonly type: 'repeat' }
  | { readonly type: 'expired' };

type Args = { context: SessionContext; event: SessionEvent };

const s = setup({
  types: {} as { context: SessionContext; events: SessionEvent },
  actions: {
    // Effects: the greeting gives them their work.
    hold: effect(),
    hello: effect<{ hellos: number }>(),
    disarm: effect(),
    tellLimits: effect<{ again: boolean }>(),
    armRepeat: effect(),
    admit: effect(),
    keep: effect(),
    stopKeeping: effect(),
    endSession: effect(),
    fail: effect<{ reason: unknown }>(),
    report: effect<{ event: string }>(),
    // What a session remembers.
    countHello: assign(({ context }: Args) => ({ hellos: context.hellos + 1 })),
    forgetHellos: assign({ hellos: 0 }),
    noteHeld: assign({ held: true }),
    noteMet: assign({ met: true }),
    forget: assign({ held: false, met: false }),
  },
  guards: {
    resumesMet: ({ context, event }: Args) => event.type === 'agreed' && event.resumed && context.met,
    resumes: ({ event }: Args) => event.type === 'agreed' && event.resumed,
    isHeld: ({ context }: Args) => context.held,
  },
});

const violation = { actions: { type: 'report', params: ({ event }: Args) => ({ event: event.type }) } } as const;
const ignored = {} as const;
const fail = { type: 'fail', params: ({ event }: Args) => ({ reason: (event as { reason: unknown }).reason }) } as const;

/** Its calls end as lost; the next HELLO offers another session. */
const over = ['endSession', 'stopKeeping', 'forget'] as const;
/** The line is gone: what both have agreed on is kept for a while. */
const closed = [{ guard: 'isHeld', target: 'interrupted' }, { target: 'off' }] as const;
/** What ends a session that is agreed, or sends it back to agree again. */
const agreed = {
  // Since it had agreed, only what comes late can say so again.
  agreed: ignored,
  anew: { target: 'greeting', actions: ['hold', 'forgetHellos'] },
  at_odds: { target: 'greeting', actions: ['hold', 'forgetHellos', ...over] },
  ended: { target: 'off', actions: [...over, fail] },
  closed: { target: 'interrupted' },
  opened: violation,
  repeat: violation,
  expired: violation,
} as const;

/**
 * A session of virtagent-2 (docs/protocol.md): `off → greeting → meeting → open`, and `interrupted` while it has no line.
 *
 * Lines come and go under it. What was on the line when it went is sent again when both sides agree, on the next one, that they
 * mean the same session; what they do not agree on is lost, and said to be.
 */
export const sessionMachine = s.createMachine({
  id: 'session',
  initial: 'off',
  context: { hellos: 0, held: false, met: false },
  states: {
    off: {
      description: 'There is no line, and nothing that would outlive one.',
      on: {
        opened: { target: 'greeting', actions: 'forgetHellos' },
        closed: ignored,
        // What was decided before the line went.
        agreed: ignored,
        at_odds: ignored,
        anew: ignored,
        limits: ignored,
        ended: ignored,
        repeat: violation,
        expired: violation,
      },
    },
    greeting: {
      description: 'HELLO is said, with growing pauses, until both sides have agreed on a session: the one that is held, or a new one.',
      entry: ['countHello', { type: 'hello', params: ({ context }) => ({ hellos: context.hellos }) }],
      exit: 'disarm',
      on: {
        repeat: { target: 'greeting', reenter: true },
        agreed: [
          { guard: 'resumesMet', target: 'open', actions: 'stopKeeping' },
          { guard: 'resumes', target: 'meeting', actions: ['stopKeeping', 'noteHeld'] },
          { target: 'meeting', actions: ['noteHeld', { type: 'tellLimits', params: { again: false } }] },
        ],
        at_odds: [
          { guard: 'isHeld', target: 'greeting', reenter: true, actions: ['forgetHellos', ...over] },
          { target: 'greeting', reenter: true, actions: 'forgetHellos' },
        ],
        expired: [{ guard: 'isHeld', target: 'greeting', reenter: true, actions: [...over] }, violation],
        ended: [
          { guard: 'isHeld', target: 'off', actions: [...over, fail] },
          { target: 'off', actions: fail },
        ],
        closed,
        anew: ignored,
        limits: ignored,
        opened: violation,
      },
    },
    meeting: {
      description: 'Both sides have agreed, and tell each other their limits: again if a plain line may have lost them.',
      entry: 'armRepeat',
      exit: 'disarm',
      on: {
        ...agreed,
        limits: { target: 'open', actions: 'noteMet' },
        repeat: { target: 'meeting', reenter: true, actions: { type: 'tellLimits', params: { again: true } } },
      },
    },
    open: {
      description: 'Calls are sent and answered.',
      entry: 'admit',
      on: { ...agreed, limits: ignored },
    },
    interrupted: {
      description: 'The line is gone. For a while the session is kept for the next one.',
      entry: 'keep',
      on: {
        opened: { target: 'greeting', actions: 'forgetHellos' },
        expired: { target: 'off', actions: [...over] },
        closed: ignored,
        agreed: ignored,
        at_odds: ignored,
        anew: ignored,
        limits: ignored,
        // It said so before the line went.
        ended: { target: 'off', actions: [...over] },
        repeat: violation,
      },
    },
  },
});
