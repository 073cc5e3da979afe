import { assign, setup } from 'xstate';
import {
  endedBy,
  ignored,
  isWhole,
  jobActions,
  violation,
  type GrantEvent,
  type JobContext,
  type JobEvent,
  type JobInput,
  type KnownOfPeer,
  type Outcome,
  type SendCompletion,
} from './job.ts';
import { whole } from './whole.ts';

type Args = { context: JobContext; event: JobEvent };

const s = setup({
  types: {} as { context: JobContext; events: JobEvent; input: JobInput; output: JobContext },
  actions: {
    ...jobActions,
    endSent: assign(whole(({ context }: Args) => ended(context, { type: 'value', value: undefined, known: 'perhaps-executed' }))),
    endWithFailedSend: assign(
      whole(({ context }: Args, { error, known = 'perhaps-executed' }: Extract<SendCompletion, { ok: false }>) =>
        ended(context, { type: 'send-failed', error, known }),
      ),
    ),
    endEarly: assign(whole(({ context, event }: Args, { known }: { known: KnownOfPeer }) => ended(context, endedBy(event, known)))),
  },
  guards: {
    isSent: ({ event }: Args) => event.type === 'send_done' && isWhole(event.completion),
    failed: ({ event }: Args) => event.type === 'send_done' && !event.completion.ok,
    waitsForALine: ({ context }: Args) => context.job.class === 'client',
  },
});

function ended({ job }: JobContext, outcome: Outcome): JobContext {
  return { job, outcome };
}

const send = { type: 'send', params: ({ event }: { event: GrantEvent }) => ({ permit: event.permit, value: undefined }) } as const;
const wantSend = { type: 'want', params: { grant: 'send' } } as const;
const ends = (known: KnownOfPeer) => ({ target: '#notice.busy.callback', actions: { type: 'endEarly', params: { known } } }) as const;
const oneWay = {
  execute: violation,
  resume: violation,
  execute_done: violation,
  park: violation,
  unpark: violation,
  read_done: violation,
  abort: violation,
} as const;

/**
 * A message that nobody answers: a notification, a cancel, a progress value, the refusal of a request.
 *
 * `new → busy.sending ⇄ busy.continuing`, then `busy.sending → sent → busy.callback → done`
 */
export const noticeJob = s.createMachine({
  id: 'notice',
  initial: 'new',
  context: ({ input }) => ({ job: input.job, outcome: undefined }),
  output: ({ context }) => context,
  states: {
    new: {
      description: 'Waits for a send slot.',
      entry: wantSend,
      on: {
        send: { target: 'busy.sending', actions: send },
        cancel: ends('not-sent'),
        deadline: ends('not-sent'),
        // A notification waits for the next line, as requests do; a refusal or a cancel belongs to the line that is gone.
        line_lost: [{ guard: 'waitsForALine', ...ignored }, ends('not-sent')],
        send_done: violation,
        callback_done: violation,
        ...oneWay,
      },
    },
    busy: {
      initial: 'sending',
      states: {
        sending: {
          description: 'It, or a piece of it, is being written and holds a send slot.',
          on: {
            send_done: [
              { guard: 'isSent', target: '#notice.sent', actions: 'endSent' },
              {
                guard: 'failed',
                target: 'callback',
                actions: { type: 'endWithFailedSend', params: ({ event }) => event.completion as Extract<SendCompletion, { ok: false }> },
              },
              { target: 'continuing' },
            ],
            cancel: ends('perhaps-executed'),
            deadline: ends('perhaps-executed'),
            line_lost: ends('perhaps-executed'),
            send: violation,
            callback_done: violation,
            ...oneWay,
          },
        },
        continuing: {
          description: 'Part of it is on the line; it waits for a send slot for the next piece.',
          entry: wantSend,
          on: {
            send: { target: 'sending', actions: send },
            // Half a message is none.
            cancel: ends('not-sent'),
            deadline: ends('not-sent'),
            line_lost: ends('not-sent'),
            send_done: violation,
            callback_done: violation,
            ...oneWay,
          },
        },
        callback: {
          description: 'Its callback is being run.',
          entry: { type: 'callback', params: ({ context }) => ({ outcome: context.outcome }) },
          on: {
            callback_done: '#notice.done',
            send_done: ignored,
            cancel: ignored,
            deadline: ignored,
            line_lost: ignored,
            send: violation,
            ...oneWay,
          },
        },
      },
    },
    sent: { description: 'It is on the line.', always: 'busy.callback' },
    done: { type: 'final' },
  },
});
