import { assign, setup } from 'xstate';
import {
  endedBy,
  ignored,
  isWhole,
  jobActions,
  violation,
  type Completion,
  type GrantEvent,
  type JobContext,
  type JobEvent,
  type JobInput,
  type KnownOfPeer,
  type Outcome,
  type SendCompletion,
} from './job.ts';
import { whole } from './whole.ts';

/** What a server job remembers. */
export interface ServerJobContext extends JobContext {
  readonly answers: boolean;
  /** What its execute came to: the response. */
  readonly completion: Completion | undefined;
  /** How far its handler was when that was known: an abort by the peer is an answer, whatever the handler does. */
  readonly known: KnownOfPeer;
  /** Nested calls whose answers its handler has not been given. */
  readonly nested: number;
  /** Those of them that are here and wait for the execute slot. */
  readonly answered: number;
}

/** The error that answers a request which its sender gave up. */
export const cancelledByPeer = Object.freeze({ code: 'CANCELLED', message: 'cancelled by the caller' });

type Args = { context: ServerJobContext; event: JobEvent };

const s = setup({
  types: {} as { context: ServerJobContext; events: JobEvent; input: JobInput; output: ServerJobContext },
  actions: {
    ...jobActions,
    keepCompletion: assign(
      whole(({ context }: Args, { completion, known }: { completion: Completion; known: KnownOfPeer }) => {
        const next = copyOf(context);
        next.completion = completion;
        next.known = known;
        // Answers to its handler have nobody to go to.
        next.nested = 0;
        next.answered = 0;
        return next;
      }),
    ),
    keepNested: assign(whole(({ context }: Args) => counted(context, context.nested + 1, context.answered))),
    keepAnswered: assign(whole(({ context }: Args) => counted(context, context.nested, context.answered + 1))),
    deliverAnswered: assign(whole(({ context }: Args) => counted(context, context.nested - context.answered, 0))),
    endWithAnswer: assign(whole(({ context }: Args) => ended(context, outcomeOf(context)))),
    endWithFailedSend: assign(
      whole(({ context }: Args, { error, known = context.known }: Extract<SendCompletion, { ok: false }>) =>
        ended(context, { type: 'send-failed', error, known }),
      ),
    ),
    endAnswered: assign(whole(({ context, event }: Args) => ended(context, endedBy(event, context.known)))),
    endEarly: assign(whole(({ context, event }: Args, { known }: { known: KnownOfPeer }) => ended(context, endedBy(event, known)))),
  },
  guards: {
    answers: ({ context }: Args) => context.answers,
    notification: ({ context }: Args) => !context.answers,
    isSent: ({ event }: Args) => event.type === 'send_done' && isWhole(event.completion),
    failed: ({ event }: Args) => event.type === 'send_done' && !event.completion.ok,
    awaitsNested: ({ context }: Args) => context.nested > 0,
    owesNested: ({ context }: Args) => context.nested > context.answered,
    hasAnswer: ({ context }: Args) => context.answered > 0,
    firstAnswer: ({ context }: Args) => context.answered === 0 && context.nested > 0,
  },
});

/** The next context while it is made. */
type Draft = { -readonly [Key in keyof ServerJobContext]: ServerJobContext[Key] };

function copyOf({ job, answers, outcome, completion, known, nested, answered: given }: ServerJobContext): Draft {
  return { job, answers, outcome, completion, known, nested, answered: given };
}

function counted(context: ServerJobContext, nested: number, given: number): ServerJobContext {
  const next = copyOf(context);
  next.nested = nested;
  next.answered = given;
  return next;
}

function ended(context: ServerJobContext, outcome: Outcome): ServerJobContext {
  const next = copyOf(context);
  next.outcome = outcome;
  return next;
}

/** A server job's outcome once nothing more is to be sent. */
function outcomeOf({ completion, known }: ServerJobContext) {
  if (completion === undefined || completion.ok) return { type: 'value' as const, value: completion?.value, known };
  return { type: 'error' as const, error: completion.error, known };
}

const wantExecute = { type: 'want', params: { grant: 'execute' } } as const;
const wantResume = {
  type: 'want',
  params: ({ event }: { event: Extract<JobEvent, { type: 'unpark' }> }) => ({ grant: 'resume' as const, permit: event.permit }),
} as const;
const wantSend = { type: 'want', params: { grant: 'send' } } as const;
const send = {
  type: 'send',
  params: ({ context, event }: { context: ServerJobContext; event: GrantEvent }) => ({ permit: event.permit, value: context.completion }),
} as const;
const callback = { type: 'callback', params: ({ context }: Args) => ({ outcome: context.outcome }) } as const;
const abort = { type: 'abort', params: ({ event }: Args) => ({ reason: event }) } as const;
const release = { type: 'release', params: ({ event }: Args) => ({ permit: event.type === 'resume' ? event.permit : -1 }) } as const;
const endEarly = (known: KnownOfPeer) => ({ type: 'endEarly', params: { known } }) as const;
const keepOutcome = (known: KnownOfPeer) =>
  ({
    type: 'keepCompletion',
    params: ({ event }: Args): { completion: Completion; known: KnownOfPeer } => ({
      completion: event.type === 'execute_done' ? event.completion : { ok: false, error: cancelledByPeer },
      known,
    }),
  }) as const;

/** The answer is known: it is sent, or (a notification) there is nobody to send it to. */
const answered = [
  { guard: 'answers', target: '#server.executed', actions: [keepOutcome('executed'), wantSend] },
  { target: '#server.executed', actions: [keepOutcome('executed')] },
] as const;
const abortedByPeer = [
  { guard: 'answers', target: '#server.executed', actions: [keepOutcome('perhaps-executed'), abort, wantSend] },
  { target: '#server.executed', actions: [keepOutcome('perhaps-executed'), abort] },
] as const;

