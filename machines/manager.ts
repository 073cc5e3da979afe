import { assign, setup } from 'xstate';
import { effect, type Completion, type Grant, type JobEvent, type JobRef, type SendCompletion } from './job.ts';
import { initialContext, type Credit, type Gate, type ManagerContext, type ManagerLimits, type Terms } from './manager-context.ts';
import * as slots from './slots.ts';
import { whole } from './whole.ts';
import type { OfPermit, Refusal, Tell } from './slots.ts';

/** What the manager's user, its jobs and the link tell it. */
export type ManagerEvent =
  // The user of the manager.
  | { readonly type: 'add'; readonly job: JobRef; readonly answers: boolean; readonly tagInUse: boolean }
  | ({ readonly type: 'execute_done'; readonly completion: Completion } & OfPermit)
  | ({ readonly type: 'send_done'; readonly completion: SendCompletion } & OfPermit)
  | { readonly type: 'read_done'; readonly job: JobRef | undefined; readonly response: Completion; readonly busy: boolean }
  | ({ readonly type: 'park' } & OfPermit)
  | ({ readonly type: 'unpark' } & OfPermit)
  | { readonly type: 'abort'; readonly job: JobRef | undefined }
  | { readonly type: 'cancel'; readonly job: JobRef | undefined; readonly reason?: unknown }
  | { readonly type: 'stop' }
  | { readonly type: 'kill' }
  | { readonly type: 'pause'; readonly paused: boolean }
  // The link.
  | { readonly type: 'gate'; readonly open: Gate }
  | ({ readonly type: 'credit' } & Credit)
  | ({ readonly type: 'terms' } & Terms)
  | { readonly type: 'line_lost' }
  // Its jobs: they want a slot, give one back, wait for nothing any more, are done.
  | { readonly type: 'want'; readonly job: JobRef; readonly grant: Grant; readonly permit?: number | undefined }
  | ({ readonly type: 'release' } & OfPermit)
  | { readonly type: 'abandon'; readonly job: JobRef }
  | { readonly type: 'job_done'; readonly job: JobRef }
  // Its timers and its own work.
  | { readonly type: 'deadline'; readonly job: JobRef }
  | ({ readonly type: 'piece_over' } & OfPermit)
  | { readonly type: 'settled' }
  | { readonly type: 'backoff_over' };

type Args = { context: ManagerContext; event: ManagerEvent };

/** Reads an event of one type in an action or a guard that only that event reaches. */
function as<T extends ManagerEvent['type']>(event: ManagerEvent): Extract<ManagerEvent, { type: T }> {
  return event as Extract<ManagerEvent, { type: T }>;
}

/** The job of an event that names one. */
const jobOf = (event: ManagerEvent): JobRef => (event as { job: JobRef }).job;

/**
 * Effects do nothing here; `actors/` gives them their work.
 *
 * - `spawn`: create the job's actor. - `bury`: it is done, let go of it. - `refuse`: the job is none; its adder gets the reason.
 * - `tell`: pass an event on to a job. - `passOn`: say `piece_over`, behind what that job asks for now. - `report`: something broke the contract; nothing else changes.
 * - `settle`: tell every job of the lost line, in batches, then say `settled`. The back-off of that line ends with it.
 * - `holdOff`: say `backoff_over` after a while that grows with each busy in a row.
 * - `close`: no timer is needed any more.
 */
const effects = {
  spawn: effect<{ job: JobRef; answers: boolean }>(),
  refuse: effect<{ job: JobRef; code: Refusal }>(),
  tell: effect<Tell>(),
  passOn: effect<OfPermit>(),
  bury: effect<{ job: JobRef }>(),
  report: effect<{ event: string }>(),
  settle: effect(),
  holdOff: effect<{ busyInARow: number }>(),
  close: effect(),
};

