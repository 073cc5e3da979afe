import { encodeStatus, sessionSeed, type Frame, type Status } from '../codecs/virtagent-2-frames.ts';
import { RemoteProtocolError } from '../errors.ts';
import { sessionBounds, sessionLimits, type SessionLimits } from '../limits.ts';
import type { SpareMemory } from '../spare-memory.ts';
import type { Timers } from '../timers.ts';
import type { SendResult } from '../transport-input.ts';
import { Allowance, type Credit, type Room } from './allowance.ts';
import { BYTES_MODULUS, COUNT_MODULUS, SEQ_MODULUS } from './numbers.ts';
import { Pieces, type Excess, type Whole } from './pieces.ts';
import { Sending, type SendingHost } from './sending.ts';
import { TakenFrames } from './taken-frames.ts';
import { Telling, type TellingHost } from './telling.ts';

type DataFrame = Extract<Frame, { kind: 'data' }>;
type StatusFrame = Extract<Frame, { kind: 'status' }>;

/** What the two sides of a session are to each other. */
export interface ConversationOptions {
  /** This side's half of the session, and the other's. */
  readonly half: string;
  readonly other: string;
  readonly reliable: boolean;
  /** Requests, and bytes of them, that have a place here. */
  readonly room: Room;
  /** Bytes of one message that this side takes. */
  readonly maxMessage: number;
  /** Where large messages that come are put together. */
  readonly spare: SpareMemory;
}

/** What a conversation needs of its session. */
export interface ConversationHost {
  readonly timers: Timers;
  /** Milliseconds of this side's clock, as frames carry it. */
  readonly clock: number;
  /** Whether the stream is one that keeps nothing of what it has taken, and has taken all: nobody looks at its frames any more. */
  readonly isFlushed: boolean;
  /** Hands a frame to the line, if there is one. `taken` is called when the stream took it, and never if the line goes before. */
  write(frame: Uint8Array, taken: (result: SendResult) => void): void;
  /** A message has come whole. */
  onMessage(whole: Whole): void;
  onDamage(error: RemoteProtocolError): void;
  /** The other side went beyond a limit of this one. */
  onExcess(excess: Excess): void;
  /** It confirmed what was never sent: one of the two was put back to an earlier moment. */
  onImpossible(): void;
  onCredit(credit: Credit): void;
}

const noBits = new Uint8Array(0);

/** What two sides say in one session, over however many lines: numbered frames, what is known of them, and credits. */
export class Conversation {
  readonly isReliable: boolean;
  readonly #host: ConversationHost;
  /** Seals what this side sends; checks what it is sent. */
  readonly #seed: number;
  readonly #theirSeed: number;
  readonly #sending: Sending;
  readonly #taken: TakenFrames<DataFrame>;
  readonly #pieces: Pieces;
  readonly #allowance: Allowance;
  readonly #telling: Telling;
  /** What may be sent more is about to be told. */
  #isTelling = false;
  #isLineUp = false;
  #isClosed = false;

  constructor(host: ConversationHost, { half, other, reliable, room, maxMessage, spare }: ConversationOptions) {
    this.#host = host;
    this.isReliable = reliable;
    this.#seed = sessionSeed(half, other);
    this.#theirSeed = sessionSeed(other, half);
    this.#taken = new TakenFrames(reliable);
    this.#pieces = new Pieces({ message: maxMessage, messages: sessionLimits.messages }, spare);
    this.#allowance = new Allowance(room, maxMessage);
    this.#telling = new Telling(this.#tellingHost());
    this.#sending = new Sending(this.#sendingHost(), reliable, this.#seed);
  }

  /** What the other side announced; the defaults before. */
  get limits(): SessionLimits {
    return this.#sending.limits;
  }

  /** The other side announces its limits: what it says first counts. */
  meet(said: Readonly<Record<string, number>>): void {
    this.#sending.meet(said);
  }

  /** What the CRCs of the other side's frames begin with. */
  get seed(): number {
    return this.#theirSeed;
  }

  get sent(): number {
    return this.#sending.sent;
  }

  get confirmed(): number {
    return this.#sending.confirmed;
  }

  get got(): number {
    return this.#taken.next;
  }

  /** Frames of the other side that were never seen. */
  get lost(): number {
    return this.#taken.lost;
  }

  /** Bytes of messages that have not come whole. */
  get held(): number {
    return this.#pieces.held;
  }

  // The line.

  /** Both have agreed, on a line: all that the other side has not taken, by its own count, is sent again. */
  lineUp(theirs: number): void {
    this.#isLineUp = true;
    this.#allowance.lineUp();
    this.#sending.lineUp(theirs);
  }

  /** The two sides have to agree anew. The stream may be the same, and takes what it was given in its own time. */
  hold(): void {
    this.#isLineUp = false;
    this.#sending.hold();
    this.#taken.forgetAhead();
  }

  /** The line is gone. What its stream had not taken is sent again on the next, so it counts as sent. */
  lineDown(): void {
    this.hold();
    this.#telling.lineDown();
    this.#sending.lineDown();
  }

