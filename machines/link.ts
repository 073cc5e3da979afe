import { assign, setup } from 'xstate';
import { effect } from './job.ts';

/** The link's states. */
export type LinkState = 'closed' | 'connecting' | 'greeting' | 'up' | 'finishing' | 'down' | 'waiting' | 'ended';

/** What a link is given. */
export interface LinkInput {
  /** Whether its channel can open another line after one has ended. */
  readonly reopens: boolean;
  /** Whether a line that can't be opened is tried again. */
  readonly retries: boolean;
}

/** What a link remembers. */
export interface LinkContext extends LinkInput {
  /** Lines opened so far; the number of the present one. */
  readonly session: number;
  /** Attempts to open a line since the last one was up: the exponent of the back-off. */
  readonly attempts: number;
  /** Why the last line, or the last attempt, ended. */
  readonly reason: unknown;
  /** It is to end and not to come back. */
  readonly closing: boolean;
  /** The responses owed are over their limit: nothing is read until they are not. */
  readonly reading: boolean;
}

/** What a link is told: by its user, its channel, its stream, the greeting, the manager and its timers. */
export type LinkEvent =
  | { readonly type: 'open' }
  | { readonly type: 'opened' }
  | { readonly type: 'failed'; readonly error: unknown }
  | { readonly type: 'greeted' }
  | { readonly type: 'out_of_sync' }
  | { readonly type: 'input_ended' }
  | { readonly type: 'finished'; readonly reason: unknown }
  | { readonly type: 'lost'; readonly reason: unknown }
  | { readonly type: 'settled' }
  | { readonly type: 'retry' }
  | { readonly type: 'owed_high' }
  | { readonly type: 'owed_low' }
  | { readonly type: 'stalled'; readonly reason: unknown }
  | { readonly type: 'close'; readonly reason?: unknown };

type Args = { context: LinkContext; event: LinkEvent };

const s = setup({
  types: {} as { context: LinkContext; events: LinkEvent; input: LinkInput; output: { reason: unknown } },
  actions: {
    // Effects: the transport actor gives them their work.
    connect: effect(),
    abandon: effect(),
    attach: effect(),
    greet: effect(),
    announce: effect(),
    finish: effect(),
    disarmFinish: effect(),
    drop: effect<{ reason: unknown }>(),
    armRetry: effect<{ attempts: number }>(),
    disarmRetry: effect(),
    pauseReading: effect(),
    resumeReading: effect(),
    report: effect<{ event: string }>(),
    // What the link remembers.
    begin: assign(({ context }: Args) => ({ session: context.session + 1, reading: true, reason: undefined })),
    countAttempt: assign(({ context }: Args) => ({ attempts: context.attempts + 1 })),
    forgetAttempts: assign({ attempts: 0 }),
    keepReason: assign(({ event }: Args) => ({ reason: reasonOf(event) })),
    keepClosing: assign(({ context, event }: Args) => ({
      closing: true,
      reason: event.type === 'close' ? (event.reason ?? context.reason) : context.reason,
    })),
    stopReading: assign({ reading: false }),
    startReading: assign({ reading: true }),
  },
  guards: {
    retries: ({ context }: Args) => context.retries,
    reopens: ({ context }: Args) => context.reopens && !context.closing,
  },
});

function reasonOf(event: LinkEvent): unknown {
  if (event.type === 'failed') return event.error;
  return event.type === 'lost' || event.type === 'stalled' || event.type === 'finished' || event.type === 'close'
    ? event.reason
    : undefined;
}

const violation = { actions: { type: 'report', params: ({ event }: Args) => ({ event: event.type }) } } as const;
const ignored = {} as const;

const lost = { target: 'down', actions: 'keepReason' } as const;
const closeLine = { target: 'down', actions: 'keepClosing' } as const;
const giveUp = { target: 'ended', actions: 'keepClosing' } as const;
/** What every state with an open line shares; it holds the peer to reading its answers (rule 11). */
const open = {
  lost,
  close: closeLine,
  owed_high: { actions: ['stopReading', 'pauseReading'] },
  owed_low: { actions: ['startReading', 'resumeReading'] },
  stalled: lost,
  input_ended: 'finishing',
  finished: ignored,
  open: ignored,
  settled: ignored,
  retry: ignored,
  opened: violation,
  failed: violation,
} as const;

