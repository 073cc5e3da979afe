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

/** A request was given up of which a part had come: what it is charged is given back. */
export interface Refund {
  readonly refund: number;
}

interface Begun {
  readonly total: number;
  readonly bytes: boolean;
  readonly pieces: Buffer[];
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
  take(piece: Piece): Whole | RemoteProtocolError | Excess | Refund | undefined {
    const { number, payload } = piece;
    if (number === undefined) return piece;
    if (piece.drop) {
      this.#drop(number);
      return piece.first ? { refund: piece.total ?? 0 } : undefined;
    }
    if (piece.first) return this.#begin(number, piece);
    const begun = this.#begun.get(number);
    if (begun === undefined) return new RemoteProtocolError('truncated', 'a piece of a message that has not begun', payload.length);
    const length = begun.length + payload.length;
    if (length > begun.total || (piece.last && length < begun.total)) return this.#mismatch(number, begun, payload.length);
    begun.pieces.push(payload);
    begun.length = length;
    this.#held += payload.length;
    if (!piece.last) return undefined;
    this.#drop(number);
    return { payload: Buffer.concat(begun.pieces, length), bytes: begun.bytes };
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
    this.#begun.set(number, { total, bytes, pieces: [payload], length: payload.length, suspect: false });
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