const s = setup({
  types: {} as { context: ManagerContext; events: ManagerEvent; input: ManagerLimits },
  actions: {
    ...effects,
    charge: assign(whole(({ context, event }: Args) => slots.charged(context, as<'add'>(event).job))),
    queue: assign(whole(({ context, event }: Args) => slots.queued(context, as<'want'>(event)))),
    abandon: assign(whole(({ context, event }: Args) => slots.abandoned(context, jobOf(event)))),
    abandonHandler: assign(whole(({ context, event }: Args) => slots.handlerAbandoned(context, jobOf(event)))),
    takeSend: assign(whole(({ context }: Args) => slots.sendTaken(context))),
    takeExecute: assign(whole(({ context }: Args) => slots.executeTaken(context))),
    passPiece: assign(whole(({ context, event }: Args) => slots.pieceTaken(context, as<'send_done'>(event)))),
    returnSend: assign(whole(({ context, event }: Args) => slots.sendReturned(context, as<'send_done' | 'piece_over'>(event)))),
    returnExecute: assign(whole(({ context, event }: Args) => slots.executeReturned(context, as<'execute_done'>(event)))),
    park: assign(whole(({ context, event }: Args) => slots.parked(context, as<'park'>(event)))),
    noteAnswer: assign(whole(({ context, event }: Args) => slots.answerNoted(context, jobOf(event), as<'read_done'>(event).busy))),
    forget: assign(whole(({ context, event }: Args) => slots.forgotten(context, jobOf(event)))),
    addCredit: assign(whole(({ context, event }: Args) => slots.credited(context, as<'credit'>(event)))),
    setTerms: assign(whole(({ context, event }: Args) => slots.termsSet(context, as<'terms'>(event)))),
    setGate: assign(whole(({ context, event }: Args) => slots.gateSet(context, as<'gate'>(event).open))),
    setPause: assign(whole(({ context, event }: Args) => slots.pauseSet(context, as<'pause'>(event).paused))),
    endPause: assign(whole(({ context }: Args) => slots.pauseSet(context, false))),
    loseLine: assign(whole(({ context }: Args) => slots.lineLost(context))),
    endSettling: assign(whole(({ context }: Args) => slots.settlingEnded(context))),
    endBackoff: assign(whole(({ context }: Args) => slots.backoffEnded(context))),
    dropAll: assign(whole(({ context }: Args) => slots.allDropped(context))),
  },
  guards: {
    sendIsDue: ({ context }: Args) => slots.sendIsDue(context),
    executeIsDue: ({ context }: Args) => slots.executeIsDue(context),
    slotIsOwed: ({ context }: Args) => slots.slotIsOwed(context),
    isAdmitted: ({ context, event }: Args) => slots.refusal(context, as<'add'>(event)) === undefined,
    isAdmittedWhileStopping: ({ context, event }: Args) => slots.refusalWhileStopping(context, as<'add'>(event)) === undefined,
    mayWait: ({ context, event }: Args) => slots.mayWait(context, as<'want'>(event)),
    isLateAnswer: ({ event }: Args) => as<'want'>(event).grant === 'resume',
    isSendingLast: ({ context, event }: Args) => slots.isSendingLast(context, as<'send_done'>(event)),
    isPassing: ({ context, event }: Args) => slots.isPassing(context, as<'piece_over'>(event)),
    isSending: ({ context, event }: Args) => slots.isSending(context, as<'send_done'>(event)),
    wasRevoked: ({ context, event }: Args) => slots.wasRevoked(context, as<'send_done'>(event)),
    isExecuting: ({ context, event }: Args) => slots.isExecuting(context, as<'execute_done'>(event)),
    mayPark: ({ context, event }: Args) => slots.mayPark(context, as<'park'>(event)),
    isKnown: ({ event }: Args) => (event as { job?: JobRef }).job !== undefined,
    isAwaited: ({ context, event }: Args) => slots.isAwaited(context, as<'read_done'>(event).job),
    isFirstBusy: ({ context, event }: Args) => {
      const { job, busy } = as<'read_done'>(event);
      return busy && !context.heldOff && slots.isAwaited(context, job);
    },
    isIdle: ({ context }: Args) => slots.isIdle(context),
  },
});

/** Passes the event on to its job, as it came: what the manager's part of it is, no job's chart looks at. */
const pass = { type: 'tell', params: ({ event }: Args): Tell => ({ job: jobOf(event), event: event as JobEvent }) } as const;
const report = { actions: { type: 'report', params: ({ event }: Args) => ({ event: event.type }) } } as const;
const ignored = {} as const;
const admit = ['charge', { type: 'spawn', params: ({ event }: Args) => as<'add'>(event) }] as const;
const refuse = (why: typeof slots.refusal) =>
  ({
    actions: {
      type: 'refuse',
      params: ({ context, event }: Args) => ({ job: jobOf(event), code: why(context, as<'add'>(event)) as Refusal }),
    },
  }) as const;

