import type { SpareMemory } from '../spare-memory.ts';
import { ahead } from './numbers.ts';

/** What there is room for at first. */
const firstRoom = 16;

/** A numbered frame that is not known to be taken. */
export interface SentFrame {
  /** The whole frame, sealed with the session's key. */
  readonly bytes: Uint8Array;
  /** Bytes of its payload: what both sides count, as only who writes it knows how many are escaped. */
  readonly payload: number;
  /** When it was sent last: its place among all sends of this line, and the time. */
  order: number;
  at: number;
  times: number;
  /** It was taken, although one before it was not. */
  taken: boolean;
}

/** What a STATUS says of the frames that were sent. */
export type Acknowledged =
  | { readonly type: 'nothing' }
  /** It says less than an earlier one did. */
  | { readonly type: 'behind' }
  /** It names what was never sent: the other side, or this one, was put back to an earlier moment. */
  | { readonly type: 'impossible' }
  /** `sends`: how often they were sent, together. `roundTrip`: milliseconds that the last of them took, if it was sent once. */
  | { readonly type: 'taken'; readonly frames: number; readonly sends: number; readonly roundTrip: number | undefined };

/** The numbered frames of this side's half of a session, until they are taken. */
export class SentFrames {
  readonly #most: number;
  /**
   * From the count `#taken` on, which is at `#head`. A ring that grows: an array that is made anew each time would, once it is old, keep
   * alive what was in it last.
   */
  #ring: (SentFrame | undefined)[] = Array.from({ length: firstRoom });
  #head = 0;
  #size = 0;
  #taken = 0;
  #bytes = 0;
  #order = 0;

  /** `most`: frames that may be sent and not taken. */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many were numbered. */
  get sent(): number {
    return this.#taken + this.size;
  }

  /** How many of them are taken, without a gap. */
  get taken(): number {
    return this.#taken;
  }

  /** How many are not known to be taken. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of their payloads. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether so many more frames, with so many bytes of payload, may be sent, of `most` bytes. When none is out, they always may. */
  hasRoom(frames: number, bytes: number, most: number): boolean {
    return this.size === 0 || (this.size + frames <= this.#most && this.#bytes + bytes <= most);
  }

  /** A frame was numbered `sent` and is on its way. */
  add(bytes: Uint8Array, payload: number, now: number): void {
    if (this.#size === this.#ring.length) this.#grow();
    this.#ring[this.#place(this.#size++)] = { bytes, payload, order: ++this.#order, at: now, times: 1, taken: false };
    this.#bytes += payload;
  }

  /**
   * A STATUS came: all before the seq `next` are taken, and those that `bits` names. `spare` is given the memory of the former, if nobody else
   * looks at it any more.
   */
  acknowledge(next: number, bits: Uint8Array, now: number, spare?: SpareMemory): Acknowledged {
    const distance = ahead(next, this.#taken);
    if (distance < 0) return { type: 'behind' };
    if (distance > this.size) return { type: 'impossible' };
    let newest: SentFrame | undefined;
    let frames = 0;
    let sends = 0;
    for (let at = 0; at < distance; at++) {
      const frame = this.#shift();
      spare?.give(frame.bytes);
      if (frame.taken) continue;
      newest = frame;
      frames++;
      sends += frame.times;
    }
    for (let bit = 0; bit < bits.length * 8; bit++) {
      if (((bits[bit >> 3] as number) & (1 << (bit & 7))) === 0) continue;
      const frame = this.#nth(bit + 1);
      if (frame === undefined) return { type: 'impossible' };
      if (frame.taken) continue;
      frame.taken = true;
      newest = frame;
      frames++;
      sends += frame.times;
    }
    if (distance === 0 && frames === 0) return { type: 'nothing' };
    return { type: 'taken', frames, sends, roundTrip: newest?.times === 1 ? now - newest.at : undefined };
  }

  /** All before that count are taken: what the other side says when a line begins. False if it can't be. */
  confirm(count: number): boolean {
    if (count < this.#taken || count > this.sent) return false;
    while (this.#taken < count) this.#shift();
    return true;
  }

  /**
   * Those that are known to be lost, as lines keep their order: sent before another that is taken. They count as sent again.
   */
  *lost(now: number): Generator<Uint8Array> {
    let last = 0;
    for (let nth = 0; nth < this.#size; nth++) {
      const frame = this.#nth(nth) as SentFrame;
      if (frame.taken && frame.order > last) last = frame.order;
    }
    if (last === 0) return;
    const before = last;
    for (let nth = 0; nth < this.#size; nth++) {
      const frame = this.#nth(nth) as SentFrame;
      if (!frame.taken && frame.order < before) yield this.#again(frame, now);
    }
  }

  /** The oldest that are not taken, at most so many: they count as sent again. */
  *oldest(count: number, now: number): Generator<Uint8Array> {
    for (let nth = 0, left = count; nth < this.#size && left > 0; nth++) {
      const frame = this.#nth(nth) as SentFrame;
      if (frame.taken) continue;
      left--;
      yield this.#again(frame, now);
    }
  }

  /** On the next line only `next` is told: what was taken out of order is told anew. */
  forgetBits(): void {
    for (let nth = 0; nth < this.#size; nth++) (this.#nth(nth) as SentFrame).taken = false;
  }

  /** The frame that was numbered `count`, if it is not taken: it counts as sent again. */
  again(count: number, now: number): Uint8Array | undefined {
    const frame = this.#nth(count - this.#taken);
    return frame === undefined || frame.taken ? undefined : this.#again(frame, now);
  }

  #again(frame: SentFrame, now: number): Uint8Array {
    frame.order = ++this.#order;
    frame.at = now;
    frame.times++;
    return frame.bytes;
  }

  #shift(): SentFrame {
    const frame = this.#ring[this.#head] as SentFrame;
    this.#ring[this.#head] = undefined;
    this.#head = this.#place(1);
    this.#size--;
    this.#taken++;
    this.#bytes -= frame.payload;
    return frame;
  }

  #nth(nth: number): SentFrame | undefined {
    return nth >= 0 && nth < this.#size ? this.#ring[this.#place(nth)] : undefined;
  }

  #place(nth: number): number {
    return (this.#head + nth) % this.#ring.length;
  }

  #grow(): void {
    const { length } = this.#ring;
    const ring = Array.from<SentFrame | undefined>({ length: 2 * length });
    for (let nth = 0; nth < length; nth++) ring[nth] = this.#nth(nth);
    this.#ring = ring;
    this.#head = 0;
  }
}
