import { VirtagentError } from '../errors.ts';
import { backoff, Timers, type Clock } from '../timers.ts';
import { abortable } from './abortable.ts';
import { bounds } from './bounds.ts';

/** How long to try, and by which time and chance. */
export interface Patience {
  /** Milliseconds from the first attempt on; 0 is one attempt, however long it takes; Infinity has no end. */
  readonly waitMs: number;
  readonly clock?: Clock | undefined;
  /** From 0 up to, not including, 1. */
  readonly random?: (() => number) | undefined;
}

/**
 * Tries until it works, with growing pauses, as long as the error is one that can pass by itself (`retryable`). What is then
 * thrown is the last error, with how long it was waited for. `stuck` says what an attempt was at that had no end itself.
 */
export async function keepTrying<Value>(
  attempt: (signal: AbortSignal) => Promise<Value>,
  stuck: (last: VirtagentError | undefined) => VirtagentError,
  signal: AbortSignal,
  { waitMs, clock, random = Math.random }: Patience,
): Promise<Value> {
  if (waitMs === 0) return attempt(signal);
  const timers = new Timers(clock);
  const own = new AbortController();
  const onAbort = (): void => own.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  let last: VirtagentError | undefined;
  timers.start(waitMs, () => own.abort(undefined));
  try {
    for (let attempts = 1; ; attempts++) {
      try {
        return await attempt(own.signal);
      } catch (error) {
        signal.throwIfAborted();
        if (own.signal.aborted) throw late(stuck(last), waitMs);
        if (!(error instanceof VirtagentError && error.retryable)) throw error;
        last = error;
      }
      const pause = backoff(attempts, bounds.tryFirstMs, bounds.tryLastMs, random);
      await paused(timers, pause, own.signal).catch(() => {});
      signal.throwIfAborted();
      if (own.signal.aborted) throw late(last, waitMs);
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    timers.clear();
  }
}

/** A pause that the signal ends early, with its reason. */
export function paused(timers: Timers, ms: number, signal: AbortSignal): Promise<void> {
  return abortable<void>(signal, (resolve) => {
    const timer = timers.start(ms, () => resolve());
    return () => timers.cancel(timer);
  });
}

function late(error: VirtagentError, waitMs: number): VirtagentError {
  return new VirtagentError(error.code, `${error.message}; waited ${waitMs / 1000} s`, { cause: error.cause ?? error });
}
