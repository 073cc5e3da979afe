import { encodeData, encodeStatus, sessionSeed, type Frame, type Status } from '../codecs/virtagent-2-frames.ts';
import { RemoteProtocolError, VirtagentError } from '../errors.ts';
import { sessionBounds, sessionLimits, type SessionLimits } from '../limits.ts';
import type { Timers } from '../timers.ts';
import { SpareMemory } from '../spare-memory.ts';
import type { SendResult } from '../transport-input.ts';
import { Allowance, type Credit } from './allowance.ts';
import { Charges } from './charges.ts';
import { heardLimits } from './heard-limits.ts';
import { BYTES_MODULUS, COUNT_MODULUS, FRAMES_MODULUS, SEQ_MODULUS, unwrapped } from './numbers.ts';
import { OutgoingMessages, type Cut } from './outgoing-messages.ts';
import { Pieces, type Excess, type Whole } from './pieces.ts';
import { Questions } from './questions.ts';
import { Repeats, type RepeatLine } from './repeats.ts';
import { Resending, type ResendingLine } from './resending.ts';
import { SentFrames } from './sent-frames.ts';
import { TakenFrames } from './taken-frames.ts';
import { Telling, type TellingHost } from './telling.ts';
import { Untaken } from './untaken.ts';
import { Window } from './window.ts';

type DataFrame = Extract<Frame, { kind: 'data' }>;
type StatusFrame = Extract<Frame, { kind: 'status' }>;

/** What the two sides of a session are to each other. */
export interface ConversationOptions {
  /** This side's half of the session, and the other's. */
  readonly half: string;
  readonly other: string;
  readonly reliable: boolean;
  /** Requests, and bytes of them, that may wait here. */
  readonly room: Credit;
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

/** What is not longer than this always leaves in one turn. */
export const WHOLE = sessionBounds.reliableTurn;
const noBits = new Uint8Array(0);
const ignore = (): void => {};
const taken: SendResult = Object.freeze({ ok: true });
const takenInPart: SendResult = Object.freeze({ ok: true, more: true });

interface Waiting {
  readonly payload: Uint8Array;
  readonly isBytes: boolean;
  readonly isUrgent: boolean;
  readonly done: (result: SendResult) => void;
}

/** What two sides say in one session, over however many lines: numbered frames, what is known of them, and credits. */
export class Conversation {
  readonly isReliable: boolean;
  #limits: SessionLimits = sessionLimits;
  #hasLimits = false;
  readonly #host: ConversationHost;
  /** Seals what this side sends; checks what it is sent. */
  readonly #seed: number;
  readonly #theirSeed: number;
  readonly #sent: SentFrames;
  readonly #window: Window;
  readonly #taken: TakenFrames<DataFrame>;
  readonly #outgoing = new OutgoingMessages();
  readonly #pieces: Pieces;
  readonly #allowance: Allowance;
  readonly #resending: Resending | undefined;
  readonly #questions: Questions;
  readonly #charges = new Charges();
  readonly #repeats: Repeats;
  /** Messages that wait for the window, in the order in which they were sent. */
  #waiting: Waiting[] = [];
  /** Memory of frames. It never leaves the session: whatever the other side does, it is sent nothing of another. */
  readonly #frameMemory: SpareMemory;
  readonly #untaken = new Untaken((frame, taken) => this.#write(frame, taken));
  readonly #telling: Telling;
  /** STATUS in a row that say less than was said. */
  #behind = 0;
  /** What may be sent more is about to be told. */
  #isTelling = false;
  #isLineUp = false;
  #isClosed = false;
  #onConfirmed: (() => void) | undefined;

