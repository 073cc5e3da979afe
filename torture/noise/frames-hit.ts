import { kinds } from '../../transport/codecs/virtagent-2-fields.ts';
import { FLAG } from '../../transport/codecs/virtagent-2-escapes.ts';

/**
 * Counts the frames of virtagent-2 that were hit, their two FLAGs included: told first where the noise hits, then what was sent before
 * it did.
 */
export class FramesHit {
  /** Frames with a message, or a part of one. */
  data = 0;
  #at = 0;
  /** Where the present frame's first FLAG is, and its first byte once there is one. */
  #from = 0;
  #head = -1;
  #hits: { readonly from: number; readonly to: number }[] = [];

  /** The bytes from `from` up to `to` will not arrive as they are. */
  readonly hit = (from: number, to: number): void => void this.#hits.push({ from, to });

  sent(chunk: Buffer): void {
    for (const byte of chunk) {
      if (byte === FLAG) this.#ended();
      else if (this.#head < 0) this.#head = byte;
      this.#at++;
    }
  }

  #ended(): void {
    if (this.#head >= 0) {
      const isHit = this.#hits.some(({ from, to }) => from <= this.#at && to > this.#from);
      if (isHit && this.#head >> 4 === kinds.data) this.data++;
      this.#hits = this.#hits.filter(({ to }) => to > this.#at);
    }
    this.#head = -1;
    this.#from = this.#at;
  }
}
