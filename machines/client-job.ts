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

/** What a client job remembers. */
export interface ClientJobContext extends JobContext {
  /** The response, from the moment it came in; it may overtake its own send_done. */
  readonly response: Completion | undefined;
}

type Args = { context: ClientJobContext; event: JobEvent };

const s = setup({
  types: {} as { context: ClientJobContext; events: JobEvent; input: JobInput; output: ClientJobContext },
  actions: {
    ...jobActions,
    keepResponse: assign(whole(({ context: { job, outcome } }: Args, response: Completion) => ({ job, outcome, response }))),
    endWithResponse: assign(whole(({ context }: Args) => ended(context, outcomeOf(context.response as Completion)))),
    endWithFailedSend: assign(
      whole(({ context }: Args, { error, known = 'perhaps-executed' }: Extract<SendCompletion, { ok: false }>) =>
        ended(context, { type: 'send-failed', error, known: context.response === undefined ? known : 'executed' }),
      ),
    ),
    endEarly: assign(
      whole(({ context, event }: Args, { known }: { known: KnownOfPeer }) =>
        ended(context, endedBy(event, context.response === undefined ? known : 'executed')),
      ),
    ),
  },
  guards: {
    // The rest of one that is answered already is not sent.
    isSent: ({ context, event }: Args) =>
      event.type === 'send_done' && (isWhole(event.completion) || (event.completion.ok && context.response !== undefined)),
    failed: ({ event }: Args) => event.type === 'send_done' && !event.completion.ok,
    hasResponse: ({ context }: Args) => context.response !== undefined,
    endedWithResponse: ({ context }: Args) => context.outcome?.type === 'value' || context.outcome?.type === 'error',
  },
});

function ended({ job, response }: ClientJobContext, outcome: Outcome): ClientJobContext {
  return { job, outcome, response };
}

function outcomeOf(response: Completion) {
  if (response.ok) return { type: 'value' as const, value: response.value, known: 'executed' as const };
  return { type: 'error' as const, error: response.error, known: 'executed' as const };
}

const keepResponse = {
  type: 'keepResponse',
  params: ({ event }: { event: Extract<JobEvent, { type: 'read_done' }> }) => event.response,
} as const;
const abort = { type: 'abort', params: ({ event }: Args) => ({ reason: event }) } as const;
const endEarly = (known: KnownOfPeer) => ({ type: 'endEarly', params: { known } }) as const;

const send = { type: 'send', params: ({ event }: { event: GrantEvent }) => ({ permit: event.permit, value: undefined }) } as const;
const wantSend = { type: 'want', params: { grant: 'send' } } as const;

/** Given up before anything was sent: the other side never hears of it. */
const endsUnsent = { target: '#client.busy.callback', actions: endEarly('not-sent') } as const;
/** Given up while the other side may be at work: it is told, where the protocol can. */
const endsOnLine = { target: '#client.busy.callback', actions: [endEarly('perhaps-executed'), abort] } as const;
/** The line is gone: there is nobody to tell. */
const endsLost = { target: '#client.busy.callback', actions: endEarly('perhaps-executed') } as const;
/** Given up in the middle: nobody executes half a request, and the other side is told to drop it. */
const endsHalfSent = { target: '#client.busy.callback', actions: [endEarly('not-sent'), abort] } as const;

/** Only handlers have these; no client job does. */
const executing = { execute: violation, resume: violation, execute_done: violation, park: violation, unpark: violation } as const;

/**
 * A request that we send, and the response that comes back:
 *
 * `new → busy.sending ⇄ busy.continuing`, then `busy.sending → sent → read → busy.callback → done`
 *
 * Every state lists every event: a transition, `ignored` or a `violation`.
 */
export const clientJob = s.createMachine({
  id: 'client',
  initial: 'new',
  context: ({ input }) => ({ job: input.job, outcome: undefined, response: undefined }),
  output: ({ context }) => context,
  states: {
    new: {
      description: 'Waits for a send slot, and for a link if there is none.',
      entry: wantSend,
      on: {
        send: { target: 'busy.sending', actions: send },
        cancel: endsUnsent,
        deadline: endsUnsent,
        line_lost: ignored,
        abort: violation,
        send_done: violation,
        read_done: violation,
        callback_done: violation,
        ...executing,
      },
    },
    busy: {
      initial: 'sending',
      states: {
        sending: {
          description: 'Its request, or a piece of it, is being written and holds a send slot.',
          on: {
            send_done: [
              { guard: 'isSent', target: '#client.sent' },
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
            // A fast peer: the response is kept until the send is done.
            read_done: [{ guard: 'hasResponse', ...violation }, { actions: keepResponse }],
            cancel: endsOnLine,
            deadline: endsOnLine,
            line_lost: endsLost,
            abort: violation,
            send: violation,
            callback_done: violation,
            ...executing,
          },
        },
        continuing: {
          description: 'Part of it is on the line; it waits for a send slot for the next piece.',
          entry: wantSend,
          on: {
            send: { target: 'sending', actions: send },
            // Refused before it was all there: the rest is not sent.
            read_done: { target: '#client.read', actions: keepResponse },
            cancel: endsHalfSent,
            deadline: endsHalfSent,
            // Nobody is there to be told.
            line_lost: endsUnsent,
            abort: violation,
            send_done: violation,
            callback_done: violation,
            ...executing,
          },
        },
        callback: {
          description: 'Its callback is being run, with its one outcome.',
          entry: { type: 'callback', params: ({ context }) => ({ outcome: context.outcome }) },
          on: {
            callback_done: '#client.done',
            // Late for a call that was given up; a second one for a call that was answered.
            read_done: [{ guard: 'endedWithResponse', ...violation }, ignored],
            send_done: ignored,
            cancel: ignored,
            deadline: ignored,
            line_lost: ignored,
            abort: violation,
            send: violation,
            ...executing,
          },
        },
      },
    },
    sent: {
      description: 'Its request is on the line; its response is awaited.',
      always: { guard: 'hasResponse', target: 'read' },
      on: {
        read_done: { target: 'read', actions: keepResponse },
        cancel: endsOnLine,
        deadline: endsOnLine,
        line_lost: endsLost,
        abort: violation,
        send: violation,
        send_done: violation,
        callback_done: violation,
        ...executing,
      },
    },
    read: {
      description: 'Its response is here.',
      always: { target: 'busy.callback', actions: 'endWithResponse' },
    },
    done: { type: 'final' },
  },
});
