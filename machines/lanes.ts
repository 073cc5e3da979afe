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
  readonly grants: readonly Grant[];
  readonly class: JobClass;
  readonly urgency: Urgency;
  readonly exempt: boolean;
  readonly queue: OrderedMap<Waiting>;
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

const lane = (grants: readonly Grant[], jobClass: JobClass, urgency: Urgency, exempt = false): Lane => ({
  grants,
  class: jobClass,
  urgency,
  exempt,
  queue: emptyMap(),
  passed: 0,
  dueSince: undefined,
});

/**
 * The lanes before the send slots: answers before requests, then by urgency. A request that is exempt from the
 * window has a lane of its own, so that it passes a head that the window holds back.
 */
export function sendLanes(): Lanes {
  const server = ([2, 1, 0] as const).map((urgency) => lane(['send'], 'server', urgency));
  const client = ([2, 1, 0] as const).flatMap((urgency) => [lane(['send'], 'client', urgency, true), lane(['send'], 'client', urgency)]);
  return { list: [...server, ...client], granted: 0 };
}

/** The lanes before the execute slots: parked jobs whose answer is here, then new ones by urgency. */
export function executeLanes(): Lanes {
  return {
    list: [lane(['resume'], 'server', 2), ...([2, 1, 0] as const).map((urgency) => lane(['execute'], 'server', urgency))],
    granted: 0,
  };
}

/** `lanes` with one more job waiting. */
export function enqueue(lanes: Lanes, waiting: Waiting): Lanes {
  const at = lanes.list.findIndex((one) => takes(one, waiting));
  if (at < 0) return lanes;
  const old = lanes.list[at] as Lane;
  return { list: lanes.list.with(at, { ...old, queue: put(old.queue, waiting.job.seq, waiting) }), granted: lanes.granted };
}

/** `lanes` without that job, wherever it waits. */
export function withdraw(lanes: Lanes, job: JobRef): Lanes {
  for (const [at, old] of lanes.list.entries()) {
    const queue = without(old.queue, job.seq);
    if (queue === old.queue) continue;
    return { list: lanes.list.with(at, emptied({ ...old, queue })), granted: lanes.granted };
  }
  return lanes;
}

/**
 * Which lane goes next, or -1.
 *
 * A parked job's answer first (parked jobs are bounded, and each holds up a job of the peer). Else a lane that was
 * passed over `maxBypass` times, the longest due first; else the best class and urgency, the oldest of equals.
 */
export function nextLane(lanes: Lanes, isOpen: (lane: Lane) => boolean): number {
  let best = -1;
  for (const [at, one] of lanes.list.entries()) {
    if (one.queue.size === 0 || !isOpen(one)) continue;
    if (best < 0 || goesBefore(one, lanes.list[best] as Lane)) best = at;
  }
  return best;
}

/** The job at the head of a lane. */
export function head(lanes: Lanes, at: number): Waiting {
  return first((lanes.list[at] as Lane).queue) as Waiting;
}

/** `lanes` after the head of one was granted: every other open lane with a job was passed over once more. */
export function granted(lanes: Lanes, at: number, isOpen: (lane: Lane) => boolean, maxBypass: number): Lanes {
  const number = lanes.granted + 1;
  const list = lanes.list.map((one, i) => {
    if (i === at) return { ...one, queue: without(one.queue, (first(one.queue) as Waiting).job.seq), passed: 0, dueSince: undefined };
    if (one.queue.size === 0 || !isOpen(one)) return one;
    const passed = one.passed + 1;
    return { ...one, passed, dueSince: one.dueSince ?? (passed >= maxBypass ? number : undefined) };
  });
  return { list, granted: number };
}

/** How many jobs wait in all lanes. */
export function waitingIn(lanes: Lanes): number {
  return lanes.list.reduce((sum, one) => sum + one.queue.size, 0);
}

function takes(one: Lane, { job, grant }: Waiting): boolean {
  if (!one.grants.includes(grant)) return false;
  if (grant === 'resume') return true;
  if (one.urgency !== job.urgency) return false;
  return grant === 'execute' || (one.class === job.class && (one.class === 'server' || one.exempt === job.exempt));
}

function goesBefore(a: Lane, b: Lane): boolean {
  const resumes = Number(b.grants[0] === 'resume') - Number(a.grants[0] === 'resume');
  if (resumes !== 0) return resumes < 0;
  const due = (a.dueSince ?? Infinity) - (b.dueSince ?? Infinity);
  if (due !== 0 && !Number.isNaN(due)) return due < 0;
  if (a.class !== b.class) return a.class === 'server';
  if (a.urgency !== b.urgency) return a.urgency > b.urgency;
  return (first(a.queue) as Waiting).job.seq < (first(b.queue) as Waiting).job.seq;
}

/** A lane that has become empty has nobody to be due. */
function emptied(one: Lane): Lane {
  return one.queue.size === 0 ? { ...one, passed: 0, dueSince: undefined } : one;
}
