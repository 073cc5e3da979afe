import { sessionBounds } from '../limits.ts';

/**
 * How many bytes may be on their way that are not known to be taken.
 *
 * An urgent message passes all that waits, but not what was sent before it. So while such messages come by, other ones get a small window; an
 * urgent one itself is never held back by that.
 */
export class Window {
  readonly #most: number;
  /** Bytes that were sent since the last urgent message. */
  #sinceUrgent = Infinity;

  constructor(most: number) {
    this.#most = most;
  }

  urgent(): void {
    this.#sinceUrgent = 0;
  }

  sent(bytes: number): void {
    this.#sinceUrgent += bytes;
  }

  /** For a message, urgent or not. */
  bytes(isUrgent: boolean): number {
    if (isUrgent || this.#sinceUrgent > sessionBounds.urgentMemory) return this.#most;
    return Math.min(this.#most, sessionBounds.besideUrgent);
  }
}
