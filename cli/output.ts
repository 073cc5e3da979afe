import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** What may be waiting to be written before lines are dropped: a reader that stopped must not make this process grow. */
const MOST_WAITING = 1024 * 1024;

/** How long a stopped reader of logs may hold up the end of the process. */
const LOG_FLUSH_MS = 1000;

/**
 * Standard output or standard error, whose reader may leave at any time: lines to nobody are dropped, and neither EPIPE
 * nor SIGPIPE ends the process.
 */
export class Output {
  /** Why lines can't be written, other than that the reader left. */
  failure: Error | undefined;
  /** Told once, when the reader has left or writing failed. */
  onGone: (() => void) | undefined;
  /** Wraps each write, for a prompt that has to step aside. */
  around: (write: () => void) => void = (write) => write();
  readonly #stream: NodeJS.WriteStream;
  readonly #mayDrop: boolean;
  #isGone = false;
  #isUsed = false;
  #dropped = 0;

  constructor(stream: NodeJS.WriteStream, options: { readonly mayDrop: boolean }) {
    this.#stream = stream;
    this.#mayDrop = options.mayDrop;
    stream.on('error', (error: NodeJS.ErrnoException) => this.#failed(error));
  }

  get isTerminal(): boolean {
    // Undefined, not false, on a pipe; and undefined would leave the choice of colours to the environment (CI).
    return (this.#stream as { readonly isTTY?: boolean }).isTTY === true;
  }

  /** Whether colours are wanted: a terminal that has them, and no NO_COLOR (no-color.org). */
  get hasColours(): boolean {
    const { NO_COLOR, TERM } = process.env;
    return this.isTerminal && (NO_COLOR === undefined || NO_COLOR === '') && TERM !== 'dumb';
  }

  /** The stream itself, for what draws on a terminal. */
  get stream(): NodeJS.WriteStream {
    return this.#stream;
  }

  line(text: string): void {
    if (this.#isGone) return;
    if (this.#mayDrop && this.#stream.writableLength > MOST_WAITING) {
      this.#dropped++;
      return;
    }
    const missing = this.#dropped === 0 ? '' : `… ${this.#dropped} lines dropped: nobody read them\n`;
    this.#dropped = 0;
    this.#isUsed = true;
    this.around(() => this.#stream.write(`${missing}${text}\n`));
  }

  /** Resolves when its reader has taken enough for more, or has left: who prints without end waits for that. */
  async drained(signal: AbortSignal): Promise<void> {
    if (!this.#isGone && this.#stream.writableNeedDrain) await once(this.#stream, 'drain', { signal }).catch(() => {});
  }

  /** Resolves when all is written, or can't be. */
  async flush(): Promise<void> {
    // A line may have had the stream; what is left of that is not ours.
    if (!this.#isUsed || this.#isGone) return;
    if (this.#stream.writableLength > 0) {
      await new Promise<void>((resolve) => {
        this.#stream.write('', () => resolve());
        if (this.#mayDrop) setTimeout(resolve, LOG_FLUSH_MS).unref();
      });
    }
    // A file is written at once, and why that failed is told in the ticks that follow.
    await new Promise((resolve) => void setImmediate(resolve));
  }

  #failed(error: NodeJS.ErrnoException): void {
    // A line that has the stream deals with its errors itself.
    if (!hasLeft(this.#stream, error) && this.#isUsed) this.failure ??= error;
    if (this.#isGone) return;
    this.#isGone = true;
    this.onGone?.();
  }
}

/** Whether a write failed because nobody reads any more: its reader has closed it, or its terminal is gone. */
export function hasLeft(stream: Writable & { readonly isTTY?: boolean }, error: NodeJS.ErrnoException): boolean {
  return error.code === 'EPIPE' || (error.code === 'EIO' && stream.isTTY === true);
}
