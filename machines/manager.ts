import { assign, setup } from 'xstate';
import type { Completion, Grant, JobEvent, JobRef, SendCompletion } from './job.ts';
import * as slots from './slots.ts';
import type { Gate, ManagerContext, ManagerLimits, OfPermit, Refusal, Tell } from './slots.ts';

/** What the manager's user, its jobs and the link tell it. */
export type ManagerEvent =
  | { readonly type: 'add'; readonly job: JobRef; readonly answers: boolean; readonly tagInUse: boolean }
  | { readonly type: 'want'; readonly job: JobRef; readonly grant: Grant; readonly permit?: number }
  | ({ readonly type: 'execute_done'; readonly completion: Completion } & OfPermit)
  | ({ readonly type: 'send_done'; readonly completion: SendCompletion } & OfPermit)
  | { readonly type: 'read_done'; readonly job: JobRef | undefined; readonly response: Completion; readonly busy: boolean }
  | ({ readonly type: 'park' } & OfPermit)
  | ({ readonly type: 'unpark' } & OfPermit)
  | ({ readonly type: 'release' } & OfPermit)
  | { readonly type: 'abort'; readonly job: JobRef | undefined }
  | { readonly type: 'cancel'; readonly job: JobRef | undefined; readonly reason?: unknown }
  | { readonly type: 'deadline'; readonly job: JobRef }
  | { readonly type: 'job_done'; readonly job: JobRef }
  | { readonly type: 'gate'; readonly open: Gate }
  | { readonly type: 'line_lost' }
  | { readonly type: 'settled' }
  | { readonly type: 'backoff_over' }
  | { readonly type: 'stop' };

type Args = { context: ManagerContext; event: ManagerEvent };

/** Reads an event of one type in an action or a guard that only that event reaches. */
function as<T extends ManagerEvent['type']>(event: ManagerEvent, _type: T): Extract<ManagerEvent, { type: T }> {
  return event as Extract<ManagerEvent, { type: T }>;
}

/**
 * Effects do nothing here; `actors/` gives them their work.
 *
 * - `spawn`: create the job's actor. - `bury`: it is done, let go of it. - `refuse`: the job is none; its adder gets the reason.
 * - `tell`: pass an event on to a job. - `report`: something broke the contract; nothing else changes.
 * - `settle`: tell every job of the lost line, in batches, then say `settled`.
 * - `holdOff`: say `backoff_over` after a while that grows with each busy in a row.
 */
const effects = {
  spawn: (_: unknown, _params: { job: JobRef; answers: boolean }) => {},
  refuse: (_: unknown, _params: { job: JobRef; code: Refusal | 'STOPPED' }) => {},
  tell: (_: unknown, _params: Tell) => {},
  bury: (_: unknown, _params: { job: JobRef }) => {},
  report: (_: unknown, _params: { event: string }) => {},
  settle: () => {},
  holdOff: (_: unknown, _params: { busyInARow: number }) => {},
};

const s = setup({
  types: {} as { context: ManagerContext; events: ManagerEvent; input: ManagerLimits },
  actions: {
    ...effects,
    charge: assign(({ context, event }: Args) => slots.charged(context, as(event, 'add').job)),
    queue: assign(({ context, event }: Args) => {
      const { job, grant, permit } = as(event, 'want');
      return slots.queued(context, { job, grant, permit });
    }),
    withdraw: assign(({ context, event }: Args) => slots.withdrawn(context, (event as { job: JobRef }).job)),
    withdrawExecute: assign(({ context, event }: Args) => slots.withdrawnFromExecute(context, as(event, 'abort').job as JobRef)),
    takeSend: assign(({ context }: Args) => slots.sendTaken(context)),
    takeExecute: assign(({ context }: Args) => slots.executeTaken(context)),
    returnSend: assign(({ context, event }: Args) => slots.sendReturned(context, as(event, 'send_done'))),
    returnExecute: assign(({ context, event }: Args) => slots.executeReturned(context, as(event, 'execute_done'))),
    park: assign(({ context, event }: Args) => slots.parked(context, as(event, 'park'))),
    noteAnswer: assign(({ context, event }: Args) => {
      const { job, busy } = as(event, 'read_done');
      const backoff = busy ? { heldOff: true, busyInARow: context.busyInARow + Number(!context.heldOff) } : { busyInARow: 0 };
      return { ...(job === undefined ? undefined : slots.answeredInWindow(context, job)), ...backoff };
    }),
    forget: assign(({ context, event }: Args) => slots.forgotten(context, as(event, 'job_done').job)),
    setGate: assign(({ event }: Args) => ({ gate: as(event, 'gate').open })),
    loseLine: assign(({ context }: Args) => slots.lineLost(context)),
    endSettling: assign({ settling: false }),
    endBackoff: assign({ heldOff: false }),
  },
  guards: {
    sendIsDue: ({ context }: Args) => slots.sendIsDue(context),
    executeIsDue: ({ context }: Args) => slots.executeIsDue(context),
    isAdmitted: ({ context, event }: Args) => slots.refusal(context, as(event, 'add')) === undefined,
    isAdmittedWhileStopping: ({ context, event }: Args) => slots.refusalWhileStopping(context, as(event, 'add')) === undefined,
    isSending: ({ context, event }: Args) => slots.isSending(context, as(event, 'send_done')),
    wasRevoked: ({ context, event }: Args) => slots.wasRevoked(context, as(event, 'send_done')),
    isExecuting: ({ context, event }: Args) => slots.isExecuting(context, as(event, 'execute_done')),
    holdsExecuteSlot: ({ context, event }: Args) => slots.holdsExecuteSlot(context, as(event, 'release')),
    isKnown: ({ event }: Args) => (event as { job?: JobRef }).job !== undefined,
    isFirstBusy: ({ context, event }: Args) => as(event, 'read_done').job !== undefined && as(event, 'read_done').busy && !context.heldOff,
    isIdle: ({ context }: Args) => slots.isIdle(context),
  },
});

