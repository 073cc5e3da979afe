import type { Completion, JobRef, Urgency } from '../machines/job.ts';
import type { ManagerLimits } from '../machines/manager-context.ts';
import { invalidOption, type VirtagentError } from '../transport/errors.ts';
import { checkFunctions, checkNames, optionNames } from '../transport/option-names.ts';
import type { Clock } from '../transport/timers.ts';
import { clientKind, serverKind, type Kind, type Operations } from './kinds.ts';

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
  /**
   * Whether the other side says what it takes; default false. If so, requests and notifications that are not exempt are begun only
   * while `credit` has granted more of both requests and bytes than they have spent.
   */
  readonly credits?: boolean | undefined;
  /** Kinds of job besides `server` and `client`. */
  readonly kinds?: readonly Kind[] | undefined;
  /** Where time comes from; default: the machine's clock. */
  readonly clock?: Clock | undefined;
  /** A number from 0 up to 1, and not 1 itself, for the spread of pauses; default Math.random. If it throws, or gives another, `onError` is told. */
  readonly random?: (() => number) | undefined;
  /**
   * Whether charts are run by XState's interpreter; default false: they are run on tables compiled from them, which differs in
   * nothing but speed.
   */
  readonly interpretCharts?: boolean | undefined;
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
export const defaultManagerLimits: Omit<ManagerLimits, 'credits'> = Object.freeze({
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

/** The names of the limits that are options of a manager, and of a peer. */
export const limitNames: Readonly<Record<keyof typeof defaultManagerLimits, true>> = {
  sendSlots: true,
  executeSlots: true,
  maxBypass: true,
  maxServerJobs: true,
  maxClientJobs: true,
  maxServerBytes: true,
  maxClientBytes: true,
  window: true,
};

const names = optionNames<ManagerOptions>({
  ...limitNames,
  credits: true,
  kinds: true,
  clock: true,
  random: true,
  interpretCharts: true,
  onViolation: true,
  onError: true,
  onSettled: true,
});

/** Throws INVALID_OPTION for what is wrong with the options of a manager. */
export function checkManagerOptions(options: ManagerOptions): void {
  checkNames('options', options, names);
  const { random, onViolation, onError, onSettled } = options;
  checkFunctions({ random, onViolation, onError, onSettled });
  managerLimits(options);
  kindsOf(options);
}

/** The limits among some options, checked. Throws INVALID_OPTION. */
export function managerLimits(options: Partial<ManagerLimits>): ManagerLimits {
  const limits: Record<string, unknown> = { ...defaultManagerLimits };
  for (const name of Object.keys(defaultManagerLimits) as (keyof typeof defaultManagerLimits)[]) {
    const value: unknown = options[name];
    if (value === undefined) continue;
    if (value !== Infinity && (!Number.isSafeInteger(value) || (value as number) < 1)) {
      invalidOption(name, value, 'a whole number from 1, or Infinity');
    }
    limits[name] = value;
  }
  const { credits = false } = options;
  if (typeof credits !== 'boolean') invalidOption('credits', credits, 'true or false');
  if (credits) limits['credits'] = true;
  return Object.freeze(limits) as unknown as ManagerLimits;
}

/** The answer to an add: a job, or the reason why there is none. */
export type Added<Job> = { readonly ok: true; readonly job: Job } | { readonly ok: false; readonly error: VirtagentError };

/** What is wanted of a new job. */
export interface AddOptions {
  /** Of a kind that owns its tags: unique among its unfinished jobs. Else a label. */
  readonly tag: string;
  /** The method that it is about, for an inspector; default none. */
  readonly method?: string | undefined;
  readonly operations: Operations;
  /** Higher goes first within its class; default 1. */
  readonly urgency?: Urgency | undefined;
  /** Milliseconds until it is ended as timed out, over everything; default none. */
  readonly timeoutMs?: number | undefined;
  /** What it is charged against its class's byte cap; default 0. */
  readonly bytes?: number | undefined;
  /** See {@link JobRef.exempt}; default false. */
  readonly exempt?: boolean | undefined;
  /** A server job that is to be answered; default true. */
  readonly answers?: boolean | undefined;
}

/** A job that was added. Its methods are legal at any time; after its callback they do nothing but report. */
export interface Job {
  readonly tag: string;
  readonly ref: JobRef;
  /** Ends it: its callback is run with `cancelled`. */
  cancel(reason?: unknown): void;
  /** The peer gives its request up: the handler is aborted, and the job answered with the cancelled error. */
  abort(): void;
  /** The response to it is here. */
  readDone(response: Completion, busy?: boolean): void;
}

/** The slots and queues, as a manager's snapshot shows them. */
export interface SlotReport {
  readonly send: { readonly slots: number; readonly taken: number; readonly waiting: number };
  readonly execute: { readonly slots: number; readonly taken: number; readonly parked: number; readonly waiting: number };
  readonly server: { readonly count: number; readonly bytes: number };
  readonly client: { readonly count: number; readonly bytes: number };
  /** With `credits`: what the other side still takes. */
  readonly credit?: { readonly requests: number; readonly bytes: number };
}

/** Checks what is wanted of a new job. Throws INVALID_OPTION. */
export function checkAdd(tag: unknown, urgency: unknown, bytes: unknown, timeoutMs: unknown): void {
  if (typeof tag !== 'string') invalidOption('tag', tag, 'a string');
  if (!(urgency === 0 || urgency === 1 || urgency === 2)) invalidOption('urgency', urgency, '0, 1 or 2');
  if (!(Number.isFinite(bytes) && (bytes as number) >= 0)) invalidOption('bytes', bytes, 'a number from 0');
  if (!(typeof timeoutMs === 'number' && timeoutMs >= 0)) invalidOption('timeoutMs', timeoutMs, 'milliseconds from 0, or Infinity');
}

/** Checks what the other side grants. Throws INVALID_OPTION. */
export function checkCredit(requests: unknown, bytes: unknown): void {
  for (const [name, value] of Object.entries({ requests, bytes }))
    if (!(typeof value === 'number' && value >= 0)) invalidOption(name, value, 'a number from 0');
}

/** The kinds of a manager, checked. Throws INVALID_OPTION. */
export function kindsOf(options: ManagerOptions): readonly Kind[] {
  const kinds = [serverKind, clientKind, ...(options.kinds ?? [])];
  for (const [at, { name }] of kinds.entries()) {
    if (kinds.findIndex((one) => one.name === name) !== at) invalidOption('kinds', name, 'kinds with different names');
  }
  return kinds;
}
