import type { Grant, JobClass, JobRef, Urgency } from './job.ts';
import { emptyMap, first, put, without, type OrderedMap } from './ordered-map.ts';

/** A job that waits for a slot. */
export interface Waiting {
  readonly job: JobRef;
  readonly grant: Grant;
  /** The permit that a parked job gets back. */
  readonly permit: number | undefined;
  /** A piece of its message is on the line: it has been through all that holds requests back, and waits for its turn only. */
  readonly continues: boolean;
}

/** One queue: the jobs of a class and an urgency that are ready for a slot, oldest first. */
export interface Lane {
  /** What is granted here: to begin, or to go on. */
  readonly grant: Grant;
  readonly class: JobClass;
  readonly urgency: Urgency;
  /**
   * Those that anything may hold back (the window, the credit, the greeting), and those that are exempt, or have begun: they pass the
   * others then. Of those that have begun the first is finished before anything else of the lane is begun: the other side holds what has
   * come of each, and takes only so many.
   */
  readonly queue: OrderedMap<Waiting>;
  readonly exempt: OrderedMap<Waiting>;
  /** Grants that went past its head while the head could have gone. */
  readonly passed: number;
  /** The number of the grant at which `passed` reached the bound; `undefined` while it has not. */
  readonly dueSince: number | undefined;
}

/** All lanes in front of one kind of slot, best first. */
export interface Lanes {
  readonly list: readonly Lane[];
  /** How many grants they have had. */
  readonly granted: number;
  /** How many jobs wait in all of them. Mostly none does, and nothing needs to be looked for. */
  readonly waiting: number;
}

const emptyLane = (grant: Grant, jobClass: JobClass, urgency: Urgency): Lane => ({
  grant,
  class: jobClass,
  urgency,
  queue: emptyMap(),
  exempt: emptyMap(),
  passed: 0,
  dueSince: undefined,
});

const urgencies = [2, 1, 0] as const;

/** The lanes before the send slots: answers before requests, then by urgency. */
export function sendLanes(): Lanes {
  const classes = ['server', 'client'] as const;
  const list = classes.flatMap((jobClass) => urgencies.map((urgency) => emptyLane('send', jobClass, urgency)));
  return { list, granted: 0, waiting: 0 };
}

/** The lanes before the execute slots: parked jobs whose answer is here, then new ones by urgency. */
export function executeLanes(): Lanes {
  const list = [emptyLane('resume', 'server', 2), ...urgencies.map((urgency) => emptyLane('execute', 'server', urgency))];
  return { list, granted: 0, waiting: 0 };
}

/** `lanes` with one more job waiting. A job waits once: what it asked for before, begun or not, it asks for no more. */
export function enqueue(lanes: Lanes, waiting: Waiting): Lanes {
  const { job, grant, continues } = waiting;
  let at = 0;
  while (!takes(lanes.list[at] as Lane, job, grant)) at++;
  const one = lanes.list[at] as Lane;
  // Only one that has begun has two places where it may wait, and those are the first.
  const others = continues || first(one.exempt)?.continues === true ? withdraw(lanes, job) : lanes;
  const old = others.list[at] as Lane;
  const jobs = put(passes(waiting) ? old.exempt : old.queue, keyOf(waiting), waiting);
  return withLane(others, at, withJobs(old, passes(waiting), jobs, old.passed, old.dueSince));
}

/** `lanes` without that job, wherever it waits: the same if it does not. */
export function withdraw(lanes: Lanes, job: JobRef): Lanes {
  if (lanes.waiting === 0) return lanes;
  for (let at = 0; at < lanes.list.length; at++) {
    const old = lanes.list[at] as Lane;
    if (!takes(old, job, old.grant)) continue;
    const begun = without(old.exempt, job.seq - BEGUN);
    const exempt = begun === old.exempt ? without(old.exempt, job.seq) : begun;
    if (exempt !== old.exempt) return withLane(lanes, at, withJobs(old, true, exempt, old.passed, old.dueSince));
    const queue = without(old.queue, job.seq);
    if (queue !== old.queue) return withLane(lanes, at, withJobs(old, false, queue, old.passed, old.dueSince));
  }
  return lanes;
}

/**
 * Which lane goes next, or -1. `requests`: whether requests that are not exempt may go now.
 *
 * A lane that was passed over `maxBypass` times, the longest due first; else a parked job's answer (each holds up a job of the peer);
 * else the best class and urgency, the oldest of a lane.
 */
