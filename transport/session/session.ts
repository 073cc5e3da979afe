import type { SessionEvent } from '../../machines/session.ts';
import { lineEchoes } from '../codecs/damage.ts';
import { encodeBye, encodeHello, FrameReader, type Frame } from '../codecs/virtagent-2-frames.ts';
import { beyondLimits, decodeMessage, encodeMessage } from '../codecs/virtagent-2-messages.ts';
import { RemoteProtocolError, VirtagentError } from '../errors.ts';
import { announcedLimits, sessionLimits, type Limits, type SessionLimits } from '../limits.ts';
import type { Codec, Decoded, IncomingMessage, OutgoingMessage } from '../messages.ts';
import { SpareMemory } from '../spare-memory.ts';
import type { Timers } from '../timers.ts';
import type { SendResult } from '../transport-input.ts';
import { Agreement, type Progress } from './agreement.ts';
import type { Credit, Room } from './allowance.ts';
import { ClockDifference } from './clock-difference.ts';
import { Conversation, type ConversationHost } from './conversation.ts';
import { byeCodes, endedByOther, limitExceeded, otherVersion } from './ends.ts';
import { Heartbeat } from './heartbeat.ts';
import { CLOCK_MODULUS, unwrapped } from './numbers.ts';
import type { Excess, Whole } from './pieces.ts';

type HelloFrame = Extract<Frame, { kind: 'hello' }>;
type ByeFrame = Extract<Frame, { kind: 'bye' }>;

/** What a session needs of its peer. */
export interface SessionHost {
  readonly timers: Timers;
  readonly random: () => number;
  /** See {@link ConversationHost.isFlushed}. */
  readonly isFlushed: boolean;
  /** Hands bytes to the line. `taken` is called when the stream took them, and never if the line goes before. */
  write(bytes: Uint8Array, taken: (result: SendResult) => void): void;
  /** Something happened that the chart decides on (machines/session.ts). */
  tell(event: SessionEvent): void;
  /** The other side allows so many more requests. */
  credit(credit: Credit): void;
  /** What was read and not handed on is of a session that is over. */
  discard(): void;
  /** Nothing was heard for too long: the line is to be given up. */
  silent(reason: VirtagentError): void;
}

/** What a session is made with. */
export interface SessionOptions {
  /** Caps of messages. */
  readonly limits: Limits;
  /** Whether this side wants lost frames sent again. */
  readonly reliable: boolean;
  /** Requests, and bytes of them, that have a place here. */
  readonly room: Room;
  readonly keepMs: number;
  readonly heartbeatMs: number;
}

const VERSION = 2;

/** Memory of messages, before they are sent and until they are read: of all sessions of the process, as one that is idle needs none. */
const spare = new SpareMemory(2 * 1024 * 1024);
const ignore = (): void => {};

/**
 * One side of virtagent-2, without I/O: bytes in, messages out; messages in, bytes out. It outlives lines.
 *
 * What is agreed on, and what becomes of a session, is the chart's business (`machines/session.ts`): this class tells it what it
 * heard, and does what its effects ask for. docs/protocol.md says what is on the wire.
 */
export class Session implements Codec {
  readonly #host: SessionHost;
  readonly #options: SessionOptions;
  readonly #agreement: Agreement;
  readonly #heartbeat: Heartbeat;
  /** Payloads with byte strings. */
  readonly #withBytes = new WeakSet<Uint8Array>();
  readonly #began: number;
  #reader: FrameReader;
  #conversation: Conversation | undefined;
  /** How many sessions there have been; the number of the present one. */
  #number = 0;
  /** What may be sent: this side's own caps, or the other's where those are less. */
  #sendable: Limits;
  #difference = new ClockDifference();
  /** There is no line, or it is over: nothing of it is listened to any more. */
  #isDeaf = true;
  #isReading = false;
  /** The other side has said why it ends the session. */
  #farewell: VirtagentError | undefined;
  /** The stream has not taken the last HELLO; another is owed when it has. */
  #hello: { isOwed: boolean } | undefined;
  /** This side's limits are on their way to the stream. */
  #isTelling = false;
  #out: Decoded[] = [];

