/**
 * Load on one line for a fixed time: so many calls in flight, each followed by the next as soon as it is answered.
 *
 * Traps: slow and fast contenders get the same time, not the same number of calls; the start, while the pipeline fills, is
 * not counted; a call counts when its promise's continuation runs, which is what its user sees.
 */
import { percentile } from './statistics.ts';

/** What one window showed. Times are in microseconds. */
export interface LoadFigures {
  readonly callsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
}

export interface LoadOptions {
  readonly inFlight: number;
  readonly windowMs: number;
}

/** More calls than any contender answers in a millisecond. */
const MOST_PER_MS = 1000;
/** How long calls run before the window begins. */
const LEAD_MS = 50;

/** Runs `call` for the window, or until one was answered if that takes longer. Rejects if a call does. */
export async function underLoad(call: () => Promise<unknown>, { inFlight, windowMs }: LoadOptions): Promise<LoadFigures> {
  const latencies = new Float64Array(windowMs * MOST_PER_MS);
  let count = 0;
  const from = performance.now() + LEAD_MS;
  let until = from + windowMs;
  async function keepCalling(): Promise<void> {
    for (;;) {
      const began = performance.now();
      await call();
      const ended = performance.now();
      if (ended >= until && count > 0) return;
      if (ended >= from) latencies[count++] = ended - began;
      if (ended >= until) until = ended;
    }
  }
  await Promise.all(Array.from({ length: inFlight }, keepCalling));
  const sorted = latencies.subarray(0, count).sort();
  return {
    callsPerSecond: (count / (until - from)) * 1000,
    p50: percentile(sorted, 0.5) * 1000,
    p99: percentile(sorted, 0.99) * 1000,
  };
}
