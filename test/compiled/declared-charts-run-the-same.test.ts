import fc from 'fast-check';
import { afterEach, beforeEach, describe, test, vi } from 'vitest';
import type { AnyEventObject, AnyStateMachine } from 'xstate';
import { clientJob } from '../../machines/client-job.ts';
import { jobActions, type JobClass, type JobEvent, type JobRef, type SendCompletion, type Urgency } from '../../machines/job.ts';
import { managerMachine, type ManagerEvent } from '../../machines/manager.ts';
import { noticeJob } from '../../machines/notice-job.ts';
import { values } from '../../machines/ordered-map.ts';
import { serverJob } from '../../machines/server-job.ts';
import type { Execution, ManagerContext, ManagerLimits, Sending } from '../../machines/manager-context.ts';
import { clientTable } from '../machines/client-table.ts';
import { aJob, jobEvents } from '../machines/job-samples.ts';
import { managerTable } from '../machines/manager-table.ts';
import { noticeTable } from '../machines/notice-table.ts';
import { serverTable } from '../machines/server-table.ts';
import { stepsOf } from './steps.ts';
import { runs } from '../property.ts';
import { comparePureRuns, compareRuns, newPen, type Step, type Subject } from './twins.ts';

// XState's development build tells of events that were sent to an actor that is over.
beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
afterEach(() => void vi.restoreAllMocks());

/** How a state is reached. */
interface Way {
  readonly input: unknown;
  readonly events: readonly AnyEventObject[];
}

/** A declared chart whose effects write down how they are called. */
function subject(chart: AnyStateMachine, effects: readonly string[], input: unknown, asked: Subject['asked'], setsWholes = false): Subject {
  const pen = newPen();
  const actions = Object.fromEntries(effects.map((name) => [name, (...args: unknown[]) => void pen.log.push([name, ...args])]));
  return { chart: chart.provide({ actions } as never), input, pen, asked, setsWholes };
}

const effectsOfManager = ['spawn', 'refuse', 'tell', 'bury', 'report', 'settle', 'holdOff', 'close'];

describe('each pair of a state and an event comes to the same on tables as interpreted', () => {
  test.each([
    ['server', serverTable, Object.keys(jobActions)],
    ['client', clientTable, Object.keys(jobActions)],
    ['notice', noticeTable, Object.keys(jobActions)],
    ['manager', managerTable, effectsOfManager],
  ] as const)('%s', (_, { chart, reached, samples: of }, effects) => {
    const told = Object.values<object>(of).flatMap((ways) => Object.values(ways) as AnyEventObject[]);
    const asked = { values: [], events: told, tags: [] };
    const send = (event: AnyEventObject): Step => ({ does: 'send', event: () => event });
    for (const way of Object.values<object>(reached).flatMap((ways) => Object.values(ways) as Way[])) {
      const made = subject(chart, effects, way.input, asked);
      for (const event of told) compareRuns(made, [...way.events, event].map(send));
    }
  });
});

const samples = Object.values(jobEvents).flatMap((ways) => Object.values<JobEvent>(ways));
const ends = new Set<string>(['cancel', 'deadline', 'line_lost', 'abort']);
const jobEvent = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...samples.filter(({ type }) => !ends.has(type))) },
  { weight: 1, arbitrary: fc.constantFrom(...samples.filter(({ type }) => ends.has(type))) },
);
const states = ['new', 'busy', 'busy.sending', { busy: 'callback' }, { busy: 'continuing' }, 'executed', 'sent', 'read', 'done', 'nowhere'];
const jobAsked = { values: states, events: [...samples, { type: 'unknown' }], tags: ['none'] };
const jobInput = fc.record({ answers: fc.boolean(), class: fc.constantFrom<JobClass[]>('server', 'client') });

describe.each([
  ['server', serverJob],
  ['client', clientJob],
  ['notice', noticeJob],
] as const)('a %s job', (_, chart) => {
  const made = ({ answers, class: of }: { answers: boolean; class: JobClass }): Subject =>
    subject(chart as unknown as AnyStateMachine, Object.keys(jobActions), { answers, job: aJob(1, { class: of }) }, jobAsked, true);

  test('shows, asks for and remembers the same on tables as interpreted', () => {
    fc.assert(
      fc.property(jobInput, stepsOf(jobEvent), (input, steps) => compareRuns(made(input), steps)),
      runs(200),
    );
  });

  test('and so do XState’s pure functions', () => {
    fc.assert(
      fc.property(jobInput, stepsOf(jobEvent), (input, steps) => comparePureRuns(made(input), steps)),
      runs(100),
    );
  });
});

const count = fc.constantFrom(1, 2, Infinity);
const limits: fc.Arbitrary<ManagerLimits> = fc.record({
  sendSlots: count,
  executeSlots: count,
  maxBypass: fc.constantFrom(1, 16),
  maxServerJobs: fc.constantFrom(2, Infinity),
  maxClientJobs: fc.constantFrom(2, Infinity),
  maxServerBytes: fc.constantFrom(10, Infinity),
  maxClientBytes: fc.constantFrom(10, Infinity),
  window: count,
  credits: fc.boolean(),
});

