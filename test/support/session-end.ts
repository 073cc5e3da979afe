import type { Duplex } from 'node:stream';
import {
  encodeData,
  encodeHello,
  encodeStatus,
  FrameReader,
  sessionSeed,
  type Frame,
  type Hello,
  type Status,
} from '../../transport/codecs/virtagent-2-frames.ts';
import { RemoteProtocolError } from '../../transport/errors.ts';

/** The far end of a line of virtagent-2, played by hand: it greets, and says whatever the test wants. */
export class SessionEnd {
  readonly line: Duplex;
  readonly frames: Frame[] = [];
  /** Bytes that came. */
  bytes = 0;
  half = 'f00000000001';
  own = 'e00000000001';
  /** What our side calls itself. */
  their: { line: string; half: string } = { line: '', half: '' };
  sent = 0;
  readonly #reader = new FrameReader(64 * 1024);

  constructor(line: Duplex) {
    this.line = line;
    line.on('error', () => {});
    line.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length;
      this.#reader.read(chunk, (one) => {
        if (one instanceof RemoteProtocolError) return;
        this.frames.push(one.kind === 'data' ? { ...one, payload: Buffer.from(one.payload) } : one);
        if (one.kind === 'hello') this.their = { line: one.line, half: one.half };
      });
    });
  }

  /** Agrees on a session, and tells limits. */
  async greet(limits: Record<string, number> = {}): Promise<void> {
    while (this.their.half === '') await new Promise((resolve) => setImmediate(resolve));
    this.hello();
    this.#reader.seed = sessionSeed(this.their.half, this.half);
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    this.message({ method: '$/limits', params: limits });
    this.status({ grantedRequests: 1000, grantedBytes: 1e9 });
  }

  hello(other: Partial<Hello> = {}): void {
    this.line.write(this.helloBytes(other));
  }

  helloBytes(other: Partial<Hello> = {}): Buffer {
    const { line: seen, half } = this.their;
    const base = { version: 2, reliable: false, line: this.own, seen, half: this.half, other: half, got: 0, sent: this.sent, clock: 0 };
    return encodeHello({ ...base, ...other });
  }

  /** A message in one frame. */
  message(message: object | string): void {
    this.line.write(this.messageBytes(message));
  }

  messageBytes(message: object | string): Buffer {
    const payload = Buffer.from(typeof message === 'string' ? message : JSON.stringify(message));
    const whole = { first: true, last: true, bytes: false, drop: false, number: undefined, total: undefined };
    return encodeData({ seq: this.sent++ % 16_384, ...whole }, payload, 0, payload.length, this.seed);
  }

  status(status: Partial<Status> = {}): void {
    this.line.write(this.statusBytes(status));
  }

  statusBytes(status: Partial<Status> = {}): Buffer {
    const nothing = { grantedRequests: 0, grantedBytes: 0, spentRequests: 0, spentBytes: 0, taken: Buffer.alloc(0) };
    return encodeStatus({ ask: false, next: 0, clock: 0, ...nothing, ...status }, this.seed);
  }

  /** What this end's frames are sealed with. */
  get seed(): number {
    return sessionSeed(this.half, this.their.half);
  }

  count(kind: Frame['kind']): number {
    return this.frames.filter((frame) => frame.kind === kind).length;
  }
}
