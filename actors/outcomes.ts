import type { JobEvent, Outcome } from '../machines/job.ts';
import type { ManagerLimits } from '../machines/manager-context.ts';
import type { Refusal } from '../machines/slots.ts';
import { cancelledByPeer } from '../machines/server-job.ts';
import { errorTable, isVirtagentError, VirtagentError, writtenOut } from '../transport/errors.ts';
import { MethodError } from './methods.ts';

/** Characters that act on a terminal or begin another line of a log: controls, formats, separators, halves of characters. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A peer's text for a message of ours, which somebody will print: one line, nothing in it acts. `remote` keeps it as it came. */
export function oneLine(text: string): string {
  return text.replace(unprintable, writtenOut);
}

/** Why a job was not taken, as an error that names the limit. */
export function refusalError(code: Refusal | 'STOPPED', limits: ManagerLimits, tag: string): VirtagentError {
  const known = 'not-sent';
  switch (code) {
    case 'TAG_IN_USE':
      return new VirtagentError(code, `a job with tag ${JSON.stringify(tag.slice(0, 80))} has not finished`, { known });
    case 'QUEUE_FULL':
      return new VirtagentError(
        code,
        `the queue holds maxClientJobs (${limits.maxClientJobs}) calls or maxClientBytes (${limits.maxClientBytes})`,
        { known },
      );
    case 'MESSAGE_TOO_LARGE':
      return new VirtagentError(code, `a call that is charged more than maxClientBytes (${limits.maxClientBytes}) is not taken`, { known });
    case 'BUSY':
      return new VirtagentError(
        code,
        `the queue holds maxServerJobs (${limits.maxServerJobs}) requests or maxServerBytes (${limits.maxServerBytes})`,
        { known },
      );
    case 'STOPPING':
      return new VirtagentError(code, 'it is stopping and takes nothing new', { known });
    case 'STOPPED':
      return new VirtagentError(code, 'it has been stopped, or not been started', { known });
  }
}

/** What ended a job early, as the error that its AbortSignal carries. */
export function endError(event: JobEvent): VirtagentError {
  if (event.type === 'deadline') return new VirtagentError('TIMEOUT', 'the deadline has passed');
  if (event.type === 'line_lost') return new VirtagentError('LINE_LOST', 'the line was lost');
  if (event.type !== 'cancel') return new VirtagentError('CANCELLED', 'the caller gave it up');
  return isVirtagentError(event.reason) ? event.reason : new VirtagentError('CANCELLED', 'cancelled', { cause: event.reason });
}

/** A failed outcome as the error that the caller of `method` gets. A value has none. */
export function outcomeError(outcome: Outcome, method: string): VirtagentError | undefined {
  const { known } = outcome;
  switch (outcome.type) {
    case 'value':
      return undefined;
    case 'error':
      return isVirtagentError(outcome.error)
        ? outcome.error
        : new VirtagentError('REMOTE_ERROR', String(outcome.error), { known, method, cause: outcome.error });
    case 'cancelled':
      if (isVirtagentError(outcome.reason))
        return new VirtagentError(outcome.reason.code, `${method}: ${outcome.reason.message}`, { known, method, cause: outcome.reason });
      return new VirtagentError('CANCELLED', `${method} was cancelled`, { known, method, cause: outcome.reason });
    case 'timed-out':
      return new VirtagentError('TIMEOUT', `${method} had no response within its deadline`, { known, method });
    case 'line-lost':
      return new VirtagentError('LINE_LOST', `the line was lost during ${method}`, { known, method });
    case 'send-failed':
      if (isVirtagentError(outcome.error))
        return new VirtagentError(outcome.error.code, outcome.error.message, { known, method, cause: outcome.error });
      return new VirtagentError('SEND_FAILED', `the stream did not take ${method}`, { known, method, cause: outcome.error });
  }
}

/** The stable code of what a job came to: undefined of a value. */
export function outcomeCode(outcome: Outcome): string | undefined {
  switch (outcome.type) {
    case 'value':
      return undefined;
    case 'error':
      return errorCode(outcome.error, 'HANDLER_FAILED');
    case 'cancelled':
      return errorCode(outcome.reason, 'CANCELLED');
    case 'timed-out':
      return 'TIMEOUT';
    case 'line-lost':
      return 'LINE_LOST';
    case 'send-failed':
      return errorCode(outcome.error, 'SEND_FAILED');
  }
}

/** Of an error of ours, or of the other side's as it came; anything else was thrown by somebody's own code. */
function errorCode(error: unknown, otherwise: string): string {
  if (error === cancelledByPeer) return 'CANCELLED';
  try {
    if (error instanceof MethodError) return 'REMOTE_ERROR';
    const { code } = error as { code?: unknown };
    return typeof code === 'string' && Object.hasOwn(errorTable, code) ? code : otherwise;
  } catch {
    return otherwise;
  }
}
