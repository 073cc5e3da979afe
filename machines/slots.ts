import { isWhole, type Grant, type JobEvent, type JobRef, type SendCompletion } from './job.ts';
import { enqueue, granted, head, nextLane, waitingIn, withdraw, type Waiting } from './lanes.ts';
import {
  creditOfNewLine,
  draftOf,
  initialContext,
  type Credit,
  type Draft,
  type Execution,
  type Gate,
  type ManagerContext,
  type Terms,
} from './manager-context.ts';
import { emptyMap, get, has, put, without } from './ordered-map.ts';

/** What the manager tells a job. */
export interface Tell {
  readonly job: JobRef;
  readonly event: JobEvent;
}

/** Why a job is refused at add. */
export type Refusal = 'TAG_IN_USE' | 'QUEUE_FULL' | 'MESSAGE_TOO_LARGE' | 'BUSY' | 'STOPPING';

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
  // To wait until the queue is empty would not help.
  if (job.bytes > maxClientBytes) return 'MESSAGE_TOO_LARGE';
  return context.client.count >= maxClientJobs || context.client.bytes + job.bytes > maxClientBytes ? 'QUEUE_FULL' : undefined;
}

/** While stopping, only what running handlers need is taken: their nested calls, and refusals of what comes in. */
export function refusalWhileStopping(
  context: ManagerContext,
  event: { readonly job: JobRef; readonly tagInUse: boolean },
): Refusal | undefined {
  return event.job.exempt ? refusal(context, event) : 'STOPPING';
}

export function charged(context: ManagerContext, job: JobRef): ManagerContext {
  const next = draftOf(context);
  charge(next, job, 1);
  next.jobs++;
  return next;
}

/** A job's charge is added (1) or taken off (-1). */
function charge(next: Draft, job: JobRef, by: 1 | -1): void {
  const { count, bytes } = job.class === 'server' ? next.server : next.client;
  const charged = { count: count + by, bytes: bytes + by * job.bytes };
  if (job.class === 'server') next.server = charged;
  else next.client = charged;
}

/** What a job asks for: a slot, and which of its permits a parked one gets back. */
export interface Wanted {
  readonly job: JobRef;
  readonly grant: Grant;
  readonly permit?: number | undefined;
}

/** Whether a job may ask for that slot: not for one that it holds, nor to go on where it isn't parked. */
export function mayWait(context: ManagerContext, { job, grant, permit }: Wanted): boolean {
  if (grant === 'send') return get(context.sends, job.seq)?.passing !== false;
  const execution = get(context.executions, job.seq);
  if (grant === 'execute') return execution === undefined;
  return execution !== undefined && execution.permit === permit && execution.parked && !execution.abandoned;
}

/** A job asks for a slot. */
export function queued(context: ManagerContext, { job, grant, permit }: Wanted): ManagerContext {
  const next = draftOf(context);
  const continues = grant === 'send' && has(next.sends, job.seq);
  const waiting: Waiting = { job, grant, permit, continues };
  if (grant === 'send') next.sendLanes = enqueue(next.sendLanes, waiting);
  else next.executeLanes = enqueue(next.executeLanes, waiting);
  return next;
}

/** Whether requests may be begun that are not exempt: within the gate, the window, the credit and the back-off. Answers always may. */
function requestsMayGo(context: ManagerContext): boolean {
  const { gate, heldOff, inWindow, limits, credit } = context;
  return gate === 'all' && !heldOff && inWindow < limits.window && credit.requests > 0 && credit.bytes > 0;
}

/** The lane that gets a send slot now, or -1. Asked after every event, and mostly nothing waits: that is looked at first. */
function sendingLane(context: ManagerContext): number {
  if (waitingIn(context.sendLanes) === 0) return -1;
  if (context.gate === 'none' || context.paused || context.settling || context.sends.size >= context.limits.sendSlots) return -1;
  return nextLane(context.sendLanes, requestsMayGo(context));
}

function executingLane(context: ManagerContext): number {
  if (waitingIn(context.executeLanes) === 0) return -1;
  if (context.settling || context.executions.size - context.parked >= context.limits.executeSlots) return -1;
  return nextLane(context.executeLanes, true);
}

export const sendIsDue = (context: ManagerContext): boolean => sendingLane(context) >= 0;
export const executeIsDue = (context: ManagerContext): boolean => executingLane(context) >= 0;

/** Whether the next execute slot goes to a handler that was abandoned while parked: it runs already, and is not told. */
export function slotIsOwed(context: ManagerContext): boolean {
  const at = executingLane(context);
  return at >= 0 && get(context.executions, head(context.executeLanes, at, true).job.seq)?.abandoned === true;
}

/** Whom to tell that it may send. */
export function sendGrant(context: ManagerContext): Tell {
  const { job } = head(context.sendLanes, sendingLane(context), requestsMayGo(context));
  return { job, event: { type: 'send', permit: context.nextPermit } };
}