/**
 * The state of the line: `closed → connecting → greeting → up → down`, then `waiting` and `connecting` again where
 * the channel can, else `ended`.
 *
 * In `down` every job of the session is being ended; the next line is not opened before all are, so that nothing
 * of an earlier session meets the next one.
 */
export const linkMachine = s.createMachine({
  id: 'link',
  initial: 'closed',
  context: ({ input }) => ({
    reopens: input.reopens,
    retries: input.retries,
    session: 0,
    attempts: 0,
    reason: undefined,
    closing: false,
    reading: true,
  }),
  output: ({ context }) => ({ reason: context.reason }),
  states: {
    closed: {
      description: 'Not opened yet.',
      on: {
        open: 'connecting',
        close: giveUp,
        opened: violation,
        failed: violation,
        greeted: violation,
        out_of_sync: violation,
        lost: violation,
        input_ended: violation,
        finished: violation,
        settled: ignored,
        retry: violation,
        owed_high: ignored,
        owed_low: ignored,
        stalled: ignored,
      },
    },
    connecting: {
      description: 'The channel is opening a line.',
      entry: ['countAttempt', 'connect'],
      on: {
        opened: { target: 'greeting', actions: ['begin', 'attach'] },
        failed: [
          { guard: 'retries', target: 'waiting', actions: 'keepReason' },
          { target: 'ended', actions: 'keepReason' },
        ],
        close: { target: 'ended', actions: ['keepClosing', 'abandon'] },
        open: ignored,
        settled: ignored,
        retry: ignored,
        owed_high: ignored,
        owed_low: ignored,
        stalled: ignored,
        lost: ignored,
        input_ended: ignored,
        finished: ignored,
        out_of_sync: ignored,
        greeted: violation,
      },
    },
    greeting: {
      description: 'The line is open; the protocol exchanges what it needs before requests may be sent.',
      entry: 'greet',
      on: { greeted: 'up', out_of_sync: ignored, ...open },
    },
    up: {
      description: 'Requests flow in both directions; what is out of step (qemu-ga, after a timeout) greets again on the same line.',
      entry: ['forgetAttempts', 'announce'],
      on: { out_of_sync: 'greeting', greeted: ignored, ...open },
    },
    finishing: {
      description: 'The peer has said all that it will; the answers to it are still sent.',
      entry: 'finish',
      exit: 'disarmFinish',
      on: { ...open, finished: { target: 'down', actions: 'keepReason' }, input_ended: ignored, greeted: ignored, out_of_sync: ignored },
    },
    down: {
      description: 'The line is gone; the jobs of its session are being ended.',
      entry: { type: 'drop', params: ({ context }) => ({ reason: context.reason }) },
      on: {
        settled: [{ guard: 'reopens', target: 'waiting' }, { target: 'ended' }],
        close: { actions: 'keepClosing' },
        open: ignored,
        lost: ignored,
        input_ended: ignored,
        finished: ignored,
        greeted: ignored,
        out_of_sync: ignored,
        owed_high: ignored,
        owed_low: ignored,
        stalled: ignored,
        retry: ignored,
        opened: violation,
        failed: violation,
      },
    },
    waiting: {
      description: 'Before the next attempt: at once after a line that was up, then with growing pauses.',
      entry: { type: 'armRetry', params: ({ context }) => ({ attempts: context.attempts }) },
      exit: 'disarmRetry',
      on: {
        retry: 'connecting',
        // Whoever asks has a reason to hope: the pauses begin anew.
        open: { target: 'connecting', actions: 'forgetAttempts' },
        close: giveUp,
        settled: ignored,
        lost: ignored,
        input_ended: ignored,
        finished: ignored,
        greeted: ignored,
        out_of_sync: ignored,
        owed_high: ignored,
        owed_low: ignored,
        stalled: ignored,
        opened: violation,
        failed: violation,
      },
    },
    ended: { type: 'final' },
  },
});
