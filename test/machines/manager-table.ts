import type { JobEvent, JobRef } from '../../machines/job.ts';
import { waitingIn } from '../../machines/lanes.ts';
import { managerMachine, type ManagerEvent } from '../../machines/manager.ts';
import type { ManagerContext, ManagerLimits } from '../../machines/slots.ts';
import { aJob } from './job-samples.ts';
import type { Table } from './table.ts';

type State = 'open' | 'draining' | 'closed';

const limits: ManagerLimits = {
  sendSlots: 1,
  executeSlots: 1,
  maxBypass: 16,
  maxServerJobs: 4,
  maxClientJobs: 4,
  maxServerBytes: 100,
  maxClientBytes: 100,
  window: 5,
};

/** A request that came in and one of ours, and two that come later. */
const incoming = aJob(1);
const ours = aJob(2, { class: 'client' });
const later = aJob(3);
const laterOurs = aJob(4, { class: 'client' });

const add = (job: JobRef, tagInUse = false): ManagerEvent => ({ type: 'add', job, answers: true, tagInUse });
const gate: ManagerEvent = { type: 'gate', open: 'all' };
const atWork: readonly ManagerEvent[] = [
  gate,
  add(incoming),
  { type: 'want', job: incoming, grant: 'execute' },
  add(ours),
  { type: 'want', job: ours, grant: 'send' },
];
const park: ManagerEvent = { type: 'park', job: incoming, permit: 1 };
const giveUp: ManagerEvent = { type: 'abandon', job: incoming };
const lineLost: ManagerEvent = { type: 'line_lost' };
const stop: ManagerEvent = { type: 'stop' };

/** The incoming request executes with permit 1, ours is being sent with permit 2; one slot of each. */
const ways = (then: readonly ManagerEvent[]) =>
  ({
    'at work': { input: limits, events: [...atWork, ...then] },
    parked: { input: limits, events: [...atWork, park, ...then] },
    'given up': { input: limits, events: [...atWork, giveUp, ...then] },
    'given up while parked': {
      input: limits,
      events: [...atWork, add(later), { type: 'want', job: later, grant: 'execute' }, park, giveUp, ...then],
    },
    'told busy': {
      input: limits,
      events: [...atWork, { type: 'read_done', job: ours, response: { ok: false, error: 'busy' }, busy: true }, ...then],
    },
    settling: { input: limits, events: [...atWork, lineLost, ...then] },
    settled: { input: limits, events: [...atWork, lineLost, { type: 'settled' }, ...then] },
  }) as const satisfies Record<string, { input: ManagerLimits; events: readonly ManagerEvent[] }>;

/** The manager: what each state does with each event. */
export const managerTable: Table<State, ManagerEvent> = {
  chart: managerMachine,
  passing: [],
  reached: {
    open: { idle: { input: limits, events: [gate] }, ...ways([]) },
    draining: ways([stop]),
    closed: {
      stopped: { input: limits, events: [gate, stop] },
      killed: { input: limits, events: [...atWork, { type: 'kill' }] },
    },
  },
  samples: {
    add: {
      'a request': add(aJob(9)),
      'a request that finds the queue full': add(aJob(9, { bytes: 101 })),
      'the refusal of a request': add(aJob(9, { bytes: 101, exempt: true })),
      'a call': add(aJob(9, { class: 'client' })),
      'a call that finds the queue full': add(aJob(9, { class: 'client', bytes: 101 })),
      'a nested call': add(aJob(9, { class: 'client', exempt: true })),
      'a nested call that finds the queue full': add(aJob(9, { class: 'client', exempt: true, bytes: 101 })),
      'a call with a tag in use': add(aJob(9, { class: 'client' }), true),
    },
    want: {
      'to be executed': { type: 'want', job: aJob(9), grant: 'execute' },
      'to be sent': { type: 'want', job: aJob(9), grant: 'send' },
      'to be sent, a call': { type: 'want', job: aJob(9, { class: 'client' }), grant: 'send' },
      'to be executed twice': { type: 'want', job: incoming, grant: 'execute' },
      'to be sent twice': { type: 'want', job: ours, grant: 'send' },
      'to go on': { type: 'want', job: incoming, grant: 'resume', permit: 1 },
    },
    execute_done: {
      'of it': { type: 'execute_done', job: incoming, permit: 1, completion: { ok: true } },
      'of nothing': { type: 'execute_done', job: incoming, permit: 99, completion: { ok: true } },
    },
    send_done: {
      'of it': { type: 'send_done', job: ours, permit: 2, completion: { ok: true } },
      'of nothing': { type: 'send_done', job: ours, permit: 99, completion: { ok: true } },
    },
    read_done: {
      'an answer': { type: 'read_done', job: ours, response: { ok: true }, busy: false },
      busy: { type: 'read_done', job: ours, response: { ok: false, error: 'busy' }, busy: true },
      'an answer to one unsent': { type: 'read_done', job: laterOurs, response: { ok: true }, busy: true },
      'an answer to nothing': { type: 'read_done', job: undefined, response: { ok: true }, busy: true },
    },
    park: { 'of it': park, 'of nothing': { type: 'park', job: incoming, permit: 99 } },
    unpark: { 'of it': { type: 'unpark', job: incoming, permit: 1 }, 'of nothing': { type: 'unpark', job: incoming, permit: 99 } },
    release: { 'of it': { type: 'release', job: incoming, permit: 1 }, 'of nothing': { type: 'release', job: incoming, permit: 99 } },
    abort: { 'of it': { type: 'abort', job: incoming }, 'of nothing': { type: 'abort', job: undefined } },
    cancel: { 'of it': { type: 'cancel', job: ours }, 'of nothing': { type: 'cancel', job: undefined } },
    deadline: { '': { type: 'deadline', job: ours } },
    abandon: { '': giveUp },
    job_done: { 'the request': { type: 'job_done', job: incoming }, 'the call': { type: 'job_done', job: ours } },
    gate: { none: { type: 'gate', open: 'none' }, all: gate },
    line_lost: { '': lineLost },
    settled: { '': { type: 'settled' } },
    backoff_over: { '': { type: 'backoff_over' } },
    stop: { '': stop },
    kill: { '': { type: 'kill' } },
  },
  knows: (context: ManagerContext) => [
    `gate ${context.gate}`,
    context.settling ? 'settling' : 'not settling',
    context.heldOff ? `held off after ${context.busyInARow}` : `not held off`,
    `jobs ${context.jobs}`,
    `charged ${context.server.count}+${context.client.count}`,
    `sending ${context.sends.size}`,
    `executing ${context.executions.size - context.parked}`,
    `parked ${context.parked}`,
    `awaited ${context.awaited.size}`,
    `to send ${waitingIn(context.sendLanes)}`,
    `to execute ${waitingIn(context.executeLanes)}`,
  ],
  rows: {} as never,
};
export type { JobEvent };
