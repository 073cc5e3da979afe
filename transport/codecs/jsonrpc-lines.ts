import type { Limits } from '../limits.ts';
import type { Codec, Decoded, OutgoingMessage } from '../messages.ts';
import { ByteBuffer, findByte } from './byte-buffer.ts';
import { damaged, type Fault } from './damage.ts';
import { bodyLength, frameOf, isBlank } from './json.ts';
import { readJsonRpc, writeJsonRpc, type Dialect } from './jsonrpc.ts';

const LF = 0x0a;
const CR = 0x0d;
const cutLine: Fault = { reason: 'truncated', message: 'a line that the end of the stream cut' };

/** JSON-RPC 2.0, one object a line. A damaged line costs that line and no other. */
export class JsonRpcLinesCodec implements Codec {
  readonly #dialect: Dialect;
  readonly #most: number;
  readonly #held = new ByteBuffer();
  readonly #decode = (bytes: Buffer, from: number, to: number): number => this.#lines(bytes, from, to);
  #out: Decoded[] = [];
  /** Bytes of the unfinished line in which there is no line break. */
  #scanned = 0;
  /** Bytes dropped of a line that is too long, while in one. */
  #dropped: number | undefined;

  constructor(limits: Limits) {
    this.#dialect = { limits, extensions: false };
    this.#most = limits.maxMessageBytes;
  }

  get buffered(): number {
    return this.#held.length;
  }

  push(chunk: Uint8Array): Decoded[] {
    this.#held.feed(chunk, this.#decode);
    return this.#taken();
  }

  end(): Decoded[] {
    if (this.#dropped !== undefined) this.#tooLong(this.#dropped);
    else if (this.#held.length > 0) this.#out.push(damaged(cutLine, this.#held.length));
    this.#held.clear();
    this.#scanned = 0;
    this.#dropped = undefined;
    return this.#taken();
  }

  encode(message: OutgoingMessage): Uint8Array {
    const text = writeJsonRpc(message, this.#dialect);
    return frameOf('', text, bodyLength(text, this.#most), '\n');
  }

  #taken(): Decoded[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  #lines(bytes: Buffer, from: number, to: number): number {
    let at = from;
    for (;;) {
      const end = findByte(bytes, LF, at + this.#scanned, to);
      if (end < 0) return this.#unfinished(at, to);
      this.#line(bytes, at, end);
      this.#scanned = 0;
      at = end + 1;
    }
  }

  #unfinished(at: number, to: number): number {
    const size = to - at;
    // One more than the most may still be a carriage return.
    if (this.#dropped === undefined && size <= this.#most + 1) {
      this.#scanned = size;
      return at;
    }
    this.#dropped = (this.#dropped ?? 0) + size;
    this.#scanned = 0;
    return to;
  }

  #line(bytes: Buffer, at: number, end: number): void {
    const size = end + 1 - at;
    const stop = end > at && bytes[end - 1] === CR ? end - 1 : end;
    if (this.#dropped !== undefined || stop - at > this.#most) this.#tooLong((this.#dropped ?? 0) + size);
    else if (!isBlank(bytes, at, stop)) this.#out.push(readJsonRpc(bytes, at, stop, size, this.#dialect));
    this.#dropped = undefined;
  }

  #tooLong(dropped: number): void {
    this.#out.push(damaged({ reason: 'message-too-large', message: `a line of more than ${this.#most}` }, dropped));
  }
}