/** Passes the event on to its job: the manager's own part of it is taken off. */
const pass = {
  type: 'tell',
  params: ({ event }: Args): Tell => {
    const { job, ...rest } = event as { job: JobRef; type: string };
    return { job, event: rest as JobEvent };
  },
} as const;
const report = { type: 'report', params: ({ event }: Args) => ({ event: event.type }) } as const;
const admit = ['charge', { type: 'spawn', params: ({ event }: Args) => as(event, 'add') }] as const;

/**
 * The manager: queues, send slots, execute slots, and who is next.
 *
 * It is `open`, then `draining` (stop: what runs is finished, nothing new is taken), then `closed`. Whatever the
 * event, slots that have become free are granted at once, before the next event: that is the root's `always`.
 * It knows jobs by their class, urgency and permits, never by their kind.
 */
export const managerMachine = s.createMachine({
  id: 'manager',
  initial: 'open',
  context: ({ input }) => slots.initialContext(input),
  always: [
    { guard: 'sendIsDue', actions: [{ type: 'tell', params: ({ context }) => slots.sendGrant(context) }, 'takeSend'] },
    { guard: 'executeIsDue', actions: [{ type: 'tell', params: ({ context }) => slots.executeGrant(context) }, 'takeExecute'] },
  ],
  on: {
    want: { actions: 'queue' },
    execute_done: [{ guard: 'isExecuting', actions: ['returnExecute', pass] }, { actions: report }],
    send_done: [{ guard: 'isSending', actions: ['returnSend', pass] }, { guard: 'wasRevoked' }, { actions: report }],
    read_done: [
      {
        guard: 'isFirstBusy',
        actions: ['noteAnswer', { type: 'holdOff', params: ({ context }) => ({ busyInARow: context.busyInARow }) }, pass],
      },
      { guard: 'isKnown', actions: ['noteAnswer', pass] },
      { actions: report },
    ],
    park: [{ guard: 'isExecuting', actions: ['park', pass] }, { actions: report }],
    unpark: [{ guard: 'isExecuting', actions: pass }, { actions: report }],
    release: [{ guard: 'holdsExecuteSlot', actions: 'park' }, { actions: report }],
    // The answer of an aborted job is still to be sent: it leaves the execute queues alone.
    abort: [{ guard: 'isKnown', actions: ['withdrawExecute', pass] }, { actions: report }],
    cancel: [{ guard: 'isKnown', actions: ['withdraw', pass] }, { actions: report }],
    deadline: { actions: ['withdraw', pass] },
    job_done: { actions: ['forget', { type: 'bury', params: ({ event }) => event }] },
    gate: { actions: 'setGate' },
    line_lost: { actions: ['loseLine', 'settle'] },
    settled: { actions: 'endSettling' },
    backoff_over: { actions: 'endBackoff' },
  },
  states: {
    open: {
      on: {
        add: [
          { guard: 'isAdmitted', actions: admit },
          {
            actions: {
              type: 'refuse',
              params: ({ context, event }) => ({ job: event.job, code: slots.refusal(context, event) as Refusal }),
            },
          },
        ],
        stop: 'draining',
      },
    },
    draining: {
      always: { guard: 'isIdle', target: 'closed' },
      on: {
        add: [
          { guard: 'isAdmittedWhileStopping', actions: admit },
          {
            actions: {
              type: 'refuse',
              params: ({ context, event }) => ({ job: event.job, code: slots.refusalWhileStopping(context, event) as Refusal }),
            },
          },
        ],
        stop: {},
      },
    },
    closed: { type: 'final' },
  },
});
