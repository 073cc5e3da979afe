import type { AnyActorRef } from 'xstate';
import type { JobRef } from '../machines/job.ts';
import type { Refusal } from '../machines/slots.ts';
import type { Timer } from '../transport/timers.ts';
import type { Kind, Operations } from './kinds.ts';

/** What the runtime holds for a job while it has an actor. */
export interface JobEntry {
  readonly ref: JobRef;
  readonly kind: Kind;
  /** Its tag: for a kind with tags of ours the key under which responses find it, else only a label. */
  readonly tag: string;
  readonly operations: Operations;
  actor: AnyActorRef | undefined;
  deadline: Timer | undefined;
  /** Made when its handler first asks for the signal. */
  abortion: AbortController | undefined;
  /** How many slots its chart has asked for and was not given. */
  waits: number;
  /** What became of its add; undefined while that waits in the manager's mailbox. */
  decision: Refusal | 'admitted' | undefined;
  /** Its add has returned: whatever becomes of it now, its callback is the one to tell. */
  offered: boolean;
  called: boolean;
}

/**
 * The actors of all live jobs, by slot number.
 *
 * An array of places that are used again, with the job's own number as its generation. A Map with steady insert
 * and delete keeps dead actors alive through its old tables, and made a quarter of an echo's CPU garbage collection.
 */
export class JobTable {
  readonly #places: (JobEntry | undefined)[] = [];
  readonly #free: number[] = [];
  #nextSeq = 1;

  get size(): number {
    return this.#places.length - this.#free.length;
  }

  /** The number that the next job will get. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** A number and a place for a job that is about to be added. */
  reserve(): { seq: number; index: number } {
    return { seq: this.#nextSeq++, index: this.#free.pop() ?? this.#places.push(undefined) - 1 };
  }

  set(entry: JobEntry): void {
    this.#places[entry.ref.index] = entry;
  }

  get(ref: JobRef): JobEntry | undefined {
    const entry = this.#places[ref.index];
    return entry?.ref.seq === ref.seq ? entry : undefined;
  }

  /** Gives the place back. Only for a place that was reserved and not yet given back. */
  free(ref: JobRef): void {
    this.#places[ref.index] = undefined;
    this.#free.push(ref.index);
  }

  /** The entry that has that place now. */
  at(index: number): JobEntry | undefined {
    return this.#places[index];
  }

  /** At most `most` entries from place `from` on, and where to go on (-1: those were the last). */
  slice(from: number, most: number): { entries: JobEntry[]; next: number } {
    const entries: JobEntry[] = [];
    let at = from;
    for (; at < this.#places.length && entries.length < most; at++) {
      const entry = this.#places[at];
      if (entry !== undefined) entries.push(entry);
    }
    return { entries, next: at < this.#places.length ? at : -1 };
  }

  /** All live entries. */
  all(): JobEntry[] {
    return this.slice(0, Infinity).entries;
  }
}
