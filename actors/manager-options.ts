import type { ManagerLimits } from '../machines/slots.ts';
import { invalidOption, type VirtagentError } from '../transport/errors.ts';
import type { Clock } from '../transport/timers.ts';
import type { Kind } from './kinds.ts';

/** Something that broke the contract: an event that a state does not take, or a completion of nothing. Nothing else changed. */
export interface Violation {
  /** `manager`, or the name of the kind of job. */
  readonly where: string;
  /** The event, by its type. */
  readonly event: string;
  /** The job's tag, where there is a job. */
  readonly tag: string | undefined;
}

/** Options of a manager. */
export interface ManagerOptions extends Partial<ManagerLimits> {
  /** Kinds of job besides `server` and `client`. */
  readonly kinds?: readonly Kind[] | undefined;
  /** Where time comes from; default: the machine's clock. */
  readonly clock?: Clock | undefined;
  /** A number from 0 up to 1 for the spread of pauses; default Math.random. */
  readonly random?: (() => number) | undefined;
  /** Told of each violation. Must not throw; what it throws is dropped. */
  readonly onViolation?: ((violation: Violation) => void) | undefined;
  /**
   * Told of what a callback, an abort, a resume, an operation that had completed, a chart or an inspector threw. What it
   * throws itself is dropped.
   */
  readonly onError?: ((error: unknown, operation: string, tag: string) => void) | undefined;
  /** Told when all jobs of a lost line have ended. */
  readonly onSettled?: (() => void) | undefined;
}

const MiB = 1024 * 1024;

/** The defaults, with their reasons. */
export const defaultManagerLimits: ManagerLimits = Object.freeze({
  // As the original: one stream takes one frame at a time.
  sendSlots: 1,
  // As the original.
  executeSlots: 4,
  // A waiting queue's head gets at least one grant in seventeen.
  maxBypass: 16,
  // 4096 waiting requests cost about 8 MB; a peer that sends more without reading answers is not in a hurry.
  maxServerJobs: 4096,
  maxClientJobs: 65_536,
  maxServerBytes: 64 * MiB,
  maxClientBytes: 256 * MiB,
  // No window, where the protocol names none.
  window: Infinity,
});

/** The limits among some options, checked. Throws INVALID_OPTION. */
export function managerLimits(options: Partial<ManagerLimits>): ManagerLimits {
  const limits: Record<string, number> = { ...defaultManagerLimits };
  for (const name of Object.keys(defaultManagerLimits) as (keyof ManagerLimits)[]) {
    const value: unknown = options[name];
    if (value === undefined) continue;
    if (value !== Infinity && (!Number.isSafeInteger(value) || (value as number) < 1)) {
      invalidOption(name, value, 'a whole number from 1, or Infinity');
    }
    limits[name] = value as number;
  }
  return Object.freeze(limits) as unknown as ManagerLimits;
}

/** The answer to an add: a job, or the reason why there is none. */
export type Added<Job> = { readonly ok: true; readonly job: Job } | { readonly ok: false; readonly error: VirtagentError };
