import type { JobRef } from './job.ts';
import { executeLanes, sendLanes, type Lanes } from './lanes.ts';
import { emptyMap, type OrderedMap } from './ordered-map.ts';

/** The manager's options, as its chart knows them. All counts may be Infinity. */
export interface ManagerLimits {
  /** How many jobs may be sending at once. */
  readonly sendSlots: number;
  /** How many jobs may be executing at once. */
  readonly executeSlots: number;
  /** How often a queue's head is passed over before it is next. */
  readonly maxBypass: number;
  readonly maxServerJobs: number;
  readonly maxClientJobs: number;
  /** Bytes that all server jobs together may be charged. */
  readonly maxServerBytes: number;
  readonly maxClientBytes: number;
  /** How many requests that are not exempt may be unanswered. */
  readonly window: number;
  /** Whether the other side says how many requests it takes, and how many bytes of them; false if it is not given: any. */
  readonly credits?: boolean | undefined;
}

/** A handler that runs: it outlives its job if the job is ended early. */
export interface Execution {
  readonly permit: number;
  readonly job: JobRef;
  /** It has given its slot away: it waits for the peer or, abandoned, for a slot to be taken in its name. */
  readonly parked: boolean;
  /** Nobody waits for it any more and it was told so. It runs on, so it holds a slot until it returns (rule 5). */
  readonly abandoned: boolean;
  /** Its job is gone; its charge is returned when it returns. */
  readonly orphan: boolean;
}

/** A send that the transport is at: it outlives its job if the job is ended early. */
export interface Sending {
  readonly permit: number;
  readonly job: JobRef;
  /** The first of a job that spends credit: it is given back if nothing was sent. */
  readonly charged: boolean;
  /** A piece was taken. The slot is held until its job has said that it wants the next, so that it does not lose its turn. */
  readonly passing: boolean;
}

/** What jobs of a class hold of the queue. */
export interface Charge {
  readonly count: number;
  readonly bytes: number;
}

/** What the other side still takes of requests that are not exempt. Both Infinity without `credits`. */
export interface Credit {
  readonly requests: number;
  /** Below zero when the last request was larger than what was left. */
  readonly bytes: number;
}

/** What a protocol says of how many requests may be sent. */
export interface Terms {
  readonly window: number;
  readonly credits: boolean;
}

/** Which requests may be sent: none (no line), those exempt from the window (greeting), or all. */
export type Gate = 'none' | 'exempt' | 'all';

/** The manager's context. Nothing in it is ever mutated. */
export interface ManagerContext {
  readonly limits: ManagerLimits;
  readonly gate: Gate;
  /** Somebody holds everything back: the gate, which follows the line, says nothing of it and does not end it. */
  readonly paused: boolean;
  /** The jobs of a lost line are being ended; nothing is granted until all are. */
  readonly settling: boolean;
  /** The peer said busy: requests wait for `backoff_over`. */
  readonly heldOff: boolean;
  /** How often in a row the peer said busy. */
  readonly busyInARow: number;
  /** Jobs whose callback has not been run. */
  readonly jobs: number;
  readonly server: Charge;
  readonly client: Charge;
  readonly sendLanes: Lanes;
  readonly executeLanes: Lanes;
  /** Send slots taken, by the number of the job that took one. */
  readonly sends: OrderedMap<Sending>;
  /** Handlers that run, by the number of their job. */
  readonly executions: OrderedMap<Execution>;
  /** How many of the executions are parked. */
  readonly parked: number;
  /** Requests that were sent on this line and have not been answered. */
  readonly awaited: OrderedMap<JobRef>;
  /** How many of them count against the window. */
  readonly inWindow: number;
  readonly credit: Credit;
  readonly nextPermit: number;
  /** Send permits below this number went with an earlier line: their completions are expected, and late. */
  readonly revokedBelow: number;
}

export function initialContext(limits: ManagerLimits): ManagerContext {
  return {
    limits,
    gate: 'none',
    paused: false,
    settling: false,
    heldOff: false,
    busyInARow: 0,
    jobs: 0,
    server: { count: 0, bytes: 0 },
    client: { count: 0, bytes: 0 },
    sendLanes: sendLanes(),
    executeLanes: executeLanes(),
    sends: emptyMap(),
    executions: emptyMap(),
    parked: 0,
    awaited: emptyMap(),
    inWindow: 0,
    credit: creditOfNewLine(limits),
    nextPermit: 1,
    revokedBelow: 1,
  };
}

/** A line begins with nothing granted. */
export function creditOfNewLine({ credits }: ManagerLimits): Credit {
  return credits === true ? { requests: 0, bytes: 0 } : { requests: Infinity, bytes: Infinity };
}

/** The next context while it is made: nobody has seen it yet, so it is changed in place. */
export type Draft = { -readonly [Key in keyof ManagerContext]: ManagerContext[Key] };

/** Every field is written out: any other copy of so many costs ten times as much, at every event. */
export function draftOf(context: ManagerContext): Draft {
  return {
    limits: context.limits,
    gate: context.gate,
    paused: context.paused,
    settling: context.settling,
    heldOff: context.heldOff,
    busyInARow: context.busyInARow,
    jobs: context.jobs,
    server: context.server,
    client: context.client,
    sendLanes: context.sendLanes,
    executeLanes: context.executeLanes,
    sends: context.sends,
    executions: context.executions,
    parked: context.parked,
    awaited: context.awaited,
    inWindow: context.inWindow,
    credit: context.credit,
    nextPermit: context.nextPermit,
    revokedBelow: context.revokedBelow,
  };
}
