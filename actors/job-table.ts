import type { AnyActorRef } from 'xstate';
import type { Completion, JobRef } from '../machines/job.ts';
import type { ManagerEvent } from '../machines/manager.ts';
import type { Refusal } from '../machines/slots.ts';
import type { Timer } from '../transport/timers.ts';
import type { Kind, Operations } from './kinds.ts';
import type { AddOptions, Job } from './manager-options.ts';

/** What a job's handle needs of its manager. */
export interface JobHost {
  /** Takes an event of the manager's user, and runs what it leads to. */
  send(event: ManagerEvent): void;
}

/** What the runtime holds for a job while it has an actor, and its handle for who added it. */
export class JobEntry implements Job {
  readonly ref: JobRef;
  readonly kind: Kind;
  /** Its tag: for a kind with tags of ours the key under which responses find it, else only a label. */
  readonly tag: string;
  /** What it calls or is called for, for who looks on. */
  readonly method: string | undefined;
  readonly operations: Operations;
  readonly answers: boolean;
  actor: AnyActorRef | undefined = undefined;
  deadline: Timer | undefined = undefined;
  /** Made when its handler first asks for the signal. */
  abortion: AbortController | undefined = undefined;
  /** How many slots its chart has asked for and was not given. */
  waits = 0;
  /** What became of its add; undefined while that waits in the manager's mailbox. */
  decision: Refusal | 'admitted' | undefined = undefined;
  /** Its add has returned: whatever becomes of it now, its callback is the one to tell. */
  offered = false;
  called = false;
  /** Its place in the table has been given back. */
  gone = false;
  readonly #host: JobHost;

  constructor(host: JobHost, ref: JobRef, kind: Kind, { tag, method, operations, answers = true }: AddOptions) {
    this.#host = host;
    this.ref = ref;
    this.kind = kind;
    this.tag = tag;
    this.method = method;
    this.operations = operations;
    this.answers = answers;
  }

  cancel(reason?: unknown): void {
    this.#host.send({ type: 'cancel', job: this.#live, reason });
  }

  abort(): void {
    this.#host.send({ type: 'abort', job: this.#live });
  }

  readDone(response: Completion, busy = false): void {
    this.#host.send({ type: 'read_done', job: this.#live, response, busy });
  }

  get #live(): JobRef | undefined {
    return this.gone ? undefined : this.ref;
  }
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

  /** A number for a job that is about to be added. */
  takeSeq(): number {
    return this.#nextSeq++;
  }

  /** A place for it. */
  takeIndex(): number {
    return this.#free.pop() ?? this.#places.push(undefined) - 1;
  }

  set(entry: JobEntry): void {
    this.#places[entry.ref.index] = entry;
  }

  get(ref: JobRef): JobEntry | undefined {
    const entry = this.#places[ref.index];
    return entry?.ref.seq === ref.seq ? entry : undefined;
  }

  /** Gives the place back. Only for a place that was reserved and not yet given back. */
  free(entry: JobEntry): void {
    entry.gone = true;
    this.#places[entry.ref.index] = undefined;
    this.#free.push(entry.ref.index);
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
