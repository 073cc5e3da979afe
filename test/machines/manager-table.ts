import type { JobRef } from '../../machines/job.ts';
import { waitingIn } from '../../machines/lanes.ts';
import { managerMachine, type ManagerEvent } from '../../machines/manager.ts';
import { values } from '../../machines/ordered-map.ts';
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

const add = (job: JobRef, tagInUse = false): Extract<ManagerEvent, { type: 'add' }> => ({ type: 'add', job, answers: true, tagInUse });
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
    sent: { input: limits, events: [...atWork, { type: 'send_done', job: ours, permit: 2, completion: { ok: true } }, ...then] },
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
    context.heldOff ? `held off after ${context.busyInARow}` : 'not held off',
    ['jobs', context.jobs],
    ['server', context.server.count],
    ['client', context.client.count],
    ['sending', context.sends.size],
    ['executing', context.executions.size - context.parked],
    ['parked', context.parked],
    ['given up', [...values(context.executions)].filter((one) => one.abandoned).length],
    ['awaited', context.awaited.size],
    ['to send', waitingIn(context.sendLanes)],
    ['to execute', waitingIn(context.executeLanes)],
  ],
  rows: {
    open: {
      add: {
        'a request': 'stays [jobs +1, server +1]: spawn',
        'a request that finds the queue full': 'stays: refuse BUSY',
        'the refusal of a request': 'stays [jobs +1, server +1]: spawn',
        'a call': 'stays [jobs +1, client +1]: spawn',
        'a call that finds the queue full': 'stays: refuse QUEUE_FULL',
        'a nested call': 'stays [jobs +1, client +1]: spawn',
        'a nested call that finds the queue full': 'stays: refuse QUEUE_FULL',
        'a call with a tag in use': 'stays: refuse TAG_IN_USE',
      },
      want: {
        'to be executed': 'stays [to execute +1]',
        'idle, to be executed': 'stays [executing +1]: tell execute',
        'parked, to be executed': 'stays [executing +1]: tell execute',
        'to be sent': 'stays [to send +1]',
        'idle, to be sent': 'stays [sending +1]: tell send',
        'sent, to be sent': 'stays [sending +1]: tell send',
        'to be sent, a call': 'stays [to send +1]',
        'idle, to be sent, a call': 'stays [sending +1, awaited +1]: tell send',
        'sent, to be sent, a call': 'stays [sending +1, awaited +1]: tell send',
        'to be executed twice': 'violation',
        'idle, to be executed twice': 'stays [executing +1]: tell execute',
        'to be sent twice': 'violation',
        'idle, to be sent twice': 'stays [sending +1, awaited +1]: tell send',
        'sent, to be sent twice': 'stays [sending +1]: tell send',
        'settling, to be sent twice': 'stays [to send +1]',
        'settled, to be sent twice': 'stays [to send +1]',
        'to go on': 'ignored',
        'parked, to go on': 'stays [executing +1, parked -1]: tell resume',
      },
      execute_done: {
        'of it': 'stays [executing -1]: tell execute_done',
        'idle, of it': 'violation',
        'parked, of it': 'stays [parked -1]: tell execute_done',
        'given up, of it': 'stays [executing -1, given up -1]: tell execute_done',
        'given up while parked, of it': 'stays [parked -1, given up -1, to execute -1]: tell execute_done',
        'of nothing': 'violation',
      },
      send_done: {
        'of it': 'stays [sending -1]: tell send_done',
        'idle, of it': 'violation',
        'sent, of it': 'violation',
        'settling, of it': 'ignored',
        'settled, of it': 'ignored',
        'of nothing': 'violation',
      },
      read_done: {
        'an answer': 'stays [awaited -1]: tell read_done',
        'idle, an answer': 'stays: tell read_done',
        'told busy, an answer': 'stays: tell read_done',
        'settling, an answer': 'stays: tell read_done',
        'settled, an answer': 'stays: tell read_done',
        busy: 'stays [held off after 1, awaited -1]: holdOff 1, tell read_done',
        'idle, busy': 'stays: tell read_done',
        'told busy, busy': 'stays: tell read_done',
        'settling, busy': 'stays: tell read_done',
        'settled, busy': 'stays: tell read_done',
        'an answer to one unsent': 'stays: tell read_done',
        'an answer to nothing': 'violation',
      },
      park: {
        'of it': 'stays [executing -1, parked +1]: tell park',
        'idle, of it': 'violation',
        'parked, of it': 'stays: tell park',
        'given up, of it': 'stays: tell park',
        'given up while parked, of it': 'stays: tell park',
        'of nothing': 'violation',
      },
      unpark: {
        'of it': 'stays: tell unpark',
        'idle, of it': 'violation',
        'of nothing': 'violation',
      },
      release: {
        'of it': 'stays [executing -1, parked +1]',
        'idle, of it': 'ignored',
        'parked, of it': 'stays',
        'given up, of it': 'ignored',
        'given up while parked, of it': 'ignored',
        'of nothing': 'ignored',
      },
      abort: {
        'of it': 'stays: tell abort',
        'of nothing': 'violation',
      },
      cancel: {
        'of it': 'stays: tell cancel',
        'of nothing': 'violation',
      },
      deadline: 'stays: tell deadline',
      abandon: {
        else: 'stays [given up +1]',
        idle: 'stays',
        parked: 'stays [executing +1, parked -1, given up +1]',
        'given up': 'stays',
        'given up while parked': 'stays',
      },
      job_done: {
        'the request': 'stays [jobs -1, given up +1]: bury',
        // Of jobs that it has not: never told, since each has one actor that is done once.
        'idle, the request': 'stays [jobs -1, server -1]: bury',
        'parked, the request': 'stays [jobs -1, executing +1, parked -1, given up +1]: bury',
        'given up, the request': 'stays [jobs -1]: bury',
        'given up while parked, the request': 'stays [jobs -1]: bury',
        'the call': 'stays [jobs -1, client -1, awaited -1]: bury',
        'idle, the call': 'stays [jobs -1, client -1]: bury',
        'told busy, the call': 'stays [jobs -1, client -1]: bury',
        'settling, the call': 'stays [jobs -1, client -1]: bury',
        'settled, the call': 'stays [jobs -1, client -1]: bury',
      },
      gate: {
        none: 'stays [gate none]',
        'settling, none': 'stays',
        'settled, none': 'stays',
        all: 'stays',
        'settling, all': 'stays [gate all]',
        'settled, all': 'stays [gate all]',
      },
      line_lost: {
        else: 'stays [gate none, settling, sending -1, awaited -1]: settle',
        idle: 'stays [gate none, settling]: settle',
        sent: 'stays [gate none, settling, awaited -1]: settle',
        'told busy': 'stays [gate none, settling, not held off, sending -1]: settle',
        settling: 'stays: settle',
        settled: 'stays [settling]: settle',
      },
      settled: {
        else: 'stays',
        settling: 'stays [not settling]',
      },
      backoff_over: {
        else: 'stays',
        'told busy': 'stays [not held off]',
      },
      stop: {
        else: 'draining',
        idle: 'closed: close',
      },
      kill: {
        else: 'closed [gate none]: close',
        'at work': 'closed [gate none, jobs -2, server -1, client -1, sending -1, executing -1, awaited -1]: close',
        parked: 'closed [gate none, jobs -2, server -1, client -1, sending -1, parked -1, awaited -1]: close',
        'given up': 'closed [gate none, jobs -2, server -1, client -1, sending -1, executing -1, given up -1, awaited -1]: close',
        'given up while parked':
          'closed [gate none, jobs -3, server -2, client -1, sending -1, executing -1, parked -1, given up -1, awaited -1, to execute -1]: close',
        sent: 'closed [gate none, jobs -2, server -1, client -1, executing -1, awaited -1]: close',
        'told busy': 'closed [gate none, not held off, jobs -2, server -1, client -1, sending -1, executing -1]: close',
        settling: 'closed [not settling, jobs -2, server -1, client -1, executing -1]: close',
        settled: 'closed [jobs -2, server -1, client -1, executing -1]: close',
      },
    },
    draining: {
      add: {
        'a request': 'stays: refuse STOPPING',
        'a request that finds the queue full': 'stays: refuse STOPPING',
        'the refusal of a request': 'stays [jobs +1, server +1]: spawn',
        'a call': 'stays: refuse STOPPING',
        'a call that finds the queue full': 'stays: refuse STOPPING',
        'a nested call': 'stays [jobs +1, client +1]: spawn',
        'a nested call that finds the queue full': 'stays: refuse QUEUE_FULL',
        'a call with a tag in use': 'stays: refuse STOPPING',
      },
      want: {
        'to be executed': 'stays [to execute +1]',
        'parked, to be executed': 'stays [executing +1]: tell execute',
        'to be sent': 'stays [to send +1]',
        'sent, to be sent': 'stays [sending +1]: tell send',
        'to be sent, a call': 'stays [to send +1]',
        'sent, to be sent, a call': 'stays [sending +1, awaited +1]: tell send',
        'to be executed twice': 'violation',
        'to be sent twice': 'violation',
        'sent, to be sent twice': 'stays [sending +1]: tell send',
        'settling, to be sent twice': 'stays [to send +1]',
        'settled, to be sent twice': 'stays [to send +1]',
        'to go on': 'ignored',
        'parked, to go on': 'stays [executing +1, parked -1]: tell resume',
      },
      execute_done: {
        'of it': 'stays [executing -1]: tell execute_done',
        'parked, of it': 'stays [parked -1]: tell execute_done',
        'given up, of it': 'stays [executing -1, given up -1]: tell execute_done',
        'given up while parked, of it': 'stays [parked -1, given up -1, to execute -1]: tell execute_done',
        'of nothing': 'violation',
      },
      send_done: {
        'of it': 'stays [sending -1]: tell send_done',
        'sent, of it': 'violation',
        'settling, of it': 'ignored',
        'settled, of it': 'ignored',
        'of nothing': 'violation',
      },
      read_done: {
        'an answer': 'stays [awaited -1]: tell read_done',
        'told busy, an answer': 'stays: tell read_done',
        'settling, an answer': 'stays: tell read_done',
        'settled, an answer': 'stays: tell read_done',
        busy: 'stays [held off after 1, awaited -1]: holdOff 1, tell read_done',
        'told busy, busy': 'stays: tell read_done',
        'settling, busy': 'stays: tell read_done',
        'settled, busy': 'stays: tell read_done',
        'an answer to one unsent': 'stays: tell read_done',
        'an answer to nothing': 'violation',
      },
      park: {
        'of it': 'stays [executing -1, parked +1]: tell park',
        'parked, of it': 'stays: tell park',
        'given up, of it': 'stays: tell park',
        'given up while parked, of it': 'stays: tell park',
        'of nothing': 'violation',
      },
      unpark: {
        'of it': 'stays: tell unpark',
        'of nothing': 'violation',
      },
      release: {
        'of it': 'stays [executing -1, parked +1]',
        'parked, of it': 'stays',
        'given up, of it': 'ignored',
        'given up while parked, of it': 'ignored',
        'of nothing': 'ignored',
      },
      abort: {
        'of it': 'stays: tell abort',
        'of nothing': 'violation',
      },
      cancel: {
        'of it': 'stays: tell cancel',
        'of nothing': 'violation',
      },
      deadline: 'stays: tell deadline',
      abandon: {
        else: 'stays [given up +1]',
        parked: 'stays [executing +1, parked -1, given up +1]',
        'given up': 'stays',
        'given up while parked': 'stays',
      },
      job_done: {
        'the request': 'stays [jobs -1, given up +1]: bury',
        'parked, the request': 'stays [jobs -1, executing +1, parked -1, given up +1]: bury',
        'given up, the request': 'stays [jobs -1]: bury',
        'given up while parked, the request': 'stays [jobs -1]: bury',
        'the call': 'stays [jobs -1, client -1, awaited -1]: bury',
        'told busy, the call': 'stays [jobs -1, client -1]: bury',
        'settling, the call': 'stays [jobs -1, client -1]: bury',
        'settled, the call': 'stays [jobs -1, client -1]: bury',
      },
      gate: {
        none: 'stays [gate none]',
        'settling, none': 'stays',
        'settled, none': 'stays',
        all: 'stays',
        'settling, all': 'stays [gate all]',
        'settled, all': 'stays [gate all]',
      },
      line_lost: {
        else: 'stays [gate none, settling, sending -1, awaited -1]: settle',
        sent: 'stays [gate none, settling, awaited -1]: settle',
        'told busy': 'stays [gate none, settling, not held off, sending -1]: settle',
        settling: 'stays: settle',
        settled: 'stays [settling]: settle',
      },
      settled: {
        else: 'stays',
        settling: 'stays [not settling]',
      },
      backoff_over: {
        else: 'stays',
        'told busy': 'stays [not held off]',
      },
      stop: 'ignored',
      kill: {
        else: 'closed [gate none, jobs -2, server -1, client -1, sending -1, executing -1, awaited -1]: close',
        parked: 'closed [gate none, jobs -2, server -1, client -1, sending -1, parked -1, awaited -1]: close',
        'given up': 'closed [gate none, jobs -2, server -1, client -1, sending -1, executing -1, given up -1, awaited -1]: close',
        'given up while parked':
          'closed [gate none, jobs -3, server -2, client -1, sending -1, executing -1, parked -1, given up -1, awaited -1, to execute -1]: close',
        sent: 'closed [gate none, jobs -2, server -1, client -1, executing -1, awaited -1]: close',
        'told busy': 'closed [gate none, not held off, jobs -2, server -1, client -1, sending -1, executing -1]: close',
        settling: 'closed [not settling, jobs -2, server -1, client -1, executing -1]: close',
        settled: 'closed [jobs -2, server -1, client -1, executing -1]: close',
      },
    },
    closed: {
      add: 'ignored',
      want: 'ignored',
      execute_done: 'ignored',
      send_done: 'ignored',
      read_done: 'ignored',
      park: 'ignored',
      unpark: 'ignored',
      release: 'ignored',
      abort: 'ignored',
      cancel: 'ignored',
      deadline: 'ignored',
      abandon: 'ignored',
      job_done: 'ignored',
      gate: 'ignored',
      line_lost: 'ignored',
      settled: 'ignored',
      backoff_over: 'ignored',
      stop: 'ignored',
      kill: 'ignored',
    },
  },
};
