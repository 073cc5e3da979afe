import { RemoteProtocolError } from '../errors.ts';

/** A piece of a message, as its frame has it. */
export interface Piece {
  readonly first: boolean;
  readonly last: boolean;
  readonly drop: boolean;
  readonly bytes: boolean;
  readonly number: number | undefined;
  readonly total: number | undefined;
  readonly payload: Buffer;
}

/** A whole message's payload, and whether it has byte strings. */
export interface Whole {
  readonly payload: Buffer;
  readonly bytes: boolean;
}

/** What exceeds a limit of this side: the session ends. */
export interface Excess {
  readonly limit: 'message' | 'messages' | 'requests';
  readonly most: number;
  readonly value: number;
}

/** Smaller pieces share a block of so many bytes: who sends single bytes makes nobody hold an object for each. */
const blockBytes = 4096;

interface Begun {
  readonly total: number;
  readonly bytes: boolean;
  /** What has come; the last of them may have room. */
  readonly blocks: Buffer[];
  /** How much of the last block is empty. */
  room: number;
  length: number;
  /** Frames were lost since it began: pieces of it perhaps, its last one perhaps. */
  suspect: boolean;
}

/**
 * Puts the pieces of messages together. Nothing is reserved for a length that is only named: what is held is what has come, and
 * there are at most `messages` messages, of at most `message` bytes.
 */
export class Pieces {
  readonly #limits: { readonly message: number; readonly messages: number };
  readonly #begun = new Map<number, Begun>();
  #held = 0;

  constructor(limits: { readonly message: number; readonly messages: number }) {
    this.#limits = limits;
  }

  /** Bytes of messages that have not ended. */
  get held(): number {
    return this.#held;
  }

  /** How many messages have begun and not ended. */
  get count(): number {
    return this.#begun.size;
  }

  /** Frames of a plain session were lost: nobody knows whose. */
  frameLost(): void {
    for (const begun of this.#begun.values()) begun.suspect = true;
  }

  /** The message that a piece ends, if it ends one; or what is wrong. */
  take(piece: Piece): Whole | RemoteProtocolError | Excess | undefined {
    const { number, payload } = piece;
    if (number === undefined) return piece;
    if (piece.drop) return this.#drop(number);
    if (piece.first) return this.#begin(number, piece);
    const begun = this.#begun.get(number);
    if (begun === undefined) return new RemoteProtocolError('truncated', 'a piece of a message that has not begun', payload.length);
    const length = begun.length + payload.length;
    const fits = piece.last ? length === begun.total : length < begun.total;
    if (!fits || payload.length === 0) return this.#mismatch(number, begun, payload.length);
    append(begun, payload);
    this.#held += payload.length;
    if (!piece.last) return undefined;
    this.#drop(number);
    return { payload: wholeOf(begun), bytes: begun.bytes };
  }

  clear(): void {
    this.#begun.clear();
    this.#held = 0;
  }

  #begin(number: number, { bytes, payload, total = 0 }: Piece): RemoteProtocolError | Excess | undefined {
    const { message, messages } = this.#limits;
    if (total > message) return { limit: 'message', most: message, value: total };
    const before = this.#begun.get(number);
    if (payload.length >= total) return new RemoteProtocolError('bad-length', 'the first piece of a message is all of it', payload.length);
    this.#drop(number);
    if (this.#begun.size >= messages && !this.#dropSuspect()) return { limit: 'messages', most: messages, value: messages + 1 };
    const begun: Begun = { total, bytes, blocks: [], room: 0, length: 0, suspect: false };
    append(begun, payload);
    this.#begun.set(number, begun);
    this.#held += payload.length;
    return before === undefined ? undefined : this.#cut(before);
  }

  #drop(number: number): undefined {
    this.#held -= this.#begun.get(number)?.length ?? 0;
    this.#begun.delete(number);
  }

  /** Makes room at the cost of the oldest that may never end. */
  #dropSuspect(): boolean {
    for (const [number, { suspect }] of this.#begun) {
      if (!suspect) continue;
      this.#drop(number);
      return true;
    }
    return false;
  }

  #mismatch(number: number, begun: Begun, more: number): RemoteProtocolError {
    this.#drop(number);
    return new RemoteProtocolError('bad-length', 'the pieces of a message are not as long as it said', begun.length + more);
  }

  #cut(begun: Begun): RemoteProtocolError {
    return new RemoteProtocolError('truncated', 'a message began under the number of one that had not ended', begun.length);
  }
}

function append(begun: Begun, payload: Buffer): void {
  begun.length += payload.length;
  if (payload.length >= blockBytes) {
    closeBlock(begun);
    begun.blocks.push(payload);
    return;
  }
  for (let from = 0; from < payload.length;) {
    if (begun.room === 0) {
      begun.room = Math.min(blockBytes, begun.total - begun.length + payload.length - from);
      begun.blocks.push(Buffer.allocUnsafeSlow(begun.room));
    }
    const block = begun.blocks.at(-1) as Buffer;
    const copied = payload.copy(block, block.length - begun.room, from);
    begun.room -= copied;
    from += copied;
  }
}

/** What is empty of the last block is not part of the message. */
function closeBlock(begun: Begun): void {
  if (begun.room === 0) return;
  const block = begun.blocks.pop() as Buffer;
  begun.blocks.push(block.subarray(0, block.length - begun.room));
  begun.room = 0;
}

function wholeOf(begun: Begun): Buffer {
  closeBlock(begun);
  return begun.blocks.length === 1 ? (begun.blocks[0] as Buffer) : Buffer.concat(begun.blocks, begun.length);
}
