import { cancelledByPeer } from '../machines/server-job.ts';
import type { Completion } from '../machines/job.ts';
import { messageOf, VirtagentError, type ErrorCode } from '../transport/errors.ts';
import type { Answer, WireError } from '../transport/messages.ts';
import { MethodError } from './methods.ts';

/** Codes that a handler may answer with by throwing a VirtagentError; others are its own trouble. */
const passedOn: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'INVALID_PARAMS',
  'METHOD_NOT_FOUND',
  'INVALID_REQUEST',
  'BUSY',
  'STOPPING',
  'MESSAGE_TOO_LARGE',
]);

/** A completion as it crosses the line: a message and a number, never a stack. Never throws, whatever the handler threw. */
export function answerOf(completion: Completion): Answer {
  if (completion.ok) return { ok: true, value: completion.value };
  const { error } = completion;
  return { ok: false, error: forCaller(error) ?? { code: 'HANDLER_FAILED', message: textOf(error) } };
}

/** The encoded error with as much of its text as fits; without its data, where that alone is too much. Undefined if nothing fits. */
export function cutToFit<Frame>(error: WireError, encode: (error: WireError) => Frame): Frame | undefined {
  const { data, ...bare } = error;
  const tries = data === undefined ? [bare] : [error, bare];
  for (const one of tries) {
    let best: Frame | undefined;
    // The longest text that fits is between those two.
    for (let least = 0, most = one.message.length; least <= most;) {
      const length = best === undefined && least === 0 ? 0 : Math.ceil((least + most) / 2);
      try {
        best = encode({ ...one, message: one.message.slice(0, length) });
        least = length + 1;
      } catch {
        if (length === 0) break;
        most = length - 1;
      }
    }
    if (best !== undefined) return best;
  }
  return undefined;
}

/** Whether an error was not meant for the caller, so that this side should hear of it. */
export function isOurTrouble(error: unknown): boolean {
  return forCaller(error) === undefined;
}

/** An error's message, whatever the handler made of the error. */
export function textOf(error: unknown): string {
  return messageOf(error) ?? 'the handler failed';
}

/** An error that was made for the caller; a VirtagentError of a call that the handler made itself has its `known` set. */
function forCaller(error: unknown): WireError | undefined {
  try {
    if (error === cancelledByPeer) return { code: 'CANCELLED', message: cancelledByPeer.message };
    if (error instanceof MethodError) return { code: 'REMOTE_ERROR', number: error.code, message: textOf(error), data: error.data };
    if (error instanceof VirtagentError && error.known === undefined && passedOn.has(error.code))
      return { code: error.code, message: textOf(error), data: error.data };
  } catch {
    // Nobody makes errors for a caller that throw when they are looked at.
  }
  return undefined;
}