/** A send slot is taken, and by a request's first send a place in the window and credit with it. */
export function sendTaken(context: ManagerContext): ManagerContext {
  const at = sendingLane(context);
  const requests = requestsMayGo(context);
  const { job, continues } = head(context.sendLanes, at, requests);
  const next = draftOf(context);
  next.sendLanes = granted(next.sendLanes, at, requests, next.limits.maxBypass);
  // One that goes on has its place already; or had it, and has been answered.
  if (job.class === 'client' && !continues) next.awaited = put(next.awaited, job.seq, job);
  const counts = !job.exempt && next.awaited.size > context.awaited.size;
  if (counts) next.inWindow++;
  const charged = counts && next.limits.credits === true;
  if (charged) spend(next, job, 1);
  next.sends = put(next.sends, job.seq, { permit: next.nextPermit++, job, charged, passing: false });
  return next;
}

/** What a request costs of the peer's credit is taken (1) or put back (-1). */
function spend(next: Draft, job: JobRef, by: 1 | -1): void {
  const { requests, bytes } = next.credit;
  next.credit = { requests: requests - by, bytes: bytes - by * job.bytes };
}

/** The peer takes more. */
export function credited(context: ManagerContext, { requests, bytes }: Credit): ManagerContext {
  const next = draftOf(context);
  next.credit = { requests: next.credit.requests + requests, bytes: next.credit.bytes + bytes };
  return next;
}

/** Whom to tell that it may execute, or go on. */
export function executeGrant(context: ManagerContext): Tell {
  const { job, grant, permit } = head(context.executeLanes, executingLane(context), true);
  if (grant === 'resume') return { job, event: { type: 'resume', permit: permit as number } };
  return { job, event: { type: 'execute', permit: context.nextPermit } };
}

/** An execute slot is taken: by a new execution, or by a parked one that goes on. */
export function executeTaken(context: ManagerContext): ManagerContext {
  const at = executingLane(context);
  const { job, grant } = head(context.executeLanes, at, true);
  const next = draftOf(context);
  next.executeLanes = granted(next.executeLanes, at, true, next.limits.maxBypass);
  if (grant === 'resume') setParked(next, get(next.executions, job.seq) as Execution, false);
  else {
    const execution = { permit: next.nextPermit++, job, parked: false, abandoned: false, orphan: false };
    next.executions = put(next.executions, job.seq, execution);
  }
  return next;
}

/** An execution gives its slot away, or has one again. */
function setParked(next: Draft, { permit, job, abandoned: isAbandoned, orphan }: Execution, isParked: boolean): void {
  next.executions = put(next.executions, job.seq, { permit, job, parked: isParked, abandoned: isAbandoned, orphan });
  next.parked += isParked ? 1 : -1;
}

/** What a completion or a park says it belongs to. */
export interface OfPermit {
  readonly job: JobRef;
  readonly permit: number;
}

/** What a send's completion says. */
export interface SendDone extends OfPermit {
  readonly completion: SendCompletion;
}

/** Whether that send has not been completed. */
export function isSending(context: ManagerContext, { job, permit }: OfPermit): boolean {
  const sending = get(context.sends, job.seq);
  return sending?.permit === permit && !sending.passing;
}

/** Whether that is the completion of a send, and no more of its message is to be sent. */
export function isSendingLast(context: ManagerContext, done: SendDone): boolean {
  const { completion } = done;
  return (isWhole(completion) || !completion.ok) && isSending(context, done);
}

/** Whether that send slot is held only until its job has said whether it goes on. */
export function isPassing(context: ManagerContext, { job, permit }: OfPermit): boolean {
  const sending = get(context.sends, job.seq);
  return sending?.permit === permit && sending.passing;
}

/** Whether that send went with a line that was lost: its completion is late, and no violation. */
export function wasRevoked(context: ManagerContext, { permit }: OfPermit): boolean {
  return permit < context.revokedBelow;
}

/** Whether that handler has not returned. */
export function isExecuting(context: ManagerContext, { job, permit }: OfPermit): boolean {
  return get(context.executions, job.seq)?.permit === permit;
}

/** Whether that handler may give its slot away: not once nobody waits for it, or a flood of cancels would gain slots. */
export function mayPark(context: ManagerContext, of: OfPermit): boolean {
  return isExecuting(context, of) && get(context.executions, of.job.seq)?.abandoned === false;
}

/** A piece was taken: its job is asked whether it wants a slot for the next. */
export function pieceTaken(context: ManagerContext, { job, permit }: OfPermit): ManagerContext {
  const next = draftOf(context);
  next.sends = put(next.sends, job.seq, { permit, job, charged: false, passing: true });
  return next;
}

/** The transport is done with a send, or its job with a piece. A request of which nothing was sent has cost nothing. */
export function sendReturned(context: ManagerContext, { job, completion }: OfPermit & Partial<SendDone>): ManagerContext {
  const next = draftOf(context);
  if (completion?.ok === false && completion.known === 'not-sent' && get(next.sends, job.seq)?.charged === true) spend(next, job, -1);
  next.sends = without(next.sends, job.seq);
  return next;
}

