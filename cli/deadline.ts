/** A deadline beside what else ends the same work. */
export interface Deadline {
  /** Comes with the other signal, or when the time is over. */
  readonly signal: AbortSignal;
  /** Whether the time is over. */
  hasPassed(): boolean;
  /** Its timer, which keeps the process, is not needed any more. */
  end(): void;
}

/**
 * A signal that comes with another, or after so many milliseconds; undefined: with the other alone. Not one of `AbortSignal.timeout`: Node
 * 20 lets go of one that only `AbortSignal.any` refers to, and it never comes.
 */
export function deadlineBeside(other: AbortSignal, ms: number | undefined): Deadline {
  const over = new AbortController();
  const timer = ms === undefined ? undefined : setTimeout(() => over.abort(), ms);
  return {
    signal: AbortSignal.any([other, over.signal]),
    hasPassed: () => over.signal.aborted,
    end: () => clearTimeout(timer),
  };
}
