import type { AnyActorRef } from 'xstate';
import { begunOf, STEP_BELOW } from '../actors/journal-ring.ts';
import { stateOf, type Journal } from '../actors/journal.ts';
import type { Urgency } from '../machines/job.ts';
import type { EdgeIndex } from './edge-index.ts';
import type { JobRecord } from './records.ts';

/** What a look through the ring found: how often each edge was taken in it, and the first edge of each job that was wanted. */
export interface Looked {
  readonly taken: Float64Array;
  readonly first: ReadonlyMap<number, number>;
}

/** Reads jobs out of a journal: from its ring, and from those that are live. */
export class JournalReader {
  readonly journal: Journal;
  readonly edges: EdgeIndex;

  constructor(journal: Journal, edges: EdgeIndex) {
    this.journal = journal;
    this.edges = edges;
  }

  /** The moment of the oldest entry. */
  get oldest(): number {
    const { ring, now } = this.journal;
    return ring.head === 0 ? now : (ring.times[ring.placeOf(ring.tail)] as number);
  }

  fromOf(edge: number | undefined): string | undefined {
    return edge === undefined ? undefined : this.edges.from[edge];
  }

  /** One look through the ring: how often each edge was taken in it, and which edge is the first of each job that is wanted. */
  look(isWanted: (job: number) => boolean): Looked {
    const { ring, counts } = this.journal;
    const taken = new Float64Array(counts.length);
    const first = new Map<number, number>();
    for (let position = ring.tail; position < ring.head; position++) {
      const at = ring.placeOf(position);
      const code = ring.codes[at] as number;
      if (code >= STEP_BELOW) continue;
      taken[code] = (taken[code] as number) + 1;
      const job = ring.jobs[at] as number;
      if ((job < 0 || isWanted(job)) && !first.has(job)) first.set(job, code);
    }
    return { taken, first };
  }

  /** The job that begins with the entry at a place of the ring. */
  beginning(place: number): JobRecord {
    const { ring, source } = this.journal;
    const { kind, urgency } = begunOf(ring.codes[place] as number);
    const of = source.kinds[kind]?.kind;
    return {
      type: 'job',
      of: 'near',
      at: ring.times[place] as number,
      job: ring.jobs[place] as number,
      chart: of?.name ?? '',
      tag: ring.tags[place] ?? '',
      method: ring.words[place],
      class: of?.class ?? 'client',
      urgency: urgency as Urgency,
      bytes: ring.bytes[place] as number,
    };
  }

  /** What began before the oldest entry and is live: the agent's own parts, and jobs. */
  *oldJobs(first: ReadonlyMap<number, number>): Iterable<JobRecord> {
    const { journal } = this;
    const at = this.oldest;
    for (const part of journal.parts) {
      const step = first.get(part.number);
      const state = step === undefined ? stateOf(part.ref) : this.fromOf(step);
      if (state !== undefined) yield { ...partRecord(at, part), state };
    }
    for (const { ref, kind, tag, method, actor } of journal.source.table.all()) {
      if (ref.seq > journal.ring.lostUpTo || actor === undefined) continue;
      const step = first.get(ref.seq);
      const state = step === undefined ? stateOf(actor) : this.fromOf(step);
      const { urgency, bytes } = ref;
      const known = { chart: kind.name, tag: tag === kind.name ? '' : tag.slice(0, 128), method: method?.slice(0, 128) };
      yield { type: 'job', of: 'near', at, job: ref.seq, ...known, class: kind.class, urgency, bytes, ...inState(state) };
    }
  }

  /** Where a job stands at the oldest entry, if `step` is the first that it takes in the ring. */
  stateBefore(record: JobRecord, step: number | undefined, live: ReadonlyMap<number, AnyActorRef>): string | undefined {
    if (step !== undefined) return this.fromOf(step);
    const actor = live.get(record.job);
    return actor === undefined ? this.edges.finals.get(record.chart) : stateOf(actor);
  }

  /** The actors of all that is live, and of the agent's own parts, by their numbers. */
  get live(): ReadonlyMap<number, AnyActorRef> {
    const { journal } = this;
    const live = new Map<number, AnyActorRef>();
    for (const { ref, actor } of journal.source.table.all()) if (actor !== undefined) live.set(ref.seq, actor);
    for (const { number, ref } of journal.parts) live.set(number, ref);
    return live;
  }
}

export function inState(state: string | undefined): Pick<JobRecord, 'state'> {
  return state === undefined ? {} : { state };
}

/** One of the agent's own charts. */
export function partRecord(at: number, { name, number }: { readonly name: string; readonly number: number }): JobRecord {
  return { type: 'job', of: 'near', at, job: number, chart: name, tag: '', method: undefined, class: 'client', urgency: 1, bytes: 0 };
}
