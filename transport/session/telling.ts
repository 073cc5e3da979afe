import { sessionBounds } from '../limits.ts';

/** What a {@link Telling} needs of its conversation. */
export interface TellingHost {
  readonly isLineUp: boolean;
  /** What a STATUS says is spent comes after what it was spent on: not before all that the line before did not carry was sent again. */
  readonly isRepeated: boolean;
  /** Writes a STATUS. `taken` is called when the stream took it. */
  write(ask: boolean, taken: () => void): void;
}

/** When a side says where it is: at the latest after so many frames, or bytes of them; one at a time is left with a full stream. */
export class Telling {
  readonly #host: TellingHost;
  /** DATA frames, and bytes of them, since the last STATUS. */
  #frames = 0;
  #bytes = 0;
  #isDue = false;
  /** The one that is due asks for one. */
  #asks = false;
  /** The stream has not taken the last one. */
  #isWaiting = false;

  constructor(host: TellingHost) {
    this.#host = host;
  }

  get isDue(): boolean {
    return this.#isDue;
  }

  /** The next opportunity is to be taken. */
  due(): void {
    this.#isDue = true;
  }

  /** A DATA frame has come. Whether so many have that one is due; `most`: frames. */
  took(bytes: number, most: number): boolean {
    this.#frames++;
    this.#bytes += bytes;
    return this.#frames >= most || this.#bytes >= sessionBounds.statusBytes;
  }

  /** Says it now, if that can be; else as soon as it can. */
  say(ask = false): void {
    const mustWait = this.#isWaiting || !this.#host.isRepeated;
    this.#isDue = mustWait;
    if (ask) this.#asks = mustWait;
    // The stream is full, of the last one among others: when it has taken that, there is one more, and it says all.
    if (mustWait || !this.#host.isLineUp) return;
    this.#frames = this.#bytes = 0;
    this.#isWaiting = true;
    this.#host.write(ask, this.#taken);
  }

  /** What was put off is said, and where this side is in any case. */
  goOn(): void {
    this.say(this.#asks);
  }

  lineDown(): void {
    this.#isWaiting = false;
  }

  readonly #taken = (): void => {
    this.#isWaiting = false;
    if (this.#isDue) this.goOn();
  };
}
