import { sessionBounds } from '../limits.ts';
import { ahead } from './numbers.ts';

/** What came of a numbered frame. */
export type Taken = 'next' | 'again' | 'ahead' | 'too-far';

/** The numbered frames of the other side's half of a session: which have come. */
export class TakenFrames<Frame extends { readonly seq: number; readonly payload: Buffer }> {
  readonly #reliable: boolean;
  #next = 0;
  /** How many were never seen: in a plain session what was damaged. */
  #lost = 0;
  readonly #ahead = new Map<number, Frame>();

  constructor(reliable: boolean) {
    this.#reliable = reliable;
  }

  /** How many were taken, lost ones counted: the number of the one that is taken next. */
  get next(): number {
    return this.#next;
  }

  get lost(): number {
    return this.#lost;
  }

  /** Whether one is missing before others that have come. */
  get hasGap(): boolean {
    return this.#ahead.size > 0;
  }

  /** Takes a frame, or does not; hands on what is now in order. Its payload is only lent: what is kept is a copy. */
  take(frame: Frame, handOn: (frame: Frame, lost: number) => void): Taken {
    const distance = ahead(frame.seq, this.#next);
    if (distance < 0) return 'again';
    if (!this.#reliable) {
      this.#lost += distance;
      this.#next += distance + 1;
      handOn(frame, distance);
      return 'next';
    }
    if (distance === 0) {
      this.#next++;
      handOn(frame, 0);
      this.#handOnKept(handOn);
      return 'next';
    }
    if (distance > sessionBounds.framesAhead) return 'too-far';
    const count = this.#next + distance;
    if (this.#ahead.has(count)) return 'again';
    this.#ahead.set(count, { ...frame, payload: Buffer.from(frame.payload) });
    return 'ahead';
  }

  /** Which of those behind the next one have come, as STATUS says it. */
  bits(): Uint8Array {
    let bytes = 0;
    for (const count of this.#ahead.keys()) bytes = Math.max(bytes, ((count - this.#next - 1) >> 3) + 1);
    const bits = new Uint8Array(bytes);
    for (const count of this.#ahead.keys()) {
      const bit = count - this.#next - 1;
      bits[bit >> 3] = (bits[bit >> 3] as number) | (1 << (bit & 7));
    }
    return bits;
  }

  /** What came out of order on the last line is sent again on the next. */
  forgetAhead(): void {
    this.#ahead.clear();
  }

  #handOnKept(handOn: (frame: Frame, lost: number) => void): void {
    for (let frame = this.#ahead.get(this.#next); frame !== undefined; frame = this.#ahead.get(this.#next)) {
      this.#ahead.delete(this.#next++);
      handOn(frame, 0);
    }
  }
}
