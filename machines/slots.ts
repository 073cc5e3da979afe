import type { JobEvent, JobRef } from './job.ts';
import {
  enqueue,
  executeLanes,
  granted,
  head,
  nextLane,
  sendLanes,
  withdraw,
  withdrawClass,
  type Lane,
  type Lanes,
  type Waiting,
} from './lanes.ts';
import { emptyMap, get, put, without, type OrderedMap } from './ordered-map.ts';

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
}

/** A handler that runs: it outlives its job if the job is ended early. */
export interface Execution {
  readonly permit: number;
  readonly job: JobRef;
  /** It waits for the peer and has given its slot away. */
  readonly parked: boolean;
  /** Its job is gone; its charge is returned when it returns. */
  readonly orphan: boolean;
}

/** A send that the transport is at: it outlives its job if the job is ended early. */
export interface Sending {
  readonly permit: number;
  readonly job: JobRef;
}

/** What jobs of a class hold of the queue. */
export interface Charge {
  readonly count: number;
  readonly bytes: number;
}

/** Which requests may be sent: none (no line), those exempt from the window (greeting), or all. */
export type Gate = 'none' | 'exempt' | 'all';

/** The manager's context. Nothing in it is ever mutated. */
export interface ManagerContext {
  readonly limits: ManagerLimits;
  readonly gate: Gate;
  /** The jobs of a lost line are being ended; nothing is granted until all are. */
  readonly settling: boolean;
  /** The peer said busy: requests wait for `backoff_over`. */
  readonly heldOff: boolean;
  /** How often in a row the peer said busy. */
  readonly busyInARow: number;
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
  /** Requests on the line that count against the window. */
  readonly outstanding: OrderedMap<JobRef>;
  readonly nextPermit: number;
  /** Send permits below this number went with an earlier line: their completions are expected, and late. */
  readonly revokedBelow: number;
}

/** What the manager tells a job. */
export interface Tell {
  readonly job: JobRef;
  readonly event: JobEvent;
}

export function initialContext(limits: ManagerLimits): ManagerContext {
  return {
    limits,
    gate: 'none',
    settling: false,
    heldOff: false,
    busyInARow: 0,
    server: { count: 0, bytes: 0 },
    client: { count: 0, bytes: 0 },
    sendLanes: sendLanes(),
    executeLanes: executeLanes(),
    sends: emptyMap(),
    executions: emptyMap(),
    parked: 0,
    outstanding: emptyMap(),
    nextPermit: 1,
    revokedBelow: 1,
  };
}

/** Why a job is refused at add. */
export type Refusal = 'TAG_IN_USE' | 'QUEUE_FULL' | 'BUSY' | 'STOPPING';

/** Whether the queue takes a job: rule 11's caps, and a tag of ours that is not in use. */
export function refusal(context: ManagerContext, event: { readonly job: JobRef; readonly tagInUse: boolean }): Refusal | undefined {
  if (event.tagInUse) return 'TAG_IN_USE';
  const { job } = event;
  if (job.class === 'server') {
    const { maxServerJobs, maxServerBytes } = context.limits;
    const full = context.server.count >= maxServerJobs || context.server.bytes + job.bytes > maxServerBytes;
    return full && !job.exempt ? 'BUSY' : undefined;
  }
  const { maxClientJobs, maxClientBytes } = context.limits;
  return context.client.count >= maxClientJobs || context.client.bytes + job.bytes > maxClientBytes ? 'QUEUE_FULL' : undefined;
}

/** While stopping, only what running handlers need is taken: their nested calls, and refusals of what comes in. */
export function refusalWhileStopping(
  context: ManagerContext,
  event: { readonly job: JobRef; readonly tagInUse: boolean },
): Refusal | undefined {
  return event.job.exempt ? refusal(context, event) : 'STOPPING';
}

export function charged(context: ManagerContext, job: JobRef): Partial<ManagerContext> {
  const { count, bytes } = context[job.class];
  return { [job.class]: { count: count + 1, bytes: bytes + job.bytes } };
}

function uncharged(context: ManagerContext, job: JobRef): Partial<ManagerContext> {
  const { count, bytes } = context[job.class];
  return { [job.class]: { count: count - 1, bytes: bytes - job.bytes } };
}

/** A job asks for a slot. */
export function queued(context: ManagerContext, waiting: Waiting): Partial<ManagerContext> {
  if (waiting.grant === 'send') return { sendLanes: enqueue(context.sendLanes, waiting) };
  return { executeLanes: enqueue(context.executeLanes, waiting) };
}

/** A job no longer waits for anything. */
export function withdrawn(context: ManagerContext, job: JobRef): Partial<ManagerContext> {
  return { sendLanes: withdraw(context.sendLanes, job), executeLanes: withdraw(context.executeLanes, job) };
}

/** A job is not to be executed, or to go on, any more. */
export function withdrawnFromExecute(context: ManagerContext, job: JobRef): Partial<ManagerContext> {
  return { executeLanes: withdraw(context.executeLanes, job) };
}

/** Whether a lane's head may be sent now: answers always, requests within the gate, the window and the back-off. */
function mayBeSent(context: ManagerContext): (lane: Lane) => boolean {
  const requests = context.gate === 'all' && !context.heldOff && context.outstanding.size < context.limits.window;
  return (lane) => lane.class === 'server' || lane.exempt || requests;
}

const mayBeExecuted = (): boolean => true;

/** The lane that gets a send slot now, or -1. */
function sendingLane(context: ManagerContext): number {
  if (context.gate === 'none' || context.settling || context.sends.size >= context.limits.sendSlots) return -1;
  return nextLane(context.sendLanes, mayBeSent(context));
}

