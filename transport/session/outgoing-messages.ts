import type { DataHead } from '../codecs/virtagent-2-frames.ts';
import { SEQ_MODULUS } from './numbers.ts';

/** Where the sending of a message has come to. */
interface Cursor {
  /** Who sends a message has nothing else to name it by. */
  readonly payload: Uint8Array;
  readonly number: number;
  at: number;
}

/** One frame's worth of a message. */
export interface Cut extends DataHead {
  readonly from: number;
  readonly to: number;
}

/** Cuts messages into pieces; remembers those of which a part is on the line. */
export class OutgoingMessages {
  /** They are few, and a Map that is filled and emptied all the time is dear (docs/performance.md). */
  readonly #begun: Cursor[] = [];
  #number = 0;

  /** How many have begun and not ended. */
  get begun(): number {
    return this.#begun.length;
  }

  hasBegun(payload: Uint8Array): boolean {
    return this.#find(payload) !== undefined;
  }

  /** How much of it is left. */
  left(payload: Uint8Array): number {
    return payload.length - (this.#find(payload)?.at ?? 0);
  }

  /** The next piece, of at most `most` bytes, for the frame with that number; it counts as sent. */
  cut(payload: Uint8Array, bytes: boolean, most: number, seq: number): Cut {
    const cursor = this.#find(payload);
    if (cursor === undefined && payload.length <= most)
      return { seq, first: true, last: true, bytes, drop: false, number: undefined, total: undefined, from: 0, to: payload.length };
    const { number, at } = cursor ?? { number: this.#nextNumber(), at: 0 };
    const to = Math.min(payload.length, at + most);
    const last = to === payload.length;
    if (cursor === undefined) this.#begun.push({ payload, number, at: to });
    else if (last) this.#end(cursor);
    else cursor.at = to;
    return { seq, first: at === 0, last, bytes, drop: false, number, total: at === 0 ? payload.length : undefined, from: at, to };
  }

  /** The message will not be finished: the frame that says so, if a part of it is on the line. */
  drop(payload: Uint8Array, seq: number): Cut | undefined {
    const cursor = this.#find(payload);
    if (cursor === undefined) return undefined;
    this.#end(cursor);
    return { seq, first: false, last: false, bytes: false, drop: true, number: cursor.number, total: undefined, from: 0, to: 0 };
  }

  #find(payload: Uint8Array): Cursor | undefined {
    for (const cursor of this.#begun) if (cursor.payload === payload) return cursor;
    return undefined;
  }

  #end(cursor: Cursor): void {
    this.#begun.splice(this.#begun.indexOf(cursor), 1);
  }

  /** Far from the last ones, in case that a piece is lost which ended one; never that of one that is on its way. */
  #nextNumber(): number {
    do this.#number = (this.#number + 1) % SEQ_MODULUS;
    while (this.#begun.some(({ number }) => number === this.#number));
    return this.#number;
  }
}
