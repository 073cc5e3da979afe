import type { Side } from '../records.ts';
import type { JobTrack } from './job-track.ts';
import { sampleOf, type ClockSample } from './clock-offset.ts';

/** Which job of one side is the same call as which of the other: by the tag, of which one side is the caller. */
export class CallPairs {
  readonly #byTag: Readonly<Record<Side, Map<string, JobTrack>>> = { near: new Map(), far: new Map() };
  readonly #most: number;

  /** @param most how many tags of a side are known; the oldest are forgotten */
  constructor(most: number) {
    this.#most = most;
  }

  add(job: JobTrack): void {
    const key = keyOf(job);
    if (key === undefined) return;
    const tags = this.#byTag[job.of];
    // A tag that comes again is of another call: it goes to the end of the list too.
    tags.delete(key);
    tags.set(key, job);
    if (tags.size <= this.#most) return;
    for (const oldest of tags.keys()) return void tags.delete(oldest);
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
