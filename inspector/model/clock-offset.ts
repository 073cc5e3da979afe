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

/**
 * Of each call only so much is sure: what was sent had not arrived before. So the offset lies within half of the call's delay, either
 * way, and of the last calls within what is common to all: then none of them arrives before it was sent. Where they contradict each
 * other a clock has been set, or runs at another pace, and the later are believed.
 */
export class ClockFilter {
  readonly #kept: ClockSample[] = [];
  readonly #most: number;
  #estimate: ClockEstimate | undefined;

  constructor(most = 64) {
    this.#most = most;
  }

  add(sample: ClockSample): void {
    this.#kept.push(sample);
    if (this.#kept.length > this.#most) this.#kept.shift();
    this.#estimate = commonTo(this.#kept);
  }

  /** Undefined before the first call. */
  get estimate(): ClockEstimate | undefined {
    return this.#estimate;
  }

  clear(): void {
    this.#kept.length = 0;
    this.#estimate = undefined;
  }
}

/** The middle of what the last of the calls have in common, as many of them as have something in common. */
function commonTo(calls: readonly ClockSample[]): ClockEstimate {
  let [least, most, samples] = [-Infinity, Infinity, 0];
  for (const { offset, delay } of calls.toReversed()) {
    const low = Math.max(least, offset - delay / 2);
    const high = Math.min(most, offset + delay / 2);
    if (low > high) break;
    [least, most, samples] = [low, high, samples + 1];
  }
  return { offset: (least + most) / 2, delay: most - least, samples };
}
