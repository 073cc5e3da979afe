import type { AnyActorRef } from 'xstate';
import type { JobRef } from '../machines/job.ts';
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

  /** At most `most` entries from place `from` on, and where to go on (-1: that was the last). */
  slice(from: number, most: number): { entries: JobEntry[]; next: number } {
    const entries: JobEntry[] = [];
    let at = from;
    for (const end = Math.min(this.#places.length, from + most); at < end; at++) {
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