export function nextLane(lanes: Lanes, requests: boolean): number {
  let best = -1;
  let bestDue = Infinity;
  for (let at = 0; at < lanes.list.length; at++) {
    const one = lanes.list[at] as Lane;
    if (!mayGo(one, requests)) continue;
    const due = one.dueSince ?? Infinity;
    // They are listed best first: only one that is due longer passes another.
    if (best >= 0 && due >= bestDue) continue;
    best = at;
    bestDue = due;
  }
  return best;
}

/** The job of a lane that goes next, among those that may go: one that has begun, else the oldest. There is one. */
export function head(lanes: Lanes, at: number, requests: boolean): Waiting {
  const one = lanes.list[at] as Lane;
  const exempt = first(one.exempt);
  const other = queueMayGo(one, requests) ? first(one.queue) : undefined;
  if (exempt === undefined || other === undefined) return (exempt ?? other) as Waiting;
  return exempt.continues || exempt.job.seq < other.job.seq ? exempt : other;
}

/** `lanes` after the head of one was granted: every other lane whose head could have gone was passed over once more. */
export function granted(lanes: Lanes, at: number, requests: boolean, maxBypass: number): Lanes {
  const number = lanes.granted + 1;
  const next = head(lanes, at, requests);
  const isExempt = passes(next);
  const list = lanes.list.slice();
  for (let i = 0; i < list.length; i++) {
    const one = list[i] as Lane;
    if (i === at) list[i] = withJobs(one, isExempt, without(isExempt ? one.exempt : one.queue, keyOf(next)), 0, undefined);
    else if (mayGo(one, requests)) list[i] = passedOver(one, number, maxBypass);
  }
  return { list, granted: number, waiting: lanes.waiting - 1 };
}

/** How many jobs wait in all lanes. */
export function waitingIn(lanes: Lanes): number {
  return lanes.waiting;
}

/** Whether a lane is the one for a job that asks for that grant. */
function takes(one: Lane, job: JobRef, grant: Grant): boolean {
  if (one.grant !== grant || grant === 'resume') return one.grant === grant;
  return one.urgency === job.urgency && (grant === 'execute' || one.class === job.class);
}

/** Whether a lane has a job that may go now. */
function mayGo(one: Lane, requests: boolean): boolean {
  return one.exempt.size > 0 || queueMayGo(one, requests);
}

function queueMayGo(one: Lane, requests: boolean): boolean {
  return one.queue.size > 0 && (requests || one.class === 'server');
}

/** Far above any job's number: those that have begun come before the others of their queue. */
const BEGUN = 2 ** 52;

function keyOf({ job, continues }: Waiting): number {
  return continues ? job.seq - BEGUN : job.seq;
}

/** Whether it waits among those that nothing but a closed gate holds. */
function passes({ job, continues }: Waiting): boolean {
  return job.exempt || continues;
}

/** A lane with other jobs in place of its exempt ones, or of the others. One that has become empty has nobody to be due. */
function withJobs(one: Lane, isExempt: boolean, jobs: OrderedMap<Waiting>, passed: number, dueSince: number | undefined): Lane {
  const queue = isExempt ? one.queue : jobs;
  const exempt = isExempt ? jobs : one.exempt;
  const isEmpty = queue.size + exempt.size === 0;
  return laneLike(one, queue, exempt, isEmpty ? 0 : passed, isEmpty ? undefined : dueSince);
}

function passedOver(one: Lane, number: number, maxBypass: number): Lane {
  const passed = one.passed + 1;
  return laneLike(one, one.queue, one.exempt, passed, one.dueSince ?? (passed >= maxBypass ? number : undefined));
}

/** Written out, and not spread: at every grant, that shows. */
function laneLike(one: Lane, queue: Lane['queue'], exempt: Lane['exempt'], passed: number, dueSince: number | undefined): Lane {
  return { grant: one.grant, class: one.class, urgency: one.urgency, queue, exempt, passed, dueSince };
}

/** `lanes` with another lane in place of one. */
function withLane({ list, granted: grants, waiting }: Lanes, at: number, lane: Lane): Lanes {
  const old = list[at] as Lane;
  const copy = list.slice();
  copy[at] = lane;
  const more = lane.queue.size + lane.exempt.size - old.queue.size - old.exempt.size;
  return { list: copy, granted: grants, waiting: waiting + more };
}