/** Slots that have become free are granted at once, before the next event, whatever the event was. */
const grants = [
  { guard: 'sendIsDue', actions: [{ type: 'tell', params: ({ context }: Args) => slots.sendGrant(context) }, 'takeSend'] },
  { guard: 'slotIsOwed', actions: 'takeExecute' },
  { guard: 'executeIsDue', actions: [{ type: 'tell', params: ({ context }: Args) => slots.executeGrant(context) }, 'takeExecute'] },
] as const;

/** What is served the same way whether it is stopping or not. */
const served = {
  want: [{ guard: 'mayWait', actions: 'queue' }, { guard: 'isLateAnswer' }, report],
  execute_done: [{ guard: 'isExecuting', actions: ['returnExecute', pass] }, report],
  send_done: [
    { guard: 'isSendingLast', actions: ['returnSend', pass] },
    // Of a piece. Its job asks for the next slot when it is told, and that comes here only after this: until then nobody gets its slot.
    { guard: 'isSending', actions: ['passPiece', pass, { type: 'passOn', params: ({ event }: Args): OfPermit => as<'send_done'>(event) }] },
    // The completion of a send that went with an earlier line is expected, and late.
    { guard: 'wasRevoked' },
    report,
  ],
  // Its line may have been lost in between, or its job be sending the next piece already.
  piece_over: [{ guard: 'isPassing', actions: 'returnSend' }, ignored],
  read_done: [
    {
      guard: 'isFirstBusy',
      actions: ['noteAnswer', { type: 'holdOff', params: ({ context }: Args) => ({ busyInARow: context.busyInARow }) }, pass],
    },
    { guard: 'isAwaited', actions: ['noteAnswer', pass] },
    // Not sent yet, answered already, or given up: its chart knows which of them is a violation.
    { guard: 'isKnown', actions: pass },
    report,
  ],
  park: [{ guard: 'mayPark', actions: ['park', pass] }, { guard: 'isExecuting', actions: pass }, report],
  unpark: [{ guard: 'isExecuting', actions: pass }, report],
  release: [{ guard: 'mayPark', actions: 'park' }, ignored],
  // At once, and not when the job has said so, or it could be granted a slot in between. The answer of a job that
  // the peer gives up is still to be sent.
  abort: [{ guard: 'isKnown', actions: ['abandonHandler', pass] }, report],
  cancel: [{ guard: 'isKnown', actions: ['abandon', pass] }, report],
  deadline: { actions: ['abandon', pass] },
  abandon: { actions: 'abandon' },
  job_done: { actions: ['forget', { type: 'bury', params: ({ event }: Args) => as<'job_done'>(event) }] },
  gate: { actions: 'setGate' },
  credit: { actions: 'addCredit' },
  terms: { actions: 'setTerms' },
  line_lost: { actions: ['loseLine', 'settle'] },
  settled: { actions: 'endSettling' },
  backoff_over: { actions: 'endBackoff' },
  kill: { target: 'closed', actions: 'dropAll' },
} as const;

/**
 * The manager: queues, send slots, execute slots, and who is next.
 *
 * It is `open`, then `draining` (stop: what runs is finished, nothing new is taken), then `closed`. It knows jobs by their
 * class, urgency and permits, never by their kind. `open` and `draining` list every event; `closed` takes none.
 */
export const managerMachine = s.createMachine({
  id: 'manager',
  initial: 'open',
  context: ({ input }) => initialContext(input),
  states: {
    open: {
      description: 'Jobs are taken, within the caps.',
      always: grants,
      on: {
        add: [{ guard: 'isAdmitted', actions: admit }, refuse(slots.refusal)],
        pause: { actions: 'setPause' },
        // Or it would never be done.
        stop: { target: 'draining', actions: 'endPause' },
        ...served,
      },
    },
    draining: {
      description: 'Only what running handlers need is taken; it closes when no job is left.',
      always: [...grants, { guard: 'isIdle', target: 'closed' }],
      on: {
        add: [{ guard: 'isAdmittedWhileStopping', actions: admit }, refuse(slots.refusalWhileStopping)],
        pause: ignored,
        stop: ignored,
        ...served,
      },
    },
    closed: { type: 'final', entry: 'close' },
  },
});