  constructor(host: ConversationHost, { half, other, reliable, room, maxMessage, spare }: ConversationOptions) {
    this.#host = host;
    this.isReliable = reliable;
    this.#seed = sessionSeed(half, other);
    this.#theirSeed = sessionSeed(other, half);
    this.#sent = new SentFrames(reliable ? sessionBounds.reliableFrames : sessionBounds.plainFrames);
    this.#window = new Window(reliable ? sessionBounds.reliableBytes : sessionBounds.plainBytes);
    this.#frameMemory = new SpareMemory(2 * sessionBounds.plainBytes);
    this.#taken = new TakenFrames(reliable);
    this.#pieces = new Pieces({ message: maxMessage, messages: sessionLimits.messages }, spare);
    this.#allowance = new Allowance(room, maxMessage);
    this.#questions = new Questions(host.timers, () => this.status(true));
    this.#repeats = new Repeats(this.#sent, this.#repeatLine());
    this.#telling = new Telling(this.#tellingHost());
    if (reliable) this.#resending = new Resending(this.#sent, host.timers, this.#resendingLine());
  }

  /** What the other side announced; the defaults before. */
  get limits(): SessionLimits {
    return this.#limits;
  }

  /** The other side announces its limits: what it says first counts. */
  meet(said: Readonly<Record<string, number>>): void {
    if (this.#hasLimits) return;
    this.#hasLimits = true;
    this.#limits = heardLimits(said);
  }

  /** What the CRCs of the other side's frames begin with. */
  get seed(): number {
    return this.#theirSeed;
  }

  get sent(): number {
    return this.#sent.sent;
  }

  get confirmed(): number {
    return this.#sent.taken;
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
    this.#sent.confirm(unwrapped(theirs, this.#sent.sent, FRAMES_MODULUS));
    this.#repeats.begin();
    this.#goOn();
  }

  /** The two sides have to agree anew. The stream may be the same, and takes what it was given in its own time. */
  hold(): void {
    this.#isLineUp = false;
    this.#resending?.disarm();
    this.#questions.end();
    this.#taken.forgetAhead();
    this.#behind = 0;
  }

  /** The line is gone. What its stream had not taken is sent again on the next, so it counts as sent. */
  lineDown(): void {
    this.hold();
    this.#telling.lineDown();
    this.#repeats.lineDown();
    this.#untaken.lineDown();
  }

  /** The session is over. */
  close(): void {
    this.#isClosed = true;
    this.#isLineUp = false;
    this.#resending?.disarm();
    this.#questions.end();
    this.#untaken.clear();
    this.#waiting = [];
  }

  // What is sent.

  /**
   * Sends the next part of a message: all of it if it is short. `done` is told when the stream took it, with `more` if something is
   * left; never if the session ends before. `charge`: what a request is charged; 0 for what needs no credit. `isUrgent`: other messages are to
   * leave it room.
   */
  send(payload: Uint8Array, isBytes: boolean, charge: number, isUrgent: boolean, done: (result: SendResult) => void): void {
    if (payload.length > this.limits.message) {
      const message = `the message has ${payload.length} bytes; the other side takes at most ${this.limits.message}`;
      return done({ ok: false, error: new VirtagentError('MESSAGE_TOO_LARGE', message), known: 'not-sent' });
    }
    if (isUrgent) this.#window.urgent();
    if (this.#leavesAtOnce(payload, isUrgent)) return this.#sendWhole(payload, isBytes, charge, done);
    if (charge > 0) this.#charges.begin(payload, charge);
    this.#waiting.push({ payload, isBytes, isUrgent, done });
    if (this.#waiting.length === 1) this.#pump();
  }

  /** Most messages: short, with nothing before them and room in the window. Sending them makes as little as it can. */
  #leavesAtOnce({ length }: Uint8Array, isUrgent: boolean): boolean {
    if (length > this.#piece || length > this.#turn || !this.#isLineUp || !this.#repeats.isOver) return false;
    return this.#waiting.length === 0 && !this.#charges.hasUnsent && this.#hasRoom(1, length, isUrgent);
  }

  #hasRoom(frames: number, bytes: number, isUrgent: boolean): boolean {
    return this.#sent.hasRoom(frames, bytes, this.#window.bytes(isUrgent));
  }

  #sendWhole(payload: Uint8Array, isBytes: boolean, charge: number, done: (result: SendResult) => void): void {
    if (charge > 0) {
      this.#charges.once(charge);
      this.#weighCharges();
    }
    const { length } = payload;
    const frame = this.#number(payload, this.#outgoing.cut(payload, isBytes, Math.max(length, 1), this.#seq));
    this.#untaken.write(frame, taken, done);
    if (this.#telling.isDue) this.status();
    this.#wonder();
  }

  /** A message will not be finished. What it was charged is free again: the other side never counts half a message. */
  forget(payload: Uint8Array): void {
    const freed = this.#charges.forget(payload);
    const at = this.#waiting.findIndex((one) => one.payload === payload);
    // What waits for the window has its slot, and its turn will come to nothing.
    if (at >= 0) {
      const [waiting] = this.#waiting.splice(at, 1);
      queueMicrotask(() => waiting?.done({ ok: true }));
    }
    const cut = this.#outgoing.drop(payload, this.#seq);
    if (cut !== undefined) this.#write(this.#number(payload, cut), ignore);
    if (freed !== undefined) this.#host.onCredit(freed);
  }

  /** See {@link Session.whenConfirmed}. A session that ends before calls nothing. */
  whenConfirmed(done: () => void): void {
    if (!this.isReliable || this.#isConfirmed) return done();
    this.#onConfirmed = done;
    // Now, and not after the delay with which it would say so.
    this.status(true);
  }

  get #isConfirmed(): boolean {
    return this.#sent.size === 0 && this.#waiting.length === 0;
  }

  /** A request that came no longer waits here: another may be sent. */
  release(bytes: number): void {
    this.#allowance.release(bytes);
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

  // What comes in.

  takeData(frame: DataFrame): void {
    const came = this.#taken.take(frame, this.#handOn);
    const isMuch = this.#telling.took(
      frame.payload.length,
      this.isReliable ? sessionBounds.reliableStatusFrames : sessionBounds.statusFrames,
    );
    if (isMuch || came !== 'next' || this.#taken.hasGap) this.#telling.due();
    else this.#resending?.statusSoon(() => this.status());
  }

  takeStatus(status: StatusFrame): void {
    const { now } = this;
    const came = this.#sent.acknowledge(status.next, status.taken, now, this.#host.isFlushed ? this.#frameMemory : undefined);
    this.#behind = came.type === 'behind' ? this.#behind + 1 : 0;
    if (came.type === 'impossible' || this.#behind >= sessionBounds.statusBehind) return this.#host.onImpossible();
    this.#resending?.heard(came);
    // What a reliable session has not seen is still on its way.
    if (!this.isReliable) this.#allowance.spent(status.spentRequests, status.spentBytes);
    const credit = this.#charges.heard(status.grantedRequests, status.grantedBytes);
    if (status.ask) this.#telling.due();
    this.#pump();
    this.#tellConfirmed();
    if (credit !== undefined) this.#host.onCredit(credit);
  }

  #tellConfirmed(): void {
    if (this.#onConfirmed === undefined || !this.#isConfirmed) return;
    const done = this.#onConfirmed;
    this.#onConfirmed = undefined;
    done();
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
    if (lost > 0) this.#pieces.frameLost();
    const whole = this.#pieces.take(frame);
    if (whole === undefined) return;
    if (whole instanceof RemoteProtocolError) this.#host.onDamage(whole);
    else if ('limit' in whole) this.#host.onExcess(whole);
    else this.#host.onMessage(whole);
  };

  #pump(): void {
    while (this.#isLineUp && this.#repeats.isOver && this.#waiting.length > 0) {
      const { payload, isBytes, isUrgent, done } = this.#waiting[0] as Waiting;
      const left = this.#outgoing.left(payload);
      const turn = Math.min(left, this.#turn);
      if (!this.#hasRoom(Math.ceil(turn / this.#piece), turn, isUrgent)) break;
      const begins = !this.#outgoing.hasBegun(payload);
      if (begins && turn < left && this.#outgoing.begun >= this.limits.messages) return this.#yield();
      this.#waiting.shift();
      if (turn === left && this.#charges.end(payload)) this.#weighCharges();
      this.#sendTurn(payload, isBytes, turn, done);
      if (this.#telling.isDue) this.status();
    }
    this.#wonder();
  }

  /** Some of what was sent may be lost: a side that has spent all says so, or would wait for ever. */
  #weighCharges(): void {
    if (this.#charges.isAtEnd) this.#telling.due();
  }

  /** What keeps this side waiting may be a STATUS that was lost, and that nothing else would bring again. */
  #wonder(): void {
    const isStuck = this.#waiting.length > 0 || this.#charges.isAtEnd;
    if (isStuck && this.#isLineUp) this.#questions.begin();
    else this.#questions.end();
  }

  /** Sends so much of a message, in as many frames as that takes. */
  #sendTurn(payload: Uint8Array, isBytes: boolean, turn: number, done: (result: SendResult) => void): void {
    const most = this.#piece;
    let left = turn;
    do {
      const cut = this.#outgoing.cut(payload, isBytes, Math.min(most, Math.max(left, 1)), this.#seq);
      left -= cut.to - cut.from;
      const frame = this.#number(payload, cut);
      if (left > 0) this.#write(frame, ignore);
      else this.#untaken.write(frame, cut.last ? taken : takenInPart, done);
    } while (left > 0);
  }

  /** As many messages are begun as the other side takes: those go on first, in slots of theirs. */
  #yield(): void {
    const { done } = this.#waiting.shift() as Waiting;
    setImmediate(() => done({ ok: true, more: true }));
  }

  /** The frame of a piece: it is numbered, and kept until it is taken. */
  #number(payload: Uint8Array, cut: Cut): Uint8Array {
    const frame = encodeData(cut, payload, cut.from, cut.to, this.#seed, this.#frameMemory);
    // A plain session does not look at the time.
    this.#sent.add(frame, this.isReliable ? this.now : 0);
    this.#window.sent(frame.length);
    this.#resending?.arm();
    return frame;
  }

  /** A line that went meanwhile takes nothing: the next one will. */
  #write(frame: Uint8Array, isTaken: () => void): void {
    if (this.#isLineUp) this.#host.write(frame, isTaken);
    else isTaken();
  }

  get #seq(): number {
    return this.#sent.sent % SEQ_MODULUS;
  }

  /** Sends again what the line before did not carry; then all else. */
  #goOn(): void {
    this.#repeats.goOn();
    if (!this.#repeats.isOver || !this.#isLineUp) return;
    this.#resending?.arm();
    this.#telling.goOn();
    this.#pump();
  }

  #repeatLine(): RepeatLine {
    const owner = this;
    return {
      get isUp() {
        return owner.#isLineUp;
      },
      get now() {
        return owner.now;
      },
      write: (frame, isTaken) => this.#host.write(frame, isTaken),
      onRoom: () => {
        if (this.#repeats.isOver) this.#resending?.repeatLost();
        else this.#goOn();
      },
    };
  }

  #tellingHost(): TellingHost {
    const owner = this;
    return {
      get isLineUp() {
        return owner.#isLineUp;
      },
      get isRepeated() {
        return owner.#repeats.isOver;
      },
      write: (ask, taken) => {
        this.#resending?.statusSent();
        this.#host.write(encodeStatus(this.#progress(ask), this.#seed), taken);
      },
    };
  }

  #progress(ask: boolean): Status {
    const granted = this.#allowance.tell();
    const { spent } = this.#charges;
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

  #resendingLine(): ResendingLine {
    const owner = this;
    return {
      get takesRepeats() {
        return owner.#isLineUp && !owner.#repeats.isWaiting;
      },
      repeat: (frame) => this.#repeats.repeat(frame),
    };
  }

  /** See {@link Repeats.isWaiting}. */
  get isFull(): boolean {
    return this.#repeats.isWaiting;
  }

  get #piece(): number {
    if (!this.#hasLimits) return sessionBounds.firstPiece;
    return Math.min(this.#resending?.piece ?? Infinity, this.limits.frame);
  }

  get #turn(): number {
    return this.isReliable ? sessionBounds.reliableTurn : sessionBounds.plainTurn;
  }

  get now(): number {
    return this.#host.timers.clock.now();
  }
}
