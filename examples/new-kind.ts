/**
 * A kind of job that the manager has never heard of: a probe, which asks the other side three times and then ends.
 *
 * Each round waits for a send slot of its own, so other jobs get in between. The manager is not touched: a kind is a chart made
 * with the events and actions of `machines/job.ts`, and a registration. docs/new-kind.md goes through it.
 */
import type { Duplex } from 'node:stream';
import { createInterface } from 'node:readline';
import { assign, setup } from 'xstate';
import { createManager, outcomeError, type Kind, type Manager } from '../actors/index.ts';
import {
  endedBy,
  ignored,
  jobActions,
  violation,
  type JobContext,
  type JobEvent,
  type JobInput,
  type KnownOfPeer,
  type SendCompletion,
} from '../machines/index.ts';

/** How often a probe asks. */
export const ROUNDS = 3;

/** What a probe remembers. */
export interface ProbeContext extends JobContext {
  /** Rounds that were answered. */
  readonly answers: number;
  /** The answer of this round is here; it may overtake its own send_done. */
  readonly answered: boolean;
}

type Args = { context: ProbeContext; event: JobEvent };

const s = setup({
  types: {} as { context: ProbeContext; events: JobEvent; input: JobInput; output: ProbeContext },
  actions: {
    ...jobActions,
    beginRound: assign({ answered: false }),
    countAnswer: assign(({ context }: Args) => ({ answers: context.answers + 1, answered: true })),
    endWithCount: assign(({ context }: Args) => ({
      outcome: { type: 'value' as const, value: context.answers, known: 'executed' as const },
    })),
    endWithFailedSend: assign(({ context }: Args, { error, known }: Extract<SendCompletion, { ok: false }>) => ({
      outcome: { type: 'send-failed' as const, error, known: context.answers > 0 ? ('executed' as const) : (known ?? 'perhaps-executed') },
    })),
    endEarly: assign(({ context, event }: Args, { known }: { known: KnownOfPeer }) => ({
      outcome: endedBy(event, context.answers > 0 ? 'executed' : known),
    })),
  },
  guards: {
    failed: ({ event }: Args) => event.type === 'send_done' && !event.completion.ok,
    isAnswered: ({ context }: Args) => context.answered,
    isEnough: ({ context }: Args) => context.answers >= ROUNDS,
    hasBegun: ({ context }: Args) => context.answers > 0,
  },
});

const ends = (known: KnownOfPeer) => ({ target: '#probe.busy.callback', actions: { type: 'endEarly', params: { known } } }) as const;
/** No probe executes anything here, and no peer can ask for one to be aborted. */
const notOurs = {
  execute: violation,
  resume: violation,
  execute_done: violation,
  park: violation,
  unpark: violation,
  abort: violation,
} as const;

/** `new → busy.sending → sent → read`, three times, then `busy.callback → done`. */
export const probeJob = s.createMachine({
  id: 'probe',
  initial: 'new',
  context: ({ input }) => ({ job: input.job, outcome: undefined, answers: 0, answered: false }),
  output: ({ context }) => context,
  states: {
    new: {
      description: 'Waits for a send slot, before each of its rounds.',
      entry: ['beginRound', { type: 'want', params: { grant: 'send' } }],
      on: {
        send: { target: 'busy.sending', actions: { type: 'send', params: ({ event }) => ({ permit: event.permit, value: undefined }) } },
        cancel: ends('not-sent'),
        deadline: ends('not-sent'),
        // Between two rounds a lost line is the answer; before the first, the next line may give one.
        line_lost: [{ guard: 'hasBegun', ...ends('not-sent') }, ignored],
        send_done: violation,
        read_done: violation,
        callback_done: violation,
        ...notOurs,
      },
    },
    busy: {
      initial: 'sending',
      states: {
        sending: {
          description: 'This round is being written and holds a send slot.',
          on: {
            send_done: [
              {
                guard: 'failed',
                target: 'callback',
                actions: { type: 'endWithFailedSend', params: ({ event }) => event.completion as Extract<SendCompletion, { ok: false }> },
              },
              { target: '#probe.sent' },
            ],
            read_done: [{ guard: 'isAnswered', ...violation }, { actions: 'countAnswer' }],
            cancel: ends('perhaps-executed'),
            deadline: ends('perhaps-executed'),
            line_lost: ends('perhaps-executed'),
            send: violation,
            callback_done: violation,
            ...notOurs,
          },
        },
        callback: {
          description: 'Its callback is being run, with its one outcome.',
          entry: { type: 'callback', params: ({ context }) => ({ outcome: context.outcome }) },
          on: {
            callback_done: '#probe.done',
            send_done: ignored,
            read_done: ignored,
            cancel: ignored,
            deadline: ignored,
            line_lost: ignored,
            send: violation,
            ...notOurs,
          },
        },
      },
    },
    sent: {
      description: 'This round is on the line; its answer is awaited.',
      always: { guard: 'isAnswered', target: 'read' },
      on: {
        read_done: { target: 'read', actions: 'countAnswer' },
        cancel: ends('perhaps-executed'),
        deadline: ends('perhaps-executed'),
        line_lost: ends('perhaps-executed'),
        send: violation,
        send_done: violation,
        callback_done: violation,
        ...notOurs,
      },
    },
    read: {
      description: 'The answer of this round is here.',
      always: [{ guard: 'isEnough', target: 'busy.callback', actions: 'endWithCount' }, { target: 'new' }],
    },
    done: { type: 'final' },
  },
});

/** All that a manager is told of probes. */
export const probeKind: Kind = { name: 'probe', chart: probeJob, class: 'client', slots: ['send'], ownsTag: true };

/** One end of a line that probes the other: `? TAG` is asked, `! TAG` is the answer. */
export function prober(stream: Duplex): { probe: () => Promise<number>; manager: Manager } {
  const manager = createManager({ kinds: [probeKind] });
  let probes = 0;

  const lines = createInterface({ input: stream });
  lines.on('line', (line) => manager.readDone(line.slice(2), { ok: true }));
  lines.on('close', () => manager.lineLost());

  const probe = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const tag = `p${++probes}`;
      const added = manager.add('probe', {
        tag,
        urgency: 2,
        timeoutMs: 5_000,
        operations: {
          send: (sending) => {
            if (stream.write(`? ${tag}\n`)) sending.done({ ok: true });
            else stream.once('drain', () => sending.done({ ok: true }));
          },
          callback: (outcome) => (outcome.type === 'value' ? resolve(outcome.value as number) : reject(outcomeError(outcome, 'probe'))),
        },
      });
      if (!added.ok) reject(added.error);
    });
  return { probe, manager };
}
