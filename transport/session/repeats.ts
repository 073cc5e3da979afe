import type { SentFrames } from './sent-frames.ts';

/** The line that frames are sent again on. */
export interface RepeatLine {
  readonly isUp: boolean;
  readonly now: number;
  /** `taken` is called when the stream took it. */
  write(frame: Uint8Array, taken: () => void): void;
  /** The stream has taken the last frame that was sent again, after a while. */
  onRoom(): void;
}

/** Sends again what the line before did not carry, as far as the stream takes it; one frame at a time is left with a full one. */
export class Repeats {
  readonly #sent: SentFrames;
  readonly #line: RepeatLine;
  /** The count of the frame that is sent again next, on a line that began anew; undefined when all of them are. */
  #at: number | undefined;
  /** The stream has not taken the last frame that was sent again. */
  #isWaiting = false;

  constructor(sent: SentFrames, line: RepeatLine) {
    this.#sent = sent;
    this.#line = line;
  }

  /** Whether all that the line before did not carry is sent again. */
  get isOver(): boolean {
    return this.#at === undefined;
  }

  /** The stream has not taken all that was sent again: what is sent again now only waits behind it. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** On a new line, with what the other side has not taken. */
  begin(): void {
    this.#sent.forgetBits();
    this.#at = this.#sent.taken;
  }

  lineDown(): void {
    this.#isWaiting = false;
  }

  goOn(): void {
    while (this.#line.isUp && !this.#isWaiting && this.#at !== undefined) {
      const at = Math.max(this.#at, this.#sent.taken);
      const frame = this.#sent.again(at, this.#line.now);
      this.#at = at < this.#sent.sent ? at + 1 : undefined;
      if (frame !== undefined) this.repeat(frame);
    }
  }

  repeat(frame: Uint8Array): void {
    let isNow = true;
    this.#isWaiting = true;
    this.#line.write(frame, () => {
      this.#isWaiting = false;
      if (!isNow) this.#line.onRoom();
    });
    isNow = false;
  }
}
