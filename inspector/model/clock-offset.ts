import type { JobTrack } from './job-track.ts';

/** What one call says of the two sides' clocks. */
export interface ClockSample {
  /** A moment of the far side and so many milliseconds are that moment of the near side. */
  readonly offset: number;
  /** Milliseconds on the line, both ways together: the less, the truer the offset. It is wrong by at most half of it. */
  readonly delay: number;
}

/** What is believed of the two sides' clocks. */
export interface ClockEstimate extends ClockSample {
  /** Calls that it is made of; 0: it is but the difference of what their computers' clocks say. */
  readonly samples: number;
}

/**
 * The four moments of an exchange, as in NTP: a request is sent and arrives, its answer is sent and arrives. Undefined where they are
 * not all known, or make no sense together.
 */
export function sampleOf(one: JobTrack, another: JobTrack): ClockSample | undefined {
  const [caller, callee] = one.record.class === 'client' ? [one, another] : [another, one];
  const sent = caller.firstIn('busy.sending');
  const answered = caller.firstIn('read');
  const arrived = callee.began;
  const replied = callee.firstIn('busy.sending');
  if (sent === undefined || answered === undefined || replied === undefined) return undefined;
  const delay = answered - sent - (replied - arrived);
  if (!(delay >= 0)) return undefined;
  const ahead = (arrived - sent + (replied - answered)) / 2;
  return { delay, offset: caller.of === 'near' ? -ahead : ahead };
}

/** Of the last calls, the one that spent the least time on the line is believed: queues on the line delay one way only. */
export class ClockFilter {
  readonly #kept: ClockSample[] = [];
  readonly #most: number;

  constructor(most = 64) {
    this.#most = most;
  }

  get samples(): number {
    return this.#kept.length;
  }

  add(sample: ClockSample): void {
    this.#kept.push(sample);
    if (this.#kept.length > this.#most) this.#kept.shift();
  }

  best(): ClockSample | undefined {
    let best: ClockSample | undefined;
    for (const sample of this.#kept) if (best === undefined || sample.delay <= best.delay) best = sample;
    return best;
  }

  clear(): void {
    this.#kept.length = 0;
  }
}
