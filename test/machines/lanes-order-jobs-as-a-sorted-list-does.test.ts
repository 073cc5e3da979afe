import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Grant, JobClass, JobRef, Urgency } from '../../machines/job.ts';
import { enqueue, executeLanes, granted, head, nextLane, sendLanes, waitingIn, withdraw, type Lanes } from '../../machines/lanes.ts';
import { values } from '../../machines/ordered-map.ts';
import { aJob } from './job-samples.ts';
import { runs } from '../property.ts';

/** The same rules on plain arrays: every (class, urgency) queue is a sorted list with a count and a date. */
class Naive {
  readonly #maxBypass: number;
  readonly #queues = (['server', 'client'] as const).flatMap((jobClass) =>
    ([2, 1, 0] as const).map((urgency) => ({ jobClass, urgency, jobs: [] as JobRef[], passed: 0, due: Infinity })),
  );
  /** Numbers of those of which a piece is on the line. */
  readonly #begun = new Set<number>();
  #grants = 0;

  constructor(maxBypass: number) {
    this.#maxBypass = maxBypass;
  }

  add(job: JobRef, continues: boolean): void {
    if (continues) this.#begun.add(job.seq);
    const queue = this.#queues.find((one) => one.jobClass === job.class && one.urgency === job.urgency);
    queue?.jobs.push(job);
    // One that has begun before one that has not; by age within each.
    queue?.jobs.sort((a, b) => Number(this.#begun.has(b.seq)) - Number(this.#begun.has(a.seq)) || a.seq - b.seq);
  }

  remove(job: JobRef): void {
    for (const queue of this.#queues) {
      const at = queue.jobs.findIndex(({ seq }) => seq === job.seq);
      if (at < 0) continue;
      queue.jobs.splice(at, 1);
      this.#begun.delete(job.seq);
      if (queue.jobs.length === 0) Object.assign(queue, { passed: 0, due: Infinity });
    }
  }

  grant(requests: boolean): JobRef | undefined {
    const open = this.#queues.flatMap((queue) => {
      const job = queue.jobs.find((one) => one.class === 'server' || one.exempt || this.#begun.has(one.seq) || requests);
      return job === undefined ? [] : [{ queue, job }];
    });
    // They are listed by class and urgency, and a stable sort keeps that among those that are due alike.
    const next = open.toSorted((a, b) => (a.queue.due === b.queue.due ? 0 : a.queue.due - b.queue.due))[0];
    if (next === undefined) return undefined;
    this.#grants++;
    Object.assign(next.queue, { passed: 0, due: Infinity });
    for (const { queue } of open) {
      if (queue === next.queue) continue;
      queue.passed++;
      if (queue.passed >= this.#maxBypass && queue.due === Infinity) queue.due = this.#grants;
    }
    this.remove(next.job);
    return next.job;
  }

  get size(): number {
    return this.#queues.reduce((sum, { jobs }) => sum + jobs.length, 0);
  }
}

/** The jobs that wait, one lane after the other. */
function counted({ list }: Lanes): number {
  return list.reduce((sum, { queue, exempt }) => sum + [...values(queue), ...values(exempt)].length, 0);
}

const step = fc.record({
  does: fc.constantFrom('add', 'add', 'grant', 'grant', 'remove'),
  jobClass: fc.constantFrom<JobClass>('server', 'client'),
  urgency: fc.constantFrom<Urgency>(0, 1, 2),
  exempt: fc.boolean(),
  continues: fc.boolean(),
  requests: fc.boolean(),
  pick: fc.nat(),
});

test('whatever is added, granted and withdrawn, the send lanes and sorted lists agree on who is next', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), fc.constantFrom(1, 2, 3, 16, Infinity), (steps, maxBypass) => {
      const naive = new Naive(maxBypass);
      let lanes: Lanes = sendLanes();
      let jobs: JobRef[] = [];
      const versions: [Lanes, string][] = [];
      for (const [i, { does, jobClass, urgency, exempt, continues, requests, pick }] of steps.entries()) {
        if (does === 'add') {
          // Not in the order of their numbers: a job is queued when it is ready.
          const job = aJob((i * 7919) % 1009, { class: jobClass, urgency, exempt: exempt && jobClass === 'client' });
          if (jobs.some(({ seq }) => seq === job.seq)) continue;
          jobs.push(job);
          naive.add(job, continues);
          lanes = enqueue(lanes, { job, grant: 'send', permit: undefined, continues });
        } else if (does === 'grant') {
          const at = nextLane(lanes, requests);
          const expected = naive.grant(requests);
          expect(at < 0 ? undefined : head(lanes, at, requests).job).toEqual(expected);
          if (at >= 0) lanes = granted(lanes, at, requests, maxBypass);
          jobs = jobs.filter(({ seq }) => seq !== expected?.seq);
        } else if (jobs.length > 0) {
          const job = jobs[pick % jobs.length] as JobRef;
          jobs = jobs.filter((one) => one !== job);
          naive.remove(job);
          lanes = withdraw(lanes, job);
          expect(withdraw(lanes, job)).toBe(lanes);
        }
        expect([waitingIn(lanes), counted(lanes)]).toEqual([naive.size, naive.size]);
        if (i % 20 === 0) versions.push([lanes, JSON.stringify(lanes)]);
      }
      for (const [version, was] of versions) expect(JSON.stringify(version)).toBe(was);
    }),
    runs(300),
  );
});

