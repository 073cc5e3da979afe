import { durations, type Timer, type Timers } from '../transport/timers.ts';

/**
 * Tells when a handler has waited for the source of its items for a while.
 *
 * One timer for all waits, and none for each item: what it finds when it fires is the wait at which it was started, or a later one. A
 * source that has been waited for in vain is given less time from then on, and more again while its items come quickly: else many slow
 * ones would keep each slot for most of the time.
 */
export class Patience {
  readonly #timers: Timers;
  readonly #isOut: () => boolean;
  #timer: Timer | undefined;
  #ms: number = durations.sourceWait;
  #waits = 0;
  #isWaiting = false;

  /** `isOut` is told; it returns whether the source is to blame. */
  constructor(timers: Timers, isOut: () => boolean) {
    this.#timers = timers;
    this.#isOut = isOut;
  }

  /** The source is asked. */
  begin(): void {
    this.#waits++;
    this.#isWaiting = true;
    if (this.#timer === undefined) this.#start();
  }

  /** It has answered. */
  end(): void {
    this.#isWaiting = false;
  }

  /** If it is still waited for, the wait counts from now on. */
  renew(): void {
    if (this.#isWaiting && this.#timer === undefined) this.#start();
  }

  /** It is asked no more. */
  stop(): void {
    this.#isWaiting = false;
    this.#timers.cancel(this.#timer);
  }

  #start(): void {
    const wait = this.#waits;
    this.#timer = this.#timers.start(this.#ms, () => {
      this.#timer = undefined;
      const isSame = this.#waits === wait;
      if (!isSame) this.#ms = Math.min(2 * this.#ms, durations.sourceWait);
      if (!this.#isWaiting) return;
      if (!isSame) this.#start();
      else if (this.#isOut()) this.#ms = durations.sourceWaitAgain;
    });
  }
}