  /** The session is over. */
  close(): void {
    this.#isClosed = true;
    this.#isLineUp = false;
    this.#sending.close();
  }

  // What is sent.

  /** See {@link Sending.send}. */
  send(payload: Uint8Array, isBytes: boolean, charge: number, isUrgent: boolean, done: (result: SendResult) => void): void {
    this.#sending.send(payload, isBytes, charge, isUrgent, done);
  }

  /** Whether a part of a message is on the line, and not all. */
  hasBegun(payload: Uint8Array): boolean {
    return this.#sending.hasBegun(payload);
  }

  /** A message will not be finished. */
  forget(payload: Uint8Array): void {
    this.#sending.forget(payload);
  }

  /** See {@link Session.whenConfirmed}. A session that ends before calls nothing. */
  whenConfirmed(done: () => void): void {
    this.#sending.whenConfirmed(done);
  }

  /** A request that came no longer waits here: another may be sent. */
  release(bytes: number): void {
    this.#allowance.release(bytes);
    this.#weigh();
  }

  /** One is run. */
  begin(bytes: number): void {
    this.#allowance.begin(bytes);
    this.#weigh();
  }

  /** One that was run holds nothing here any more. */
  end(bytes: number): void {
    this.#allowance.end(bytes);
    this.#weigh();
  }

  #weigh(): void {
    if (this.#isTelling || !this.#isLineUp || !this.#allowance.isDue) return;
    this.#isTelling = true;
    // With what else this turn releases: to a side that has nothing left, each by itself would be due.
    queueMicrotask(this.#tell);
  }

  readonly #tell = (): void => {
    this.#isTelling = false;
    this.flush();
  };

  /** Says where this side is. */
  status(ask = false): void {
    this.#telling.say(ask);
  }

  readonly #say = (): void => this.status();

  // What comes in.

  takeData(frame: DataFrame): void {
    const came = this.#taken.take(frame, this.#handOn);
    const isMuch = this.#telling.took(
      frame.payload.length,
      this.isReliable ? sessionBounds.reliableStatusFrames : sessionBounds.statusFrames,
    );
    if (isMuch || came !== 'next' || this.#taken.hasGap) this.#telling.due();
    else this.#sending.statusSoon(this.#say);
  }

  takeStatus(status: StatusFrame): void {
    // What a reliable session has not seen is still on its way.
    if (!this.isReliable) this.#allowance.spent(status.spentRequests, status.spentBytes);
    if (status.ask) this.#telling.due();
    if (!this.#sending.heard(status)) this.#host.onImpossible();
  }

  /** A request came, of so many bytes. False: the other side had no credit for it. */
  charge(bytes: number): boolean {
    return this.#allowance.take(bytes);
  }

  /** What was pushed has been looked at: what it leads to is said now. */
  flush(): void {
    if (this.#isLineUp && (this.#telling.isDue || this.#allowance.isDue)) this.status();
  }

  readonly #handOn = (frame: DataFrame, lost: number): void => {
    // A message before it, kept until then, may have ended the session.
    if (this.#isClosed) return;
    this.#allowance.frameTaken();
    if (lost > 0) this.#pieces.frameLost();
    const whole = this.#pieces.take(frame);
    if (whole === undefined) return;
    if (whole instanceof RemoteProtocolError) this.#host.onDamage(whole);
    else if ('limit' in whole) this.#host.onExcess(whole);
    else this.#host.onMessage(whole);
  };

  #sendingHost(): SendingHost {
    const host = this.#host;
    const telling = this.#telling;
    return {
      timers: host.timers,
      get isFlushed() {
        return host.isFlushed;
      },
      write: (frame, taken) => host.write(frame, taken),
      onCredit: (credit) => host.onCredit(credit),
      onRepeated: () => telling.goOn(),
      statusIsDue: () => telling.due(),
      statusIfDue: () => {
        if (telling.isDue) this.status();
      },
      ask: () => this.status(true),
    };
  }

  #tellingHost(): TellingHost {
    const owner = this;
    return {
      get isLineUp() {
        return owner.#isLineUp;
      },
      get isRepeated() {
        return owner.#sending.isRepeated;
      },
      write: (ask, taken) => {
        this.#sending.statusSent();
        this.#host.write(encodeStatus(this.#progress(ask), this.#seed), taken);
      },
    };
  }

  #progress(ask: boolean): Status {
    const granted = this.#allowance.tell();
    const { spent } = this.#sending;
    return {
      ask,
      next: this.#taken.next % SEQ_MODULUS,
      clock: this.#host.clock,
      grantedRequests: granted.requests,
      grantedBytes: granted.bytes,
      spentRequests: spent.requests % COUNT_MODULUS,
      spentBytes: spent.bytes % BYTES_MODULUS,
      taken: this.isReliable ? this.#taken.bits() : noBits,
    };
  }

  /** See {@link Repeats.isWaiting}. */
  get isFull(): boolean {
    return this.#sending.isFull;
  }
}