function executingLane(context: ManagerContext): number {
  if (context.settling || context.executions.size - context.parked >= context.limits.executeSlots) return -1;
  return nextLane(context.executeLanes, mayBeExecuted);
}

export const sendIsDue = (context: ManagerContext): boolean => sendingLane(context) >= 0;
export const executeIsDue = (context: ManagerContext): boolean => executingLane(context) >= 0;

/** Whom to tell that it may send. */
export function sendGrant(context: ManagerContext): Tell {
  const { job } = head(context.sendLanes, sendingLane(context));
  return { job, event: { type: 'send', permit: context.nextPermit } };
}

/** A send slot is taken, and a place in the window with it. */
export function sendTaken(context: ManagerContext): Partial<ManagerContext> {
  const at = sendingLane(context);
  const { job } = head(context.sendLanes, at);
  const windowed = job.class === 'client' && !job.exempt;
  return {
    sendLanes: granted(context.sendLanes, at, mayBeSent(context), context.limits.maxBypass),
    sends: put(context.sends, job.seq, { permit: context.nextPermit, job }),
    outstanding: windowed ? put(context.outstanding, job.seq, job) : context.outstanding,
    nextPermit: context.nextPermit + 1,
  };
}

/** Whom to tell that it may execute, or go on. */
export function executeGrant(context: ManagerContext): Tell {
  const { job, grant, permit } = head(context.executeLanes, executingLane(context));
  if (grant === 'resume') return { job, event: { type: 'resume', permit: permit as number } };
  return { job, event: { type: 'execute', permit: context.nextPermit } };
}

/** An execute slot is taken: by a new execution, or by a parked one that goes on. */
export function executeTaken(context: ManagerContext): Partial<ManagerContext> {
  const at = executingLane(context);
  const { job, grant } = head(context.executeLanes, at);
  const lanes = granted(context.executeLanes, at, mayBeExecuted, context.limits.maxBypass);
  if (grant === 'resume') {
    const old = get(context.executions, job.seq) as Execution;
    return { executeLanes: lanes, executions: put(context.executions, job.seq, { ...old, parked: false }), parked: context.parked - 1 };
  }
  const execution = { permit: context.nextPermit, job, parked: false, orphan: false };
  return { executeLanes: lanes, executions: put(context.executions, job.seq, execution), nextPermit: context.nextPermit + 1 };
}

/** What a completion or a park says it belongs to. */
export interface OfPermit {
  readonly job: JobRef;
  readonly permit: number;
}

/** Whether that send has not been completed. */
export function isSending(context: ManagerContext, { job, permit }: OfPermit): boolean {
  return get(context.sends, job.seq)?.permit === permit;
}

/** Whether that send went with a line that was lost: its completion is late, and no violation. */
export function wasRevoked(context: ManagerContext, { permit }: OfPermit): boolean {
  return permit < context.revokedBelow;
}

/** Whether that handler has not returned. */
export function isExecuting(context: ManagerContext, { job, permit }: OfPermit): boolean {
  return get(context.executions, job.seq)?.permit === permit;
}

export function holdsExecuteSlot(context: ManagerContext, of: OfPermit): boolean {
  return isExecuting(context, of) && get(context.executions, of.job.seq)?.parked === false;
}

export function sendReturned(context: ManagerContext, { job }: OfPermit): Partial<ManagerContext> {
  return { sends: without(context.sends, job.seq) };
}

/** A handler has returned: its slot (unless it is parked) and, if its job is gone, its charge are free. */
export function executeReturned(context: ManagerContext, { job }: OfPermit): Partial<ManagerContext> {
  const execution = get(context.executions, job.seq) as Execution;
  return {
    ...(execution.orphan ? uncharged(context, job) : undefined),
    executions: without(context.executions, job.seq),
    executeLanes: withdraw(context.executeLanes, job),
    parked: context.parked - Number(execution.parked),
  };
}

/** A handler waits for the peer: its slot goes to others. */
export function parked(context: ManagerContext, { job }: OfPermit): Partial<ManagerContext> {
  const execution = get(context.executions, job.seq) as Execution;
  if (execution.parked) return {};
  return { executions: put(context.executions, job.seq, { ...execution, parked: true }), parked: context.parked + 1 };
}

/** The response is here: its place in the window is free. */
export function answeredInWindow(context: ManagerContext, job: JobRef): Partial<ManagerContext> {
  return { outstanding: without(context.outstanding, job.seq) };
}

/** A job is gone. What its handler or its send still holds stays taken. */
export function forgotten(context: ManagerContext, job: JobRef): Partial<ManagerContext> {
  const execution = get(context.executions, job.seq);
  const charge =
    execution === undefined ? uncharged(context, job) : { executions: put(context.executions, job.seq, { ...execution, orphan: true }) };
  return { ...withdrawn(context, job), ...charge, outstanding: without(context.outstanding, job.seq) };
}

/** The line is gone: its sends are over, and nothing of its session is granted any more. */
export function lineLost(context: ManagerContext): Partial<ManagerContext> {
  return {
    gate: 'none',
    settling: true,
    heldOff: false,
    busyInARow: 0,
    sends: emptyMap(),
    revokedBelow: context.nextPermit,
    sendLanes: withdrawClass(context.sendLanes, 'server'),
    executeLanes: executeLanes(),
    outstanding: emptyMap(),
  };
}

/** Nothing is left to finish. */
export function isIdle(context: ManagerContext): boolean {
  return context.server.count === 0 && context.client.count === 0 && context.sends.size === 0 && !context.settling;
}