const job: fc.Arbitrary<JobRef> = fc
  .record({ seq: fc.integer({ min: 1, max: 8 }), bytes: fc.nat(6) })
  // Who it is follows from its number, as it does for a job that lives.
  .map(({ seq, bytes }) =>
    aJob(seq, { class: seq % 2 === 0 ? 'client' : 'server', urgency: (seq % 3) as Urgency, exempt: seq % 4 === 0, bytes }),
  );

const anyOf = <T>(of: Iterable<T>, pick: number): T | undefined => [...of].at(pick % Math.max(1, [...of].length));
const completion = fc.constantFrom<SendCompletion[]>(
  { ok: true },
  { ok: true, more: true },
  { ok: false, error: 'e' },
  { ok: false, error: 'e', known: 'not-sent' },
);

/** An event of the manager's; what it is of is there already, if anything is and `isPlausible`. */
const managerEvent = fc
  .record({
    type: fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom<ManagerEvent['type'][]>('add', 'want', 'want', 'execute_done', 'send_done', 'read_done') },
      {
        weight: 4,
        arbitrary: fc.constantFrom<ManagerEvent['type'][]>(
          'park',
          'unpark',
          'release',
          'abandon',
          'job_done',
          'settled',
          'backoff_over',
          'piece_over',
        ),
      },
      { weight: 2, arbitrary: fc.constantFrom<ManagerEvent['type'][]>('abort', 'cancel', 'deadline', 'line_lost') },
      { weight: 6, arbitrary: fc.constantFrom<ManagerEvent['type'][]>('gate', 'gate', 'credit', 'credit', 'terms', 'pause') },
      { weight: 0.2 * 5, arbitrary: fc.constantFrom<ManagerEvent['type'][]>('stop', 'stop', 'kill') },
    ),
    job,
    completion,
    pick: fc.nat(99),
    isPlausible: fc.constantFrom(true, true, true, false),
  })
  .map(({ type, job, completion, pick, isPlausible }) => {
    const event = ({ context }: { context: ManagerContext }): ManagerEvent => {
      const known = isPlausible ? context : undefined;
      const held: Execution | Sending | undefined = anyOf<Execution | Sending>(
        values<Execution | Sending>(
          (type === 'send_done' || type === 'piece_over' ? known?.sends : known?.executions) ?? context.executions,
        ),
        pick,
      );
      const of = isPlausible && held !== undefined ? { job: held.job, permit: held.permit } : { job, permit: pick % 9 };
      switch (type) {
        case 'add':
          return { type, job, answers: pick % 5 !== 0, tagInUse: pick % 7 === 0 };
        case 'want': {
          if (pick % 4 === 0) return { type, job: of.job, grant: 'resume', permit: of.permit };
          return { type, job, grant: job.class === 'server' && pick % 4 !== 1 ? 'execute' : 'send' };
        }
        case 'execute_done':
        case 'send_done':
          return { type, ...of, completion };
        case 'read_done': {
          const awaited = isPlausible ? anyOf(values(context.awaited), pick) : undefined;
          return { type, job: awaited ?? (pick % 3 === 0 ? undefined : job), response: completion, busy: pick % 4 === 0 };
        }
        case 'park':
        case 'unpark':
        case 'release':
        case 'piece_over':
          return { type, ...of };
        case 'abort':
        case 'cancel':
          return { type, job: pick % 5 === 0 ? undefined : of.job };
        case 'deadline':
        case 'abandon':
        case 'job_done':
          return { type, job: of.job };
        case 'gate':
          return { type, open: (['all', 'all', 'exempt', 'none'] as const)[pick % 4] ?? 'all' };
        case 'pause':
          return { type, paused: pick % 3 === 0 };
        case 'credit':
          return { type, requests: pick % 3, bytes: pick % 20 };
        case 'terms':
          return { type, window: pick % 3, credits: pick % 2 === 0 };
        case 'line_lost':
        case 'settled':
        case 'backoff_over':
        case 'stop':
        case 'kill':
          return { type };
      }
    };
    return Object.defineProperty(event, 'name', { value: type }) as never;
  });

describe('the manager', () => {
  const asked = {
    values: ['open', 'draining', 'closed', {}],
    events: Object.values(managerTable.samples).flatMap((ways) => Object.values<ManagerEvent>(ways)),
    tags: [],
  };
  const made = (input: ManagerLimits): Subject => subject(managerMachine as unknown as AnyStateMachine, effectsOfManager, input, asked);
  // Its context is none that JSON keeps.
  const steps = stepsOf(managerEvent, fc.constant(false));

  test('shows, asks for and remembers the same on tables as interpreted', () => {
    fc.assert(
      fc.property(limits, steps, (input, all) => compareRuns(made(input), all)),
      runs(200),
    );
  });

  test('and so do XState’s pure functions', () => {
    fc.assert(
      fc.property(limits, steps, (input, all) => comparePureRuns(made(input), all)),
      runs(100),
    );
  });
});