/** Ends the job early from a state in which its handler runs. */
const endsRunning = { target: '#server.busy.callback', actions: [endEarly('perhaps-executed'), abort] } as const;
const endsUnstarted = { target: '#server.busy.callback', actions: endEarly('refused') } as const;
const endsAnswered = { target: '#server.busy.callback', actions: 'endAnswered' } as const;

/**
 * A request that came in, and the response that we send:
 *
 * `new → busy.executing ⇄ busy.parked → executed → busy.sending ⇄ busy.continuing → sent → busy.callback → done`
 *
 * A notification goes from `executed` to `busy.callback`. Every state lists every event: a transition,
 * `ignored` or a `violation` (semantics: each pair is decided).
 */
export const serverJob = s.createMachine({
  id: 'server',
  initial: 'new',
  context: ({ input }) => ({
    job: input.job,
    answers: input.answers,
    outcome: undefined,
    completion: undefined,
    known: 'refused',
    nested: 0,
    answered: 0,
  }),
  output: ({ context }) => context,
  states: {
    new: {
      description: 'Waits for an execute slot.',
      entry: wantExecute,
      on: {
        execute: { target: 'busy.executing', actions: { type: 'execute', params: ({ event }) => ({ permit: event.permit }) } },
        abort: [
          { guard: 'answers', target: 'executed', actions: [keepOutcome('refused'), wantSend] },
          { target: 'executed', actions: keepOutcome('refused') },
        ],
        cancel: endsUnstarted,
        deadline: endsUnstarted,
        line_lost: endsUnstarted,
        resume: violation,
        send: violation,
        execute_done: violation,
        send_done: violation,
        read_done: violation,
        callback_done: violation,
        park: violation,
        unpark: violation,
      },
    },
    busy: {
      initial: 'executing',
      states: {
        executing: {
          description: 'Its handler runs and holds an execute slot.',
          // One nested answer was delivered and others are still out: the slot goes back at once.
          always: { guard: 'awaitsNested', target: 'parked', actions: release },
          on: {
            execute_done: answered,
            park: { target: 'parked', actions: 'keepNested' },
            abort: abortedByPeer,
            cancel: endsRunning,
            deadline: endsRunning,
            line_lost: endsRunning,
            unpark: violation,
            execute: violation,
            resume: violation,
            send: violation,
            send_done: violation,
            read_done: violation,
            callback_done: violation,
          },
        },
        parked: {
          description:
            'Its handler waits for the peer, or for an item to send; the slot is given to others until what it waits for is here.',
          on: {
            resume: [
              {
                guard: 'hasAnswer',
                target: 'executing',
                actions: ['deliverAnswered', { type: 'resume', params: ({ event }) => ({ permit: event.permit }) }],
              },
              violation,
            ],
            park: { actions: 'keepNested' },
            unpark: [
              { guard: 'firstAnswer', actions: ['keepAnswered', wantResume] },
              { guard: 'owesNested', actions: 'keepAnswered' },
              violation,
            ],
            execute_done: answered,
            abort: abortedByPeer,
            cancel: endsRunning,
            deadline: endsRunning,
            line_lost: endsRunning,
            execute: violation,
            send: violation,
            send_done: violation,
            read_done: violation,
            callback_done: violation,
          },
        },
        sending: {
          description: 'Its response, or a piece of it, is being written and holds a send slot.',
          on: {
            send_done: [
              { guard: 'isSent', target: '#server.sent', actions: 'endWithAnswer' },
              {
                guard: 'failed',
                target: 'callback',
                actions: {
                  type: 'endWithFailedSend',
                  params: ({ event }) => event.completion as Extract<SendCompletion, { ok: false }>,
                },
              },
              { target: 'continuing' },
            ],
            cancel: endsAnswered,
            deadline: endsAnswered,
            line_lost: endsAnswered,
            abort: ignored,
            execute_done: ignored,
            park: ignored,
            unpark: ignored,
            execute: violation,
            resume: violation,
            send: violation,
            read_done: violation,
            callback_done: violation,
          },
        },
        continuing: {
          description: 'Part of it is on the line; it waits for a send slot for the next piece.',
          entry: wantSend,
          on: {
            send: { target: 'sending', actions: send },
            cancel: endsAnswered,
            deadline: endsAnswered,
            line_lost: endsAnswered,
            abort: ignored,
            execute_done: ignored,
            park: ignored,
            unpark: ignored,
            execute: violation,
            resume: violation,
            send_done: violation,
            read_done: violation,
            callback_done: violation,
          },
        },
        callback: {
          description: 'Its callback is being run, with its one outcome.',
          entry: callback,
          on: {
            callback_done: '#server.done',
            execute_done: ignored,
            send_done: ignored,
            abort: ignored,
            cancel: ignored,
            deadline: ignored,
            line_lost: ignored,
            park: ignored,
            unpark: ignored,
            execute: violation,
            resume: violation,
            send: violation,
            read_done: violation,
          },
        },
      },
    },
    executed: {
      description: 'Its response waits for a send slot.',
      always: { guard: 'notification', target: 'busy.callback', actions: 'endWithAnswer' },
      on: {
        send: { target: 'busy.sending', actions: send },
        cancel: endsAnswered,
        deadline: endsAnswered,
        line_lost: endsAnswered,
        abort: ignored,
        execute_done: ignored,
        park: ignored,
        unpark: ignored,
        execute: violation,
        resume: violation,
        send_done: violation,
        read_done: violation,
        callback_done: violation,
      },
    },
    sent: {
      description: 'Its response is on the line.',
      always: 'busy.callback',
    },
    done: { type: 'final' },
  },
});
