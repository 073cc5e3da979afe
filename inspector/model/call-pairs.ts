import type { Side } from '../records.ts';
import { Fifo } from './fifo.ts';
import type { JobTrack } from './job-track.ts';
import { sampleOf, type ClockSample } from './clock-offset.ts';

/** Which job of one side is the same call as which of the other: by the tag, of which one side is the caller. */
export class CallPairs {
  readonly #byTag: Readonly<Record<Side, Map<string, JobTrack>>> = { near: new Map(), far: new Map() };
  readonly #order: Readonly<Record<Side, Fifo<{ readonly key: string; readonly job: JobTrack }>>> = { near: new Fifo(), far: new Fifo() };
  readonly #most: number;

  /** @param most how many tags of a side are known; the oldest are forgotten */
  constructor(most: number) {
    this.#most = most;
  }

  add(job: JobTrack): void {
    const key = keyOf(job);
    if (key === undefined) return;
    const [tags, order] = [this.#byTag[job.of], this.#order[job.of]];
    tags.set(key, job);
    order.push({ key, job });
    if (order.length <= this.#most) return;
    const oldest = order.shift();
    // A tag that has come again is of another call.
    if (oldest !== undefined && tags.get(oldest.key) === oldest.job) tags.delete(oldest.key);
  }

  /** The same call at the other side. */
  otherOf(job: JobTrack): JobTrack | undefined {
    const key = keyOf(job);
    if (key === undefined || this.#byTag[job.of].get(key) !== job) return undefined;
    return this.#byTag[other(job.of)].get(opposite(key));
  }

  /** What a call that both sides have told whole says of their clocks. */
  sampleOf(job: JobTrack): ClockSample | undefined {
    const counterpart = this.otherOf(job);
    return counterpart === undefined ? undefined : sampleOf(job, counterpart);
  }

  /** A side has begun anew: its tags are of nothing any more. */
  forget(side: Side): void {
    this.#byTag[side].clear();
    this.#order[side].clear();
  }
}

/** Tags are the caller's, and both sides call: whose it is belongs to the key. */
function keyOf({ record }: JobTrack): string | undefined {
  if (record.tag === '') return undefined;
  return record.class === 'client' ? `c${record.tag}` : `s${record.tag}`;
}

function opposite(key: string): string {
  return (key.startsWith('c') ? 's' : 'c') + key.slice(1);
}

/** The other side. */
export function other(side: Side): Side {
  return side === 'near' ? 'far' : 'near';
}
