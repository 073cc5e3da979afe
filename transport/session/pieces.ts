import { RemoteProtocolError } from '../errors.ts';
import type { SpareMemory } from '../spare-memory.ts';

const nothing = Buffer.alloc(0);

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
  /** The payload is the message's own: it was put together. One that came in a single frame is only lent. */
  readonly owned?: boolean;
}

/** What exceeds a limit of this side: the session ends. */
export interface Excess {
  readonly limit: 'message' | 'messages' | 'requests';
  readonly most: number;
  readonly value: number;
}

interface Begun {
  readonly number: number;
  readonly total: number;
  readonly bytes: boolean;
  /** What has come, and room for more. */
  store: Buffer;
  length: number;
  /** Frames were lost since it began: pieces of it perhaps, its last one perhaps. */
  suspect: boolean;
}

/** What room is made for at first: a message of 64 KiB in pieces of 16 KiB is put together in one place. */
const ahead = 8;
const aheadBytes = 128 * 1024;

/**
 * Puts the pieces of messages together: there are at most `messages` messages, of at most `message` bytes. What is reserved for a length that
 * is only named is as much as has come; for short messages, a few times that.
 */
export class Pieces {
  readonly #limits: { readonly message: number; readonly messages: number };
  readonly #spare: SpareMemory;
  /** The oldest first. They are few, and a Map that is filled and emptied all the time is dear (docs/performance.md). */
  readonly #begun: Begun[] = [];

  /** `spare`: where messages without byte strings are put together. Who is done with one gives it back. */
  constructor(limits: { readonly message: number; readonly messages: number }, spare: SpareMemory) {
    this.#limits = limits;
    this.#spare = spare;
  }

  /** Bytes that are held for messages that have not ended. */
  get held(): number {
    let held = 0;
    for (const { store } of this.#begun) held += store.length;
    return held;
  }

  /** How many messages have begun and not ended. */
  get count(): number {
    return this.#begun.length;
  }

  /** Frames of a plain session were lost: nobody knows whose. */
  frameLost(): void {
    for (const begun of this.#begun) begun.suspect = true;
  }

  /** The message that a piece ends, if it ends one; or what is wrong. What of the piece is kept is copied. */
  take(piece: Piece): Whole | RemoteProtocolError | Excess | undefined {
    const { number, payload } = piece;
    if (number === undefined) return piece;
    if (piece.drop) return this.#giveUp(number);
    if (piece.first) return this.#begin(number, piece);
    const begun = this.#find(number);
    if (begun === undefined) return new RemoteProtocolError('truncated', 'a piece of a message that has not begun', payload.length);
    const length = begun.length + payload.length;
    const fits = piece.last ? length === begun.total : length < begun.total;
    if (!fits || payload.length === 0 || piece.bytes !== begun.bytes) return this.#mismatch(begun, payload.length);
    this.#append(begun, payload);
    if (!piece.last) return undefined;
    this.#remove(begun);
    return { payload: begun.store, bytes: begun.bytes, owned: true };
  }

  #begin(number: number, { bytes, payload, total = 0 }: Piece): RemoteProtocolError | Excess | undefined {
    const { message, messages } = this.#limits;
    if (total > message) return { limit: 'message', most: message, value: total };
    if (payload.length === 0 || payload.length >= total) {
      const wrong = payload.length === 0 ? 'empty' : 'all of it';
      return new RemoteProtocolError('bad-length', `the first piece of a message is ${wrong}`, payload.length);
    }
    const before = this.#find(number);
    if (before !== undefined) this.#drop(before);
    if (this.#begun.length >= messages && !this.#dropSuspect()) return { limit: 'messages', most: messages, value: messages + 1 };
    const begun: Begun = { number, total, bytes, store: nothing, length: 0, suspect: false };
    this.#append(begun, payload);
    this.#begun.push(begun);
    return before === undefined ? undefined : cut(before);
  }

  #append(begun: Begun, payload: Buffer): void {
    const length = begun.length + payload.length;
    if (length > begun.store.length) this.#makeRoom(begun, length);
    payload.copy(begun.store, begun.length);
    begun.length = length;
  }

  #makeRoom(begun: Begun, needed: number): void {
    const bytes = Math.min(begun.total, Math.max(2 * needed, Math.min(ahead * needed, aheadBytes)));
    // Byte strings stay where they came, with who called; text is copied out of it.
    const store = begun.bytes ? Buffer.allocUnsafeSlow(bytes) : this.#spare.take(bytes);
    begun.store.copy(store, 0, 0, begun.length);
    this.#spare.give(begun.store);
    begun.store = store;
  }

  #find(number: number): Begun | undefined {
    for (const begun of this.#begun) if (begun.number === number) return begun;
    return undefined;
  }

  #remove(begun: Begun): void {
    this.#begun.splice(this.#begun.indexOf(begun), 1);
  }

  #drop(begun: Begun): void {
    this.#remove(begun);
    this.#spare.give(begun.store);
  }

  #giveUp(number: number): undefined {
    const begun = this.#find(number);
    if (begun !== undefined) this.#drop(begun);
  }

  /** Makes room at the cost of the oldest that may never end. */
  #dropSuspect(): boolean {
    const oldest = this.#begun.find(({ suspect }) => suspect);
    if (oldest !== undefined) this.#drop(oldest);
    return oldest !== undefined;
  }

  #mismatch(begun: Begun, more: number): RemoteProtocolError {
    this.#drop(begun);
    return new RemoteProtocolError('bad-length', 'the pieces of a message are not what it said', begun.length + more);
  }
}

function cut(begun: Begun): RemoteProtocolError {
  return new RemoteProtocolError('truncated', 'a message began under the number of one that had not ended', begun.length);
}
