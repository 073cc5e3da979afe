import type { Duplex } from 'node:stream';

/**
 * A batch is written before it has more bytes. A dozen small messages share the cost of a write; if all that a turn makes
 * ready shared one, the two sides would wait for each other in turns (docs/performance.md).
 */
const mostBytes = 2 * 1024;

/** Those that wait for the end of their turn. A process that exits in that turn hands over what it was told is sent. */
const waiting: TurnBatch[] = [];
let heedsExit = false;

function heedExit(): void {
  if (heedsExit) return;
  heedsExit = true;
  process.on('exit', () => {
    for (const batch of [...waiting]) batch.flush();
  });
}

const resolved = Promise.resolve();

/** What one turn writes behind its first frame: it leaves together, at the turn's end or once it is much. */
export class TurnBatch {
  /** Has its owner {@link take} it and write it. */
  readonly flush: () => void;
  #frames: Uint8Array[] = [];
  #bytes = 0;
  /** Whether something was written in this turn: what else it leads to is written at its end. */
  #isOpen = false;
  /** After the promises that the turn has settled, and all that these settle: a tick alone may come before them. */
  readonly #closeLater = (): void => process.nextTick(this.#close);
  readonly #close = (): void => {
    this.#isOpen = false;
    this.flush();
  };

  constructor(flush: () => void) {
    this.flush = flush;
  }

  /** A frame is written by itself: those behind it, in this turn, may join. */
  open(): void {
    if (!this.#isOpen) void resolved.then(this.#closeLater);
    this.#isOpen = true;
  }

  /** Whether the stream has room for that frame behind the batch, as its own write() would find. */
  takes(frame: Uint8Array, stream: Duplex): boolean {
    const bytes = this.#bytes + frame.length;
    if (!this.#isOpen || bytes >= mostBytes || stream.writableNeedDrain) return false;
    // In object mode a chunk may be a message.
    return stream.writableLength + bytes < stream.writableHighWaterMark && !stream.writableObjectMode;
  }

  add(frame: Uint8Array): void {
    this.#frames.push(frame);
    this.#bytes += frame.length;
    if (this.#frames.length > 1) return;
    heedExit();
    waiting.push(this);
  }

  /** All of it as one, and nothing is left; undefined if nothing was there. */
  take(): Uint8Array | undefined {
    const frames = this.#frames;
    if (frames.length === 0) return undefined;
    const bytes = frames.length === 1 ? frames[0] : Buffer.concat(frames, this.#bytes);
    this.#frames = [];
    this.#bytes = 0;
    waiting.splice(waiting.indexOf(this), 1);
    return bytes;
  }
}
