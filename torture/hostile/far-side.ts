import type { Duplex } from 'node:stream';
import { encodeFrame, FrameReader, sessionSeed, type Frame, type Status } from '../../transport/codecs/virtagent-2-frames.ts';
import { RemoteProtocolError } from '../../transport/errors.ts';
import { RawSide } from './raw-side.ts';
import { ahead, SEQ_MODULUS } from '../../transport/session/numbers.ts';

type Hello = Extract<Frame, { kind: 'hello' }>;
type Data = Extract<Frame, { kind: 'data' }>;

/** What a far side does by itself. */
export interface Manners {
  /** Greets back, until both sides have agreed; default true. */
  readonly greets?: boolean;
  /** Says what it has taken, after so many frames; default 0: never. */
  readonly confirms?: number;
  /** Reads at all; default true. */
  readonly reads?: boolean;
  readonly reliable?: boolean;
  /** What it announces; default nothing. */
  readonly limits?: object;
  /** Grants plenty; default true. */
  readonly grants?: boolean;
}

/** Announced by who has nothing to announce. */
export const limits = (more: object = {}): object => ({ method: '$/limits', params: more });
const plenty = Object.freeze({ requests: 100_000, bytes: 2 ** 40 });

/**
 * The far end of a line of virtagent-2, with each frame said by hand: nothing that a peer may not do is kept from it. What it says
 * has the session's key, as an attacker's has who is one of its two sides.
 */
export class FarSide extends RawSide {
  /** Every frame that was heard, and every message, parsed, that came in one frame. */
  readonly heard: Frame[] = [];
  readonly messages: Record<string, unknown>[] = [];
  /** Only these are kept of `heard` and `messages`: a flood is not to fill the attacker. */
  most = 100_000;
  half: string;
  ours: string;
  /** The other side's, as it said. */
  other = '';
  seen = '';
  sent = 0;
  got = 0;
  credit = { requests: 0, bytes: 0 };
  /** Of what was heard: frames of each kind, the payload of the largest, requests, and answers with an error. */
  readonly counts = { hellos: 0, statuses: 0, largest: 0, requests: 0, errors: 0 };
  /** Told of each message that came in one frame. */
  onMessage: (message: Record<string, unknown>) => void = () => {};
  readonly #reader = new FrameReader(64 * 1024);
  readonly #manners: Manners;
  #unconfirmed = 0;

  /** `nth`: of those that are known to one victim. No two are alike. */
  constructor(line: Duplex, manners: Manners = {}, nth = 0) {
    super(line, false);
    this.#manners = manners;
    this.half = `aaaa${String(nth).padStart(8, '0')}`;
    this.ours = `bbbb${String(nth).padStart(8, '0')}`;
    if (manners.reads !== false) this.listen();
  }

  override hear(chunk: Buffer): void {
    for (const one of this.#reader.push(chunk)) if (!(one instanceof RemoteProtocolError)) this.#hear(one);
  }

  /** Both have agreed, and both have told their limits: calls may be made. */
  async meet(own = this.#manners.limits): Promise<this> {
    await this.until(() => this.other !== '' && this.heard.some((one) => one.kind === 'hello' && one.other === this.half));
    this.message(limits(own));
    this.status();
    await this.until(() => this.messages.some(({ method }) => method === '$/limits'));
    return this;
  }

  say(frame: Frame): boolean {
    return this.raw(this.bytesOf(frame));
  }

  bytesOf(frame: Frame): Buffer {
    return encodeFrame(frame, this.seed);
  }

  /** What seals this side's frames. */
  get seed(): number {
    return sessionSeed(this.half, this.other);
  }

  helloFrame(more: Partial<Hello> = {}): Hello {
    const { ours, seen, half, other, got, sent } = this;
    const reliable = this.#manners.reliable ?? false;
    return { kind: 'hello', version: 2, reliable, line: ours, seen, half, other, got, sent, clock: 0, ...more };
  }

  hello(more: Partial<Hello> = {}): boolean {
    return this.say(this.helloFrame(more));
  }

  /** A frame with the next number, whole unless said otherwise. */
  dataFrame(payload: Uint8Array, more: Partial<Data> = {}): Data {
    const seq = this.sent++ % SEQ_MODULUS;
    const whole = { first: true, last: true, bytes: false, drop: false, number: undefined, total: undefined };
    return { kind: 'data', ...whole, seq, payload: Buffer.from(payload), ...more };
  }

  data(payload: Uint8Array | string, more: Partial<Data> = {}): boolean {
    return this.say(this.dataFrame(Buffer.from(payload as Uint8Array), more));
  }

  message(message: object): boolean {
    return this.data(JSON.stringify(message));
  }

  /** Grants plenty, unless said otherwise. */
  status(more: Partial<Status> = {}): boolean {
    return this.say({
      kind: 'status',
      ask: false,
      next: this.got % SEQ_MODULUS,
      clock: 0,
      grantedRequests: this.#manners.grants === false ? 0 : plenty.requests,
      grantedBytes: this.#manners.grants === false ? 0 : plenty.bytes,
      spentRequests: 0,
      spentBytes: 0,
      taken: Buffer.alloc(0),
      ...more,
    });
  }

  bye(code: number, text = '', seen = this.seen): boolean {
    return this.say({ kind: 'bye', seen, code, text });
  }

  #hear(frame: Frame): void {
    if (this.heard.length < this.most) this.heard.push(frame);
    if (frame.kind === 'hello') return this.#greeted(frame);
    if (frame.kind === 'status') {
      this.counts.statuses++;
      this.credit = { requests: frame.grantedRequests, bytes: frame.grantedBytes };
      if (frame.ask && this.#manners.confirms !== undefined) this.status();
    }
    if (frame.kind === 'data') this.#take(frame);
  }

  #greeted(hello: Hello): void {
    this.counts.hellos++;
    const isNew = hello.line !== this.seen || hello.half !== this.other;
    this.seen = hello.line;
    this.other = hello.half;
    this.#reader.seed = sessionSeed(this.other, this.half);
    if (this.#manners.greets !== false && (isNew || hello.seen !== this.ours || hello.other !== this.half)) this.hello();
  }

  #take(frame: Data): void {
    // Counts go on behind their digits.
    this.got += Math.max(0, ahead(frame.seq, this.got) + 1);
    this.counts.largest = Math.max(this.counts.largest, frame.payload.length);
    if (frame.first && frame.last && !frame.bytes) this.#told(JSON.parse(frame.payload.toString()) as Record<string, unknown>);
    const { confirms = 0 } = this.#manners;
    if (confirms > 0 && ++this.#unconfirmed >= confirms) {
      this.#unconfirmed = 0;
      this.status();
    }
  }

  #told(message: Record<string, unknown>): void {
    if (typeof message['method'] === 'string' && !message['method'].startsWith('$/')) this.counts.requests++;
    if (message['error'] !== undefined) this.counts.errors++;
    if (this.messages.length < this.most) this.messages.push(message);
    this.onMessage(message);
  }
}

/** A request, as JSON would have it. */
export const request = (id: string, method: string, params: unknown = {}, more: object = {}): object => ({ id, method, params, ...more });
