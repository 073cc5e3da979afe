import fc from 'fast-check';
import { initialTransition, transition } from 'xstate';
import { expect, test } from 'vitest';
import type { JobClass, JobRef, SendCompletion, Urgency } from '../../machines/job.ts';
import { waitingIn, type Lanes, type Waiting } from '../../machines/lanes.ts';
import { managerMachine, type ManagerEvent } from '../../machines/manager.ts';
import { values } from '../../machines/ordered-map.ts';
import { initialContext, type ManagerContext, type ManagerLimits } from '../../machines/manager-context.ts';
import { executeIsDue, isAwaited, sendIsDue, slotIsOwed } from '../../machines/slots.ts';
import { aJob } from './job-samples.ts';
import { runs } from '../property.ts';

const limits: ManagerLimits = {
  sendSlots: 2,
  executeSlots: 2,
  maxBypass: 2,
  maxServerJobs: 20,
  maxClientJobs: 20,
  maxServerBytes: 1000,
  maxClientBytes: 1000,
  window: 3,
  credits: true,
};

const MOST_BYTES = 10;

/** What a step does, and to which of the jobs that it can be done to. */
const step = fc.record({
  does: fc.constantFrom(
    ...([
      'add',
      'add',
      'add',
      'want',
      'want',
      'want',
      'sent',
      'sent',
      'piece',
      'piece over',
      'unsent',
      'executed',
      'answered',
      'busy',
      'park',
      'go on',
      'release',
    ] as const),
    ...(['abort', 'cancel', 'done', 'line lost', 'settled', 'backoff over', 'gate none', 'gate exempt', 'gate all', 'credit'] as const),
  ),
  pick: fc.nat(),
  jobClass: fc.constantFrom<JobClass>('server', 'client'),
  urgency: fc.constantFrom<Urgency>(0, 1, 2),
  exempt: fc.boolean(),
  bytes: fc.nat(MOST_BYTES - 1),
});

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** The event of a step in a context, if it has one there. */
function eventOf({ does, pick, ...over }: Step, context: ManagerContext, jobs: readonly JobRef[], seq: number): ManagerEvent | undefined {
  const { jobClass, urgency, exempt, bytes } = over;
  const one = <T>(all: Iterable<T>): T | undefined => {
    const list = [...all];
    return list[pick % (list.length || 1)];
  };
  const job = one(jobs);
  const sending = one(values(context.sends));
  const sent = (completion: SendCompletion): ManagerEvent | undefined => sending && { type: 'send_done', ...ofPermit(sending), completion };
  const executing = one(values(context.executions));
  if (does === 'add') return { type: 'add', job: aJob(seq, { class: jobClass, urgency, exempt, bytes }), answers: true, tagInUse: false };
  if (does === 'line lost') return { type: 'line_lost' };
  if (does === 'settled') return { type: 'settled' };
  if (does === 'backoff over') return { type: 'backoff_over' };
  if (does === 'gate none') return { type: 'gate', open: 'none' };
  if (does === 'gate exempt') return { type: 'gate', open: 'exempt' };
  if (does === 'gate all') return { type: 'gate', open: 'all' };
  if (does === 'credit') return { type: 'credit', requests: pick % 4, bytes };
  if (does === 'sent') return sent({ ok: true });
  if (does === 'piece') return sent({ ok: true, more: true });
  if (does === 'unsent') return sent({ ok: false, error: 'closed', known: 'not-sent' });
  if (does === 'piece over') return sending && { type: 'piece_over', ...ofPermit(sending) };
  if (does === 'executed') return executing && { type: 'execute_done', ...ofPermit(executing), completion: { ok: true } };
  if (does === 'park') return executing && { type: 'park', ...ofPermit(executing) };
  if (does === 'release') return executing && { type: 'release', ...ofPermit(executing) };
  if (does === 'go on') return executing && { type: 'want', ...ofPermit(executing), grant: 'resume' };
  if (job === undefined) return undefined;
  if (does === 'want') return { type: 'want', job, grant: job.class === 'server' && exempt ? 'execute' : 'send' };
  if (does === 'answered') return { type: 'read_done', job, response: { ok: true }, busy: false };
  if (does === 'busy') return { type: 'read_done', job, response: { ok: false, error: 'busy' }, busy: true };
  if (does === 'abort') return { type: 'abort', job };
  if (does === 'cancel') return { type: 'cancel', job };
  return { type: 'job_done', job };
}

const ofPermit = ({ job, permit }: { job: JobRef; permit: number }): { job: JobRef; permit: number } => ({ job, permit });

/** Freezes a context and all that is in it: modules are strict, and a change of what is frozen throws. */
function freeze(what: unknown): void {
  if (typeof what !== 'object' || what === null || Object.isFrozen(what)) return;
  Object.freeze(what);
  for (const part of Object.values(what)) freeze(part);
}

function waitingOf(lanes: Lanes): readonly Waiting[] {
  return lanes.list.flatMap(({ queue, exempt }) => [...values(queue), ...values(exempt)]);
}

