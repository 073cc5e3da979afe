import type { SendResult } from '../transport-input.ts';

/** Sends that the stream has not taken, and who is told when it has. */
export class Untaken {
  readonly #write: (frame: Uint8Array, taken: () => void) => void;
  /** In the order in which they were sent, and mostly in that in which they are taken. */
  readonly #waiting: (() => void)[] = [];

  constructor(write: (frame: Uint8Array, taken: () => void) => void) {
    this.#write = write;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /**
   * Writes a frame, and tells `done` once: when the stream took it, or with {@link lineDown}, as what was not taken is sent again. Most are
   * taken at once.
   */
  write(frame: Uint8Array, result: SendResult, done: (result: SendResult) => void): void {
    let isTaken = false;
    let later: (() => void) | undefined;
    this.#write(frame, () => {
      isTaken = true;
      later?.();
    });
    if (isTaken) return done(result);
    const taken = (): void => {
      const at = this.#waiting.indexOf(taken);
      if (at < 0) return;
      this.#waiting.splice(at, 1);
      done(result);
    };
    later = taken;
    this.#waiting.push(taken);
  }

  /** The line is gone. */
  lineDown(): void {
    for (const taken of [...this.#waiting]) taken();
  }

  /** Nobody is told any more. */
  clear(): void {
    this.#waiting.length = 0;
  }
}
