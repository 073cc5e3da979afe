import type { Grant, JobClass, JobRef, Urgency } from './job.ts';
import { emptyMap, first, put, without, type OrderedMap } from './ordered-map.ts';

/** A job that waits for a slot. */
export interface Waiting {
  readonly job: JobRef;
  readonly grant: Grant;
  /** The permit that a parked job gets back. */
  readonly permit: number | undefined;
}

/** One queue: the jobs of a class and an urgency that are ready for a slot, oldest first. */
export interface Lane {
  /** What is granted here: to begin, or to go on. */
  readonly grant: Grant;
  readonly class: JobClass;
  readonly urgency: Urgency;
  /** Those that anything may hold back (the window, the greeting), and those that are exempt: they pass the others then. */
  readonly queue: OrderedMap<Waiting>;
  readonly exempt: OrderedMap<Waiting>;
  /** Grants that went past its head while the head could have gone. */
  readonly passed: number;
  /** The number of the grant at which `passed` reached the bound; `undefined` while it has not. */
  readonly dueSince: number | undefined;
}

/** All lanes in front of one kind of slot, best first, and how many grants they have had. */
export interface Lanes {
  readonly list: readonly Lane[];
  readonly granted: number;
}

const lane = (grant: Grant, jobClass: JobClass, urgency: Urgency): Lane => ({
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
  return { list: classes.flatMap((jobClass) => urgencies.map((urgency) => lane('send', jobClass, urgency))), granted: 0 };
}

/** The lanes before the execute slots: parked jobs whose answer is here, then new ones by urgency. */
export function executeLanes(): Lanes {
  return { list: [lane('resume', 'server', 2), ...urgencies.map((urgency) => lane('execute', 'server', urgency))], granted: 0 };
}

/** `lanes` with one more job waiting. */
export function enqueue(lanes: Lanes, waiting: Waiting): Lanes {
  const at = lanes.list.findIndex((one) => takes(one, waiting));
  const old = lanes.list[at] as Lane;
  const { seq, exempt } = waiting.job;
  const lane = exempt ? { ...old, exempt: put(old.exempt, seq, waiting) } : { ...old, queue: put(old.queue, seq, waiting) };
  return { list: lanes.list.with(at, lane), granted: lanes.granted };
}

/** `lanes` without that job, wherever it waits. */
export function withdraw(lanes: Lanes, job: JobRef): Lanes {
  for (const [at, old] of lanes.list.entries()) {
    const left = withoutJob(old, job);
    if (left !== old) return { list: lanes.list.with(at, left), granted: lanes.granted };
  }
  return lanes;
}

/**
 * Which lane goes next, or -1. `requests`: whether requests that are not exempt may go now.
 *
 * A parked job's answer first (parked jobs are bounded, and each holds up a job of the peer). Else a lane that was
 * passed over `maxBypass` times, the longest due first; else the best class and urgency, the oldest of a lane.
 */
export function nextLane(lanes: Lanes, requests: boolean): number {
  let best = -1;
  for (const [at, one] of lanes.list.entries()) {
    if (headOf(one, requests) === undefined) continue;
    // They are listed best first: only one that is due longer passes another.
    const top = lanes.list[best];
    if (top === undefined || (top.grant !== 'resume' && (one.dueSince ?? Infinity) < (top.dueSince ?? Infinity))) best = at;
  }
  return best;
}

/** The job at the head of a lane. */
export function head(lanes: Lanes, at: number, requests: boolean): Waiting {
  return headOf(lanes.list[at] as Lane, requests) as Waiting;
}

/** `lanes` after the head of one was granted: every other lane whose head could have gone was passed over once more. */
export function granted(lanes: Lanes, at: number, requests: boolean, maxBypass: number): Lanes {
  const number = lanes.granted + 1;
  const list = lanes.list.map((one, i) => {
    const first = headOf(one, requests);
    if (first === undefined) return one;
    if (i === at) return { ...withoutJob(one, first.job), passed: 0, dueSince: undefined };
    const passed = one.passed + 1;
    return { ...one, passed, dueSince: one.dueSince ?? (passed >= maxBypass ? number : undefined) };
  });
  return { list, granted: number };
}

/** How many jobs wait in all lanes. */
export function waitingIn(lanes: Lanes): number {
  return lanes.list.reduce((sum, one) => sum + one.queue.size + one.exempt.size, 0);
}

/** The oldest job of a lane among those that may go. */
function headOf(one: Lane, requests: boolean): Waiting | undefined {
  const exempt = first(one.exempt);
  const other = requests || one.class === 'server' ? first(one.queue) : undefined;
  if (exempt === undefined || other === undefined) return exempt ?? other;
  return exempt.job.seq < other.job.seq ? exempt : other;
}

function takes(one: Lane, { job, grant }: Waiting): boolean {
  if (one.grant !== grant || grant === 'resume') return one.grant === grant;
  return one.urgency === job.urgency && (grant === 'execute' || one.class === job.class);
}

/** A lane without a job: the same if it was not there. One that has become empty has nobody to be due. */
function withoutJob(one: Lane, { seq }: JobRef): Lane {
  const queue = without(one.queue, seq);
  const exempt = without(one.exempt, seq);
  if (queue === one.queue && exempt === one.exempt) return one;
  return queue.size + exempt.size === 0 ? { ...one, queue, exempt, passed: 0, dueSince: undefined } : { ...one, queue, exempt };
}