  constructor(host: SessionHost, options: SessionOptions) {
    this.#host = host;
    this.#options = options;
    this.#sendable = options.limits;
    this.#began = host.timers.clock.now();
    this.#agreement = new Agreement(() => nonce(host.random));
    this.#heartbeat = new Heartbeat(host.timers, options.heartbeatMs, {
      ask: () => this.#conversation?.status(true),
      silent: (reason) => host.silent(reason),
    });
    this.#reader = newReader();
  }

  // As a codec.

  get buffered(): number {
    return this.#reader.buffered + (this.#conversation?.held ?? 0);
  }

  encode(message: OutgoingMessage): Uint8Array {
    const { payload, bytes } = encodeMessage(message, this.#sendable, spare);
    if (bytes) this.#withBytes.add(payload);
    return payload;
  }

  push(chunk: Uint8Array): Decoded[] {
    this.#isReading = true;
    this.#reader.read(chunk, this.#take);
    this.#isReading = false;
    this.#conversation?.flush();
    return this.#takeOut();
  }

  /** Of a line that a frame has ended nothing is left to be told: what came before that frame, its push gives out. */
  end(): Decoded[] {
    return this.#isReading ? [] : (this.#reader.end() as RemoteProtocolError[]);
  }

  /** What came before a BYE, perhaps in the same chunk, is handed on before it counts: the last answers of who stops. */
  handedOn(): void {
    const reason = this.#farewell;
    if (reason === undefined) return;
    this.#farewell = undefined;
    this.renew();
    this.#host.tell({ type: 'ended', reason });
  }

  // What the chart's effects ask for.

  /** A line has been opened. */
  lineOpened(): void {
    this.#agreement.begin();
    this.#reader = newReader();
    this.#isDeaf = false;
    this.#farewell = undefined;
    this.#hello = undefined;
  }

  /** The line is gone. */
  lineClosed(): void {
    this.handedOn();
    this.#isDeaf = true;
    this.#heartbeat.stop();
    this.#reader.seed = undefined;
    this.#conversation?.lineDown();
  }

  /** Says HELLO; on a full stream once it has taken the last one. */
  hello(): void {
    if (this.#hello !== undefined) {
      this.#hello.isOwed = true;
      return;
    }
    const hello = (this.#hello = { isOwed: false });
    this.#host.write(encodeHello(this.#agreement.hello(this.#progress, this.#options.reliable, this.clock)), () => {
      // Of an earlier line.
      if (this.#hello !== hello) return;
      this.#hello = undefined;
      if (!hello.isOwed) return;
      this.hello();
      // Until the other side has heard this one it may not have agreed, and drops what comes before.
      if (this.#agreement.isAgreed) this.#conversation?.lineUp(this.#conversation.confirmed);
    });
  }

  /** Tells this side's limits. `again`: the other side's have not come, and perhaps these have not either. */
  tellLimits(again: boolean): void {
    // The other side may ask for them as often as it likes.
    if (this.#isTelling) return;
    this.#isTelling = true;
    const { limits, keepMs, heartbeatMs } = this.#options;
    const announced = announcedLimits(limits, { keepMs, heartbeatMs });
    const payload = this.encode({ type: 'limits', limits: again ? { ...announced, again: 1 } : { ...announced } });
    this.send(payload, 0, false, () => {
      this.#isTelling = false;
    });
  }

  /** The session is over. What this side still holds of it is of no use to the next. */
  renew(): void {
    this.#agreement.renew();
    this.#heartbeat.stop();
    this.#reader.seed = undefined;
    this.#conversation?.close();
    this.#conversation = undefined;
    this.#sendable = this.#options.limits;
    this.#difference = new ClockDifference();
    this.#isTelling = false;
    this.#out = [];
    this.#host.discard();
  }

  /** The peer has ended. Who keeps it is not to keep what had come of messages, or was to be sent again. */
  close(): void {
    this.lineClosed();
    this.renew();
    this.#reader = newReader();
  }

  /** Says that the session is over. */
  bye(code: number, text: string): void {
    this.#write(encodeBye({ seen: this.#agreement.seen, code, text }));
  }

  // Messages.

  /** Sends the next part of a message: see {@link Conversation.send}. */
  send(payload: Uint8Array, charge: number, isUrgent: boolean, done: (result: SendResult) => void): void {
    const conversation = this.#conversation;
    if (conversation === undefined)
      return done({ ok: false, error: new VirtagentError('LINE_LOST', 'there is no session'), known: 'not-sent' });
    const bytes = this.#withBytes.has(payload);
    const error = conversation.hasBegun(payload) ? undefined : this.#beyond(payload, bytes);
    if (error !== undefined) return done({ ok: false, error, known: 'not-sent' });
    conversation.send(payload, bytes, charge, isUrgent, done);
  }

  /** What was encoded before the other side's limits had come may go beyond them. Most sides take as much as this one sends. */
  #beyond(payload: Uint8Array, bytes: boolean): VirtagentError | undefined {
    const { maxDepth, maxMethodLength } = this.#options.limits;
    const takes = this.#sendable;
    return takes.maxDepth < maxDepth || takes.maxMethodLength < maxMethodLength ? beyondLimits(payload, bytes, takes) : undefined;
  }

  /** A message is not needed any more. If a part of it is on the line and not all, the other side is told that it will not be finished. */
  forget(payload: Uint8Array): void {
    this.#conversation?.forget(payload);
    spare.give(payload);
  }

  /** Calls `done` once, when the other side has all that was sent; at once where it is not known to: in a plain session. */
  whenConfirmed(done: () => void): void {
    if (this.#conversation === undefined) done();
    else this.#conversation.whenConfirmed(done);
  }

  /** A request that came in the session of that number no longer waits: another may be sent. */
  release(bytes: number, number: number): void {
    if (number === this.#number) this.#conversation?.release(bytes);
  }

  /** The same, as it is run; {@link ran} is owed. */
  runs(bytes: number, number: number): void {
    if (number === this.#number) this.#conversation?.begin(bytes);
  }

  /** One that was run is over, and its handler has returned. */
  ran(bytes: number, number: number): void {
    if (number === this.#number) this.#conversation?.end(bytes);
  }

  /** How many sessions there have been; the number of the present one. */
  get number(): number {
    return this.#number;
  }

  /** Milliseconds of this side's clock, which deadlines are told by. */
  get clock(): number {
    return Math.floor(this.#host.timers.clock.now() - this.#began);
  }

  /** Milliseconds that a session is kept without a line. */
  get keepMs(): number {
    return Math.min(this.#options.keepMs, this.#conversation?.limits.keepMs ?? Infinity);
  }

  /** The other side's limits: the defaults until they have come. */
  get remoteLimits(): SessionLimits {
    return this.#conversation?.limits ?? sessionLimits;
  }

  /** Whether both have agreed on one, on this line or an earlier one. */
  get isAgreed(): boolean {
    return this.#conversation !== undefined;
  }

  get isReliable(): boolean {
    return this.#conversation?.isReliable ?? false;
  }

  /** Frames of the other side that this session has lost. */
  get lost(): number {
    return this.#conversation?.lost ?? 0;
  }

  // What comes in.

  readonly #take = (one: Frame | RemoteProtocolError): void => {
    if (this.#isDeaf) return;
    if (one instanceof RemoteProtocolError) return void this.#out.push(one);
    this.#heartbeat.heard();
    if (one.kind === 'hello') return this.#hear(one);
    if (one.kind === 'bye') return this.#takeBye(one);
    // A frame before it in the same chunk may have ended the session.
    if (!this.#agreement.isAgreed) return;
    this.#agreement.confirmed();
    if (one.kind === 'data') return this.#conversation?.takeData(one);
    this.#noteClock(one.clock);
    this.#conversation?.takeStatus(one);
  };

  #hear(hello: HelloFrame): void {
    if (hello.version !== VERSION) return this.#speaksAnother(hello.version);
    const heard = this.#agreement.hear(hello, this.#progress, this.#host.timers.clock.now());
    if (heard.verdict === 'echo') {
      this.#out.push(new RemoteProtocolError(lineEchoes.reason, lineEchoes.message, 0));
      return;
    }
    if (heard.verdict === 'at-odds') return this.#atOdds();
    if (heard.anew) {
      this.#reader.seed = undefined;
      this.#conversation?.hold();
      this.#host.tell({ type: 'anew' });
    }
    if (heard.answer) this.hello();
    if (heard.verdict === 'agreed') this.#agreed(hello);
    // It has not heard that this side agreed: what was sent meanwhile it has dropped.
    else if (heard.again) this.#conversation?.lineUp(hello.got);
  }

  #agreed(hello: HelloFrame): void {
    const resumed = this.#conversation !== undefined;
    const conversation = (this.#conversation ??= this.#converse(hello.reliable));
    this.#reader.seed = conversation.seed;
    this.#noteClock(hello.clock);
    this.#heartbeat.start();
    conversation.lineUp(hello.got);
    this.#host.tell({ type: 'agreed', resumed });
  }

  #converse(reliable: boolean): Conversation {
    this.#number++;
    const { half, other } = this.#agreement;
    const { room, limits } = this.#options;
    return new Conversation(this.#conversationHost(), {
      half,
      other,
      reliable: reliable || this.#options.reliable,
      room,
      maxMessage: limits.maxMessageBytes,
      spare,
    });
  }

  #conversationHost(): ConversationHost {
    const owner = this;
    return {
      timers: this.#host.timers,
      get clock() {
        return owner.clock;
      },
      get isFlushed() {
        return owner.#host.isFlushed;
      },
      write: (frame, taken) => this.#host.write(frame, taken),
      onMessage: (whole) => this.#handOn(whole),
      onDamage: (error) => void this.#out.push(error),
      onExcess: (excess) => this.#exceeded(excess),
      onImpossible: () => this.#atOdds(),
      onCredit: (credit) => this.#host.credit(credit),
    };
  }

  #handOn({ payload, bytes, owned }: Whole): void {
    const message = decodeMessage(payload, bytes, this.#options.limits, owned === true);
    if (owned === true && !bytes) spare.give(payload);
    if (message instanceof RemoteProtocolError) return void this.#out.push(message);
    if (message.type === 'limits') return this.#meet(message.limits);
    // The protocol's own, of a later version than this.
    if (message.type === 'notification' && message.method.startsWith('$/')) return;
    if (!isCharged(message)) return void this.#out.push(this.#timed(message));
    const isAllowed = this.#conversation?.charge(message.bytes) === true;
    // What is refused here never waits.
    if (message.type === 'rejected') this.#conversation?.release(message.bytes);
    if (isAllowed) return void this.#out.push(this.#timed(message));
    const { requests } = this.#options.room.waiting;
    this.#exceeded({ limit: 'requests', most: requests, value: requests + 1 });
  }

  #meet(limits: Readonly<Record<string, number>>): void {
    const conversation = this.#conversation as Conversation;
    conversation.meet(limits);
    this.#sendable = lesser(this.#options.limits, conversation.limits);
    if (limits['again'] === 1) this.tellLimits(false);
    this.#host.tell({ type: 'limits' });
  }

  /** A request with what is left of its deadline. */
  #timed(message: IncomingMessage): IncomingMessage {
    if (message.type !== 'request' || message.deadline === undefined) return message;
    const now = this.clock - this.#difference.value;
    return { ...message, remainingMs: unwrapped(message.deadline, now, CLOCK_MODULUS) - now };
  }

  #noteClock(theirs: number): void {
    this.#difference.note(theirs, this.clock);
  }

  // What ends it.

  #atOdds(): void {
    this.renew();
    this.#host.tell({ type: 'at_odds' });
  }

  /** The other side went beyond a limit, and is told. */
  #exceeded(excess: Excess): void {
    const { code, text, reason } = limitExceeded(excess);
    this.#isDeaf = true;
    this.bye(code, text);
    this.renew();
    this.#host.tell({ type: 'ended', reason });
  }

  /** The other side speaks another version, and is told. */
  #speaksAnother(version: number): void {
    const { code, text, reason } = otherVersion(version, VERSION);
    this.#isDeaf = true;
    this.bye(code, text);
    this.#host.tell({ type: 'ended', reason });
  }

  #takeBye({ seen, code, text }: ByeFrame): void {
    const { line, isAgreed } = this.#agreement;
    // Who does not speak this version knows no line. Who has agreed speaks it, and what says otherwise is of before.
    if (seen !== line && (code !== byeCodes.version || isAgreed)) return;
    this.#isDeaf = true;
    this.#farewell = endedByOther(code, text);
  }

  get #progress(): Progress {
    const conversation = this.#conversation;
    return {
      sent: conversation?.sent ?? 0,
      taken: conversation?.confirmed ?? 0,
      got: conversation?.got ?? 0,
      isFull: conversation?.isFull === true,
    };
  }

  #takeOut(): Decoded[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  #write(frame: Uint8Array): void {
    this.#host.write(frame, ignore);
  }
}

function lesser(own: Limits, { message, depth, method }: SessionLimits): Limits {
  return {
    ...own,
    maxMessageBytes: Math.min(own.maxMessageBytes, message),
    maxDepth: Math.min(own.maxDepth, depth),
    maxMethodLength: Math.min(own.maxMethodLength, method),
  };
}

function newReader(): FrameReader {
  return new FrameReader(sessionLimits.frame);
}

/** Whether it costs a credit: what asks something to be run here, but for what a handler of this side is waited for by. */
export function isCharged(message: IncomingMessage): boolean {
  return message.type === 'notification' || message.type === 'rejected' || (message.type === 'request' && message.nested !== true);
}

/** 48 random bits in hexadecimal, and not all zero: that is none. */
function nonce(random: () => number): string {
  const half = (): string =>
    Math.floor(random() * 0x100_0000)
      .toString(16)
      .padStart(6, '0');
  const drawn = half() + half();
  return drawn === '000000000000' ? '000000000001' : drawn;
}
