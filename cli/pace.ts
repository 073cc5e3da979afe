import { MOST_BYTES } from './getfile.ts';

/** Half a second of a line at 115200 baud, as base64. */
const FIRST_BYTES = 4096;
const LEAST_BYTES = 1024;

/** Round trips below this are short: larger pieces cost less. */
const SHORT_MS = 150;

/** Above this nobody sees that anything moves, and a lost piece costs much. */
const LONG_MS = 2000;

/** How large the pieces of a copy are: small at first, doubled while round trips stay short, halved when they are long. */
export class Pace {
  /** Bytes of the next piece. */
  bytes: number;
  readonly #isFixed: boolean;
  readonly #most: number;

  constructor(fixed?: number, most = MOST_BYTES) {
    this.#most = most;
    this.#isFixed = fixed !== undefined;
    this.bytes = Math.min(fixed ?? FIRST_BYTES, most);
  }

  /** Takes note of a piece. One that was begun before the last change says nothing about it. */
  took(bytes: number, ms: number): void {
    if (this.#isFixed) return;
    if (ms < SHORT_MS && bytes >= this.bytes) this.bytes = Math.min(this.#most, this.bytes * 2);
    else if (ms > LONG_MS && bytes <= this.bytes) this.bytes = Math.max(LEAST_BYTES, this.bytes >> 1);
  }
}