/** Every count that a context keeps, and every guard that grants a slot, against what it is of. */
function expectCounted(context: ManagerContext): void {
  const toSend = waitingOf(context.sendLanes);
  const toExecute = waitingOf(context.executeLanes);
  const running = [...values(context.executions)];
  expect([waitingIn(context.sendLanes), waitingIn(context.executeLanes)]).toEqual([toSend.length, toExecute.length]);
  expect(context.parked).toBe(running.filter((one) => one.parked).length);
  expect(context.inWindow).toBe([...values(context.awaited)].filter(({ exempt }) => !exempt).length);
  const { requests: credit, bytes } = context.credit;
  expect([credit >= 0, bytes > -MOST_BYTES]).toEqual([true, true]);
  const requests = context.gate === 'all' && !context.heldOff && context.inWindow < limits.window && credit > 0 && bytes > 0;
  const maySend = context.gate !== 'none' && !context.settling && context.sends.size < limits.sendSlots;
  expect(sendIsDue(context)).toBe(
    maySend && toSend.some(({ job, continues }) => job.class === 'server' || job.exempt || continues || requests),
  );
  const taken = running.filter((one) => !one.parked).length;
  const mayExecute = !context.settling && taken < limits.executeSlots;
  expect([context.sends.size <= limits.sendSlots, taken <= limits.executeSlots]).toEqual([true, true]);
  expect(executeIsDue(context)).toBe(mayExecute && toExecute.length > 0);
  if (slotIsOwed(context)) expect(executeIsDue(context)).toBe(true);
}

test('whatever happens, no context is changed, its counts are those of what is in it, and every field is kept', () => {
  const fields = Object.keys(initialContext(limits));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
      let [snapshot] = initialTransition(managerMachine, limits);
      let jobs: JobRef[] = [];
      for (const [i, one] of steps.entries()) {
        const event = eventOf(one, snapshot.context, jobs, i + 1);
        if (event === undefined) continue;
        const before = snapshot.context;
        freeze(before);
        [snapshot] = transition(managerMachine, snapshot, event);
        expect(Object.keys(snapshot.context)).toEqual(fields);
        expectCounted(snapshot.context);
        if (event.type === 'add' && snapshot.context.jobs > before.jobs) jobs.push(event.job);
        if (event.type === 'job_done') jobs = jobs.filter((job) => job !== event.job);
        expect(snapshot.context.jobs).toBe(jobs.length);
      }
      // When all are gone and all has come back, nothing is left.
      for (const job of jobs) [snapshot] = transition(managerMachine, snapshot, { type: 'job_done', job });
      [snapshot] = transition(managerMachine, snapshot, { type: 'settled' });
      for (const { job, permit } of values(snapshot.context.executions)) {
        [snapshot] = transition(managerMachine, snapshot, { type: 'execute_done', job, permit, completion: { ok: true } });
      }
      for (const { job, permit, passing } of values(snapshot.context.sends)) {
        if (passing) [snapshot] = transition(managerMachine, snapshot, { type: 'piece_over', job, permit });
        else [snapshot] = transition(managerMachine, snapshot, { type: 'send_done', job, permit, completion: { ok: true } });
      }
      const { server, client, sends, executions, awaited, parked, inWindow } = snapshot.context;
      expect({ server, client, sends, executions, awaited, parked, inWindow }).toEqual({
        server: { count: 0, bytes: 0 },
        client: { count: 0, bytes: 0 },
        ...emptyOf(initialContext(limits)),
        parked: 0,
        inWindow: 0,
      });
    }),
    runs(120),
  );
});

const emptyOf = ({ sends, executions, awaited }: ManagerContext): Partial<ManagerContext> => ({ sends, executions, awaited });

test('a request that goes on though it has been answered costs nothing a second time', () => {
  const job = aJob(1, { class: 'client', bytes: 5 });
  const want: ManagerEvent = { type: 'want', job, grant: 'send' };
  const events: ManagerEvent[] = [
    { type: 'gate', open: 'all' },
    { type: 'credit', requests: 1, bytes: 10 },
    { type: 'add', job, answers: true, tagInUse: false },
    want,
    { type: 'send_done', job, permit: 1, completion: { ok: true, more: true } },
    { type: 'read_done', job, response: { ok: true }, busy: false },
    want,
  ];
  let [snapshot] = initialTransition(managerMachine, limits);
  for (const event of events) [snapshot] = transition(managerMachine, snapshot, event);
  expect(snapshot.context).toMatchObject({ credit: { requests: 0, bytes: 5 }, inWindow: 0 });
  expect(isAwaited(snapshot.context, job)).toBe(false);
});

test.each([
  ['when its line was lost', { type: 'line_lost' }],
  ['when the slot that it held is over', { type: 'piece_over', job: aJob(1, { class: 'client', exempt: true }), permit: 1 }],
] satisfies [string, ManagerEvent][])('a job that was to go on and asks anew, %s, waits once and is gone when it is done', (_, over) => {
  const job = aJob(1, { class: 'client', exempt: true });
  const want: ManagerEvent = { type: 'want', job, grant: 'send' };
  const events: ManagerEvent[] = [
    { type: 'gate', open: 'all' },
    { type: 'add', job, answers: true, tagInUse: false },
    want,
    { type: 'send_done', job, permit: 1, completion: { ok: true, more: true } },
    { type: 'gate', open: 'none' },
    want,
    over,
    want,
  ];
  let [snapshot] = initialTransition(managerMachine, limits);
  for (const event of events) [snapshot] = transition(managerMachine, snapshot, event);
  expect(waitingOf(snapshot.context.sendLanes)).toEqual([{ job, grant: 'send', permit: undefined, continues: false }]);
  [snapshot] = transition(managerMachine, snapshot, { type: 'job_done', job });
  expect(waitingIn(snapshot.context.sendLanes)).toBe(0);
  expect(waitingOf(snapshot.context.sendLanes)).toEqual([]);
});
