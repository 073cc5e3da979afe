import type { DataHead } from '../codecs/virtagent-2-frames.ts';
import { SEQ_MODULUS } from './numbers.ts';

/** Where the sending of a message has come to. */
interface Cursor {
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
  /** By the payload itself: who sends a message has nothing else to name it by. */
  readonly #begun = new Map<Uint8Array, Cursor>();
  readonly #numbers = new Set<number>();
  #number = 0;

  /** How many have begun and not ended. */
  get begun(): number {
    return this.#begun.size;
  }

  hasBegun(payload: Uint8Array): boolean {
    return this.#begun.has(payload);
  }

  /** How much of it is left. */
  left(payload: Uint8Array): number {
    return payload.length - (this.#begun.get(payload)?.at ?? 0);
  }

  /** The next piece, of at most `most` bytes, for the frame with that number; it counts as sent. */
  cut(payload: Uint8Array, bytes: boolean, most: number, seq: number): Cut {
    const cursor = this.#begun.get(payload);
    if (cursor === undefined && payload.length <= most)
      return { seq, first: true, last: true, bytes, drop: false, number: undefined, total: undefined, from: 0, to: payload.length };
    const { number, at } = cursor ?? { number: this.#nextNumber(), at: 0 };
    const to = Math.min(payload.length, at + most);
    const last = to === payload.length;
    if (last) this.#end(payload, number);
    else if (cursor === undefined) this.#begin(payload, number, to);
    else cursor.at = to;
    return { seq, first: at === 0, last, bytes, drop: false, number, total: at === 0 ? payload.length : undefined, from: at, to };
  }

  /** The message will not be finished: the frame that says so, if a part of it is on the line. */
  drop(payload: Uint8Array, seq: number): Cut | undefined {
    const cursor = this.#begun.get(payload);
    if (cursor === undefined) return undefined;
    this.#end(payload, cursor.number);
    return { seq, first: false, last: false, bytes: false, drop: true, number: cursor.number, total: undefined, from: 0, to: 0 };
  }

  clear(): void {
    this.#begun.clear();
    this.#numbers.clear();
  }

  #begin(payload: Uint8Array, number: number, at: number): void {
    this.#begun.set(payload, { number, at });
    this.#numbers.add(number);
  }

  #end(payload: Uint8Array, number: number): void {
    this.#begun.delete(payload);
    this.#numbers.delete(number);
  }

  /** Far from the last ones, in case that a piece is lost which ended one; never that of one that is on its way. */
  #nextNumber(): number {
    do this.#number = (this.#number + 1) % SEQ_MODULUS;
    while (this.#numbers.has(this.#number));
    return this.#number;
  }
}