/** A handler has returned: its slot (unless it is parked) and, if its job is gone, its charge are free. */
export function executeReturned(context: ManagerContext, { job }: OfPermit): ManagerContext {
  const execution = get(context.executions, job.seq) as Execution;
  const next = draftOf(context);
  next.executions = without(next.executions, job.seq);
  next.executeLanes = withdraw(next.executeLanes, job);
  if (execution.parked) next.parked--;
  if (execution.orphan) charge(next, job, -1);
  return next;
}

/** A handler waits for the peer: its slot goes to others. */
export function parked(context: ManagerContext, { job }: OfPermit): ManagerContext {
  const execution = get(context.executions, job.seq) as Execution;
  if (execution.parked) return context;
  const next = draftOf(context);
  setParked(next, execution, true);
  return next;
}

/** A request is no longer awaited: its place in the window is free. */
function endWait(next: Draft, job: JobRef): void {
  const left = without(next.awaited, job.seq);
  if (left !== next.awaited && !job.exempt) next.inWindow--;
  next.awaited = left;
}

/** Whether a response is the first to a request on this line. Any other changes nothing here. */
export function isAwaited(context: ManagerContext, job: JobRef | undefined): boolean {
  return job !== undefined && has(context.awaited, job.seq);
}

/** The response is here. A busy peer is left alone for a while, any other answer says that it is not busy. */
export function answerNoted(context: ManagerContext, job: JobRef, busy: boolean): ManagerContext {
  const next = draftOf(context);
  endWait(next, job);
  if (!busy) next.busyInARow = 0;
  else if (!next.heldOff) {
    next.heldOff = true;
    next.busyInARow++;
  }
  return next;
}

/** Nobody waits for a job's handler any more. One that is parked goes on, told or not: it is owed the next slot. */
function abandonHandler(next: Draft, job: JobRef, orphan: boolean): void {
  const execution = get(next.executions, job.seq);
  if (execution === undefined) {
    next.executeLanes = withdraw(next.executeLanes, job);
    return;
  }
  const { permit, parked: isParked, abandoned: wasAbandoned } = execution;
  next.executions = put(next.executions, job.seq, { permit, job: execution.job, parked: isParked, abandoned: true, orphan });
  if (isParked && !wasAbandoned)
    next.executeLanes = enqueue(withdraw(next.executeLanes, job), { job, grant: 'resume', permit, continues: false });
}

export function handlerAbandoned(context: ManagerContext, job: JobRef): ManagerContext {
  const next = draftOf(context);
  abandonHandler(next, job, false);
  return next;
}

/** Nobody waits for a job any more, and it waits for no slot. */
export function abandoned(context: ManagerContext, job: JobRef): ManagerContext {
  const next = draftOf(context);
  abandonHandler(next, job, false);
  next.sendLanes = withdraw(next.sendLanes, job);
  return next;
}

/** A job is gone. What its handler or its send still holds stays taken. */
export function forgotten(context: ManagerContext, job: JobRef): ManagerContext {
  const next = draftOf(context);
  abandonHandler(next, job, true);
  next.sendLanes = withdraw(next.sendLanes, job);
  endWait(next, job);
  if (!has(next.executions, job.seq)) charge(next, job, -1);
  next.jobs--;
  return next;
}

/** What the protocol says of requests has become known: nothing was sent before. */
export function termsSet(context: ManagerContext, { window, credits }: Terms): ManagerContext {
  const next = draftOf(context);
  next.limits = { ...context.limits, window, credits };
  next.credit = creditOfNewLine(next.limits);
  return next;
}

/** What may be sent has changed. */
export function gateSet(context: ManagerContext, gate: Gate): ManagerContext {
  const next = draftOf(context);
  next.gate = gate;
  return next;
}

/** Nothing is sent, or it is again. */
export function pauseSet(context: ManagerContext, paused: boolean): ManagerContext {
  const next = draftOf(context);
  next.paused = paused;
  return next;
}

/** The line is gone: its sends are over, and nothing is granted until every job has been told. */
export function lineLost(context: ManagerContext): ManagerContext {
  const next = draftOf(context);
  next.gate = 'none';
  next.settling = true;
  next.heldOff = false;
  next.busyInARow = 0;
  next.sends = emptyMap();
  next.revokedBelow = next.nextPermit;
  next.awaited = emptyMap();
  next.inWindow = 0;
  next.credit = creditOfNewLine(next.limits);
  return next;
}

/** Every job of the lost line has been told. */
export function settlingEnded(context: ManagerContext): ManagerContext {
  const next = draftOf(context);
  next.settling = false;
  return next;
}

/** The busy peer has been left alone for long enough. */
export function backoffEnded(context: ManagerContext): ManagerContext {
  const next = draftOf(context);
  next.heldOff = false;
  return next;
}

/** Every job was ended at once: nothing is held any more, and what is still completed is late. */
export function allDropped({ limits, nextPermit }: ManagerContext): ManagerContext {
  const next: Draft = initialContext(limits);
  next.nextPermit = nextPermit;
  next.revokedBelow = nextPermit;
  return next;
}

/** No job is left, and the transport is done with what it was given. Handlers that nobody waits for may still run. */
export function isIdle(context: ManagerContext): boolean {
  return context.jobs === 0 && context.sends.size === 0 && !context.settling;
}
