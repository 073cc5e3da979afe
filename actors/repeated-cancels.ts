import { durations } from '../transport/timers.ts';

/** What repeating needs of the peer. */
export interface RepeatedCancelsHost {
  /** Runs something in so many milliseconds, where what is told may be lost on the way; returns what cancels that. */
  later(ms: number, run: () => void): (() => void) | undefined;
  /** Says that a call is given up, unless it was answered, or there is nobody to say it to. */
  tell(tag: string): boolean;
}

/** So many are repeated at a time, and each so often: after 1, 2, 4, 8 and 16 seconds. */
const MOST = 1024;
const TIMES = 5;

/**
 * Streams that were given up and have not been answered, on a line that may have lost that they were: a producer that waits for its reader
 * would wait as long as the session lasts.
 */
export class RepeatedCancels {
  readonly #host: RepeatedCancelsHost;
  readonly #stops = new Map<string, () => void>();

  constructor(host: RepeatedCancelsHost) {
    this.#host = host;
  }

  /** A stream was given up, and the other side has been told. */
  add(tag: string): void {
    if (this.#stops.size < MOST) this.#arrange(tag, durations.statusAgain, TIMES);
  }

  /** It was answered. */
  delete(tag: string): void {
    this.#stops.get(tag)?.();
    this.#stops.delete(tag);
  }

  /** The peer has ended. */
  clear(): void {
    for (const tag of [...this.#stops.keys()]) this.delete(tag);
  }

  #arrange(tag: string, pause: number, times: number): void {
    const stop = this.#host.later(pause, () => {
      this.#stops.delete(tag);
      if (this.#host.tell(tag) && times > 1) this.#arrange(tag, 2 * pause, times - 1);
    });
    if (stop !== undefined) this.#stops.set(tag, stop);
  }
}
