import { ByteBuffer, findByte } from '../codecs/byte-buffer.ts';

const LF = 0x0a;

/** Cuts what a monitor sends into its lines; holds no more than `most` bytes of one. */
export class QmpLines {
  readonly #most: number;
  readonly #held = new ByteBuffer();
  /** Bytes of the unfinished line in which there is no line break. */
  #scanned = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Hands each whole line to `take`, until that returns false. False as well where a line is too long: the rest is not read. */
  push(chunk: Uint8Array, take: (line: string) => boolean): boolean {
    let goesOn = true;
    this.#held.feed(chunk, (bytes, from, to) => {
      let at = from;
      while (goesOn) {
        const end = findByte(bytes, LF, at + this.#scanned, to);
        goesOn = (end < 0 ? to : end) - at <= this.#most;
        if (end < 0 || !goesOn) break;
        const line = bytes.toString('utf8', at, end).trim();
        this.#scanned = 0;
        at = end + 1;
        if (line !== '') goesOn = take(line);
      }
      this.#scanned = goesOn ? to - at : 0;
      return goesOn ? at : to;
    });
    return goesOn;
  }
}