test('before the execute slots a parked job’s answer goes first, but for a lane that it was passed over by as often as may be', () => {
  let lanes = enqueue(executeLanes(), { job: aJob(1, { urgency: 2 }), grant: 'execute', permit: undefined, continues: false });
  const order: string[] = [];
  for (let seq = 10; seq < 20; seq++) {
    lanes = enqueue(lanes, { job: aJob(seq), grant: 'resume', permit: seq, continues: false });
    const at = nextLane(lanes, true);
    order.push(head(lanes, at, true).grant);
    lanes = granted(lanes, at, true, 3);
  }
  expect(order).toEqual(['resume', 'resume', 'resume', 'execute', ...Array.from({ length: 6 }, () => 'resume')]);
});

test('before the execute slots whatever class a job has, it is found again where it waits, to begin or to go on', () => {
  const waits = fc.record({
    jobClass: fc.constantFrom<JobClass>('server', 'client'),
    urgency: fc.constantFrom<Urgency>(0, 1, 2),
    exempt: fc.boolean(),
    grant: fc.constantFrom<Grant>('execute', 'resume'),
  });
  fc.assert(
    fc.property(fc.array(waits, { maxLength: 40 }), fc.nat(), (all, pick) => {
      const waiting = all.map(({ jobClass, urgency, exempt, grant }, seq) => ({
        job: aJob(seq, { class: jobClass, urgency, exempt }),
        grant,
        permit: grant === 'resume' ? seq : undefined,
        continues: false,
      }));
      let lanes = waiting.reduce(enqueue, executeLanes());
      expect([waitingIn(lanes), counted(lanes)]).toEqual([waiting.length, waiting.length]);
      const gone = waiting[pick % (waiting.length || 1)]?.job ?? aJob(99);
      lanes = withdraw(lanes, gone);
      expect(withdraw(lanes, gone)).toBe(lanes);
      const left = waiting.filter(({ job }) => job !== gone);
      expect([waitingIn(lanes), counted(lanes)]).toEqual([left.length, left.length]);
      const order: number[] = [];
      for (let at = nextLane(lanes, true); at >= 0; at = nextLane(lanes, true)) {
        order.push(head(lanes, at, true).job.seq);
        lanes = granted(lanes, at, true, Infinity);
      }
      // Those that go on, then by urgency; by age within each. A stable sort keeps the age.
      const rank = ({ grant, job }: (typeof left)[number]): number => (grant === 'resume' ? 3 : job.urgency);
      expect(order).toEqual(left.toSorted((a, b) => rank(b) - rank(a)).map(({ job }) => job.seq));
      expect(lanes).toEqual({ ...executeLanes(), granted: left.length });
    }),
    runs(100),
  );
});
