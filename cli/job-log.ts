import type { JobStateEvent, Peer } from '../actors/index.ts';
import type { IncomingMessage } from '../transport/messages.ts';
import { MethodsByTag } from './methods-by-tag.ts';

/** A job as it was watched. */
export interface SeenJob {
  readonly seq: number;
  /** `client`: a request of ours. `server`: one of theirs. */
  readonly kind: string;
  readonly tag: string;
  method: string | undefined;
  /** In the order in which it went through them. */
  readonly states: string[];
  readonly begunAt: number;
  /** Milliseconds from its first state to its last; undefined while it is under way. */
  tookMs: number | undefined;
}

/** Watches the jobs of a peer: the last few with their states, and what they add up to. */
export class JobLog {
  /** Jobs that are done, by kind. */
  readonly done: Record<string, number> = {};
  /** Requests by method: ours `out`, theirs `in`. */
  readonly methods: { readonly out: Record<string, number>; readonly in: Record<string, number> } = { out: {}, in: {} };
  /** Every state that was entered, by kind. */
  readonly states: Record<string, Set<string>> = {};
  /** The most jobs that were under way at once while there were some of both directions. */
  together = { client: 0, server: 0 };
  readonly #keep: number;
  readonly #jobs = new Map<number, SeenJob>();
  readonly #live: Record<string, number> = {};
  readonly #byTag = new MethodsByTag();
  /** The request that came last: its job begins right after it. */
  #lastIn: string | undefined;

  constructor(peer: Peer, keep: number) {
    this.#keep = keep;
    peer.jobs$.subscribe((event) => this.#entered(event));
    peer.messages$.subscribe((traced) => {
      const { type } = traced.message as IncomingMessage;
      const method = this.#byTag.of(traced);
      if (type !== 'request' || method === undefined) return;
      const counts = this.methods[traced.direction];
      // A peer may call any name; those beyond a table's size count together.
      const name = Object.keys(counts).length < 100 || Object.hasOwn(counts, method) ? method : '(others)';
      counts[name] = (counts[name] ?? 0) + 1;
      if (traced.direction === 'in') this.#lastIn = method;
      else this.#name((traced.message as { tag: string }).tag, method);
    });
  }

  /** The last jobs, the oldest first. */
  get jobs(): readonly SeenJob[] {
    return [...this.#jobs.values()];
  }

  #entered({ kind, tag, seq, state }: JobStateEvent): void {
    (this.states[kind] ??= new Set()).add(state);
    if (state === 'new') this.#begin(seq, kind, tag);
    const job = this.#jobs.get(seq);
    if (job !== undefined && job.states.at(-1) !== state && job.states.length < 50) job.states.push(state);
    if (state !== 'done') return;
    this.done[kind] = (this.done[kind] ?? 0) + 1;
    this.#live[kind] = (this.#live[kind] ?? 1) - 1;
    if (job !== undefined) job.tookMs = performance.now() - job.begunAt;
  }

  #begin(seq: number, kind: string, tag: string): void {
    const method = kind === 'server' ? this.#lastIn : undefined;
    this.#jobs.set(seq, { seq, kind, tag, method, states: [], begunAt: performance.now(), tookMs: undefined });
    if (this.#jobs.size > this.#keep) this.#jobs.delete(this.#jobs.keys().next().value as number);
    this.#live[kind] = (this.#live[kind] ?? 0) + 1;
    const { client = 0, server = 0 } = this.#live;
    if (client > 0 && server > 0 && client + server > this.together.client + this.together.server) this.together = { client, server };
  }

  #name(tag: string, method: string): void {
    for (const job of this.#jobs.values()) if (job.kind === 'client' && job.tag === tag) job.method = method;
  }
}
