/** Smaller ones are parts of Node's own pool, and larger ones are too few to be worth keeping. */
const leastBytes = 4 * 1024;
const mostBytes = 1280 * 1024;
/** Sizes double from here: a piece of 16 KiB, or a value of 64 KiB, has room in one of them with what is around it. */
const firstSize = 5 * 1024;

/** Whether its memory may be given back. On the view itself: who gives one back twice has changed nothing. */
const isLent = Symbol('isLent');
type Lent = Buffer & { [isLent]?: boolean };

/**
 * Memory of large messages and frames that is used again.
 *
 * What is allocated for each of them costs little by itself, but V8 collects when 32 MB of it have come together, and a large value passes
 * through five buffers at either end: most of what a line of large values cost was its collector (docs/performance.md).
 *
 * Who gives memory back must be the last that looks at it. Memory that is never given back is collected like any other.
 */
export class SpareMemory {
  readonly #most: number;
  readonly #kept: ArrayBuffer[][] = [];
  #bytes = 0;

  /** `most`: the bytes that it keeps for later. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Bytes that are kept for later. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Memory for so many bytes, in which anything may stand. */
  take(bytes: number): Buffer {
    if (bytes < leastBytes || bytes > mostBytes) return Buffer.allocUnsafe(bytes);
    const place = placeOf(bytes);
    const kept = this.#kept[place]?.pop();
    if (kept !== undefined) this.#bytes -= kept.byteLength;
    const memory: Lent = Buffer.from(kept ?? Buffer.allocUnsafeSlow(firstSize << place).buffer, 0, bytes);
    memory[isLent] = true;
    return memory;
  }

  /** Nobody looks at that any more. Of what was not taken here, or was given back before, nothing becomes. */
  give(bytes: Uint8Array): void {
    const lent = bytes as Lent;
    if (lent[isLent] !== true) return;
    lent[isLent] = false;
    const memory = lent.buffer as ArrayBuffer;
    if (this.#bytes + memory.byteLength > this.#most) return;
    this.#bytes += memory.byteLength;
    (this.#kept[placeOf(memory.byteLength)] ??= []).push(memory);
  }
}

/** Memory for so many bytes: of `spare`, if it is given back there; else its own. Anything may stand in it. */
export function memoryFor(bytes: number, spare: SpareMemory | undefined): Buffer {
  return spare === undefined ? Buffer.allocUnsafe(bytes) : spare.take(bytes);
}

function placeOf(bytes: number): number {
  let place = 0;
  while (firstSize << place < bytes) place++;
  return place;
}
