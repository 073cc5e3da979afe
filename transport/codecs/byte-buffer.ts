/** Where bytes are: `bytes[from..to)`. What lies after `to` in the same memory is not part of the stream. */
export type Decode = (bytes: Buffer, from: number, to: number) => number;

const nothing = Buffer.alloc(0);

/** The first store; doubled as it fills. */
const firstBytes = 256;

/**
 * An emptied store above this is given back: one large message must not hold its memory for the life of a link. Two of the
 * chunks that streams give, so that frames of about one chunk, which are cut by most ends of chunks, need no new store each.
 */
const keptBytes = 128 * 1024;

/**
 * How much of a chunk is copied behind held bytes at once, or as much as is held. Small, so that a chunk's whole frames mostly
 * stay where they are; but behind much of a frame there is mostly more of it.
 */
const stepBytes = 16 * 1024;

/**
 * The bytes of a frame whose end has not come.
 *
 * They are copies (a caller may reuse its chunks), in one piece, and the store only ever doubles behind bytes
 * that have really come: linear however small the chunks are, and nothing is reserved because a peer names a length.
 */
export class ByteBuffer {
  #store = nothing;
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  /**
   * Hands `decode` the held bytes and the chunk's as one run, and keeps what it leaves.
   *
   * `decode` returns the position up to which it is done. It may see the same bytes again, always from the
   * position that it returned last, and never fewer of them, so what it learnt of them still holds.
   */
  feed(chunk: Uint8Array, decode: Decode): void {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const to = bytes.length;
    let at = 0;
    while (at < to) {
      if (this.length === 0) {
        const done = decode(bytes, at, to);
        if (done < to) this.#append(bytes, done, to);
        return;
      }
      at = this.#step(bytes, at, Math.min(to, at + Math.max(stepBytes, this.length)), decode);
    }
  }

  clear(): void {
    this.#start = this.#end = 0;
    if (this.#store.length > keptBytes) this.#store = nothing;
  }

  /** Copies `bytes[at..stop)` behind what is held, decodes both, and says from where the chunk goes on. */
  #step(bytes: Buffer, at: number, stop: number, decode: Decode): number {
    const before = this.length;
    this.#append(bytes, at, stop);
    const done = decode(this.#store, this.#start, this.#end) - this.#start;
    if (done < before) {
      this.#start += done;
      return stop;
    }
    // What is left of the copy is in the chunk as well, and is read there.
    this.clear();
    return at + done - before;
  }

  #append(bytes: Buffer, from: number, to: number): void {
    const added = to - from;
    if (this.#end + added > this.#store.length) this.#makeRoom(added);
    if (added < 16) for (let at = from; at < to; at++) this.#store[this.#end++] = bytes[at] as number;
    else this.#end += bytes.copy(this.#store, this.#end, from, to);
  }

  #makeRoom(added: number): void {
    const held = this.length;
    const needed = held + added;
    // Moving within the store only when that frees half of it keeps the moves linear too.
    const grown =
      needed * 2 <= this.#store.length ? this.#store : Buffer.allocUnsafeSlow(Math.max(firstBytes, this.#store.length * 2, needed));
    this.#store.copy(grown, 0, this.#start, this.#end);
    this.#store = grown;
    this.#start = 0;
    this.#end = held;
  }
}

/** The position of `byte` in `bytes[from..to)`, or -1. */
export function findByte(bytes: Buffer, byte: number, from: number, to: number): number {
  if (bytes[from] === byte && from < to) return from;
  if (to - from > 16) {
    // A native search has no end of its own and would run on through what lies after `to`.
    if (to === bytes.length) return bytes.indexOf(byte, from);
    const found = bytes.subarray(from, to).indexOf(byte);
    return found < 0 ? -1 : found + from;
  }
  for (let at = from; at < to; at++) if (bytes[at] === byte) return at;
  return -1;
}

/** The number that the decimal digits in `bytes[from..to)` are, or -1 if they aren't all digits. */
export function numberIn(bytes: Buffer, from: number, to: number): number {
  let number = 0;
  for (let at = from; at < to; at++) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}
