import { encodeData, type Status } from '../codecs/virtagent-2-frames.ts';
import { VirtagentError } from '../errors.ts';
import { sessionBounds, sessionLimits, type SessionLimits } from '../limits.ts';
import { SpareMemory } from '../spare-memory.ts';
import type { Timers } from '../timers.ts';
import type { SendResult } from '../transport-input.ts';
import type { Credit } from './allowance.ts';
import { Charges } from './charges.ts';
import { heardLimits } from './heard-limits.ts';
import { FRAMES_MODULUS, SEQ_MODULUS, unwrapped } from './numbers.ts';
import { OutgoingMessages, type Cut } from './outgoing-messages.ts';
import { Questions } from './questions.ts';
import { Repeats, type RepeatLine } from './repeats.ts';
import { Resending, type ResendingLine } from './resending.ts';
import { SentFrames } from './sent-frames.ts';
import { Untaken } from './untaken.ts';
import { WaitingMessages } from './waiting-messages.ts';
import { Window } from './window.ts';

/** What sending needs of its conversation. */
export interface SendingHost {
  readonly timers: Timers;
  /** Whether the stream is one that keeps nothing of what it has taken, and has taken all: nobody looks at its frames any more. */
  readonly isFlushed: boolean;
  /** Hands a frame to the line, if there is one. `taken` is called when the stream took it, and never if the line goes before. */
  write(frame: Uint8Array, taken: (result: SendResult) => void): void;
  /** The other side allows so many more requests. */
  onCredit(credit: Credit): void;
  /** All that the line before did not carry is sent again. */
  onRepeated(): void;
  /** This side is to say where it is, at the next opportunity. */
  statusIsDue(): void;
  /** That opportunity is here. */
  statusIfDue(): void;
  /** Has the other side say where it is. */
  ask(): void;
}

/** What is not longer than this always leaves in one turn. */
export const WHOLE = sessionBounds.reliableTurn;
const ignore = (): void => {};
const taken: SendResult = Object.freeze({ ok: true });
const takenInPart: SendResult = Object.freeze({ ok: true, more: true });

/** What one side sends in a session: messages in numbered frames, which are kept until the other side has taken them. */
export class Sending {
  readonly #isReliable: boolean;
  readonly #host: SendingHost;
  /** Seals what this side sends. */
  readonly #seed: number;
  #limits: SessionLimits = sessionLimits;
  #hasLimits = false;
  readonly #sent: SentFrames;
  readonly #window: Window;
  readonly #outgoing = new OutgoingMessages();
  readonly #resending: Resending | undefined;
  readonly #questions: Questions;
  readonly #charges = new Charges();
  readonly #repeats: Repeats;
  readonly #waiting = new WaitingMessages();
  #isMakingWay = false;
  /** Memory of frames. It never leaves the session: whatever the other side does, it is sent nothing of another. */
  readonly #frameMemory = new SpareMemory(2 * sessionBounds.plainBytes);
  readonly #untaken = new Untaken((frame, isTaken) => this.#write(frame, isTaken));
  /** STATUS in a row that say less than was said. */
  #behind = 0;
  #isLineUp = false;
  #onConfirmed: (() => void) | undefined;

  /** `seed`: what the CRCs of this side's frames begin with. */
  constructor(host: SendingHost, isReliable: boolean, seed: number) {
    this.#host = host;
    this.#isReliable = isReliable;
    this.#seed = seed;
    this.#sent = new SentFrames(isReliable ? sessionBounds.reliableFrames : sessionBounds.plainFrames);
    this.#window = new Window(isReliable ? sessionBounds.reliableBytes : sessionBounds.plainBytes);
    this.#questions = new Questions(host.timers, () => host.ask());
    this.#repeats = new Repeats(this.#sent, this.#repeatLine());
    if (isReliable) this.#resending = new Resending(this.#sent, host.timers, this.#resendingLine());
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

  /** Frames that were sent in this session. */
  get sent(): number {
    return this.#sent.sent;
  }

  /** Those of them that the other side has taken. */
  get confirmed(): number {
    return this.#sent.taken;
  }

  /** What requests have cost that were sent whole. */
  get spent(): Credit {
    return this.#charges.spent;
  }

  /** See {@link Repeats.isOver}. */
  get isRepeated(): boolean {
    return this.#repeats.isOver;
  }

  /** See {@link Repeats.isWaiting}. */
  get isFull(): boolean {
    return this.#repeats.isWaiting;
  }

  // The line.

  /** Both have agreed, on a line: all that the other side has not taken, by its own count, is sent again. */
  lineUp(theirs: number): void {
    this.#isLineUp = true;
    this.#sent.confirm(unwrapped(theirs, this.#sent.sent, FRAMES_MODULUS));
    this.#repeats.begin();
    this.#goOn();
  }

  /** Nothing is sent until the two sides have agreed anew. */
  hold(): void {
    this.#isLineUp = false;
    this.#resending?.disarm();
    this.#questions.end();
    this.#behind = 0;
  }

  /** The line is gone. What its stream had not taken is sent again on the next, so it counts as sent. */
  lineDown(): void {
    this.#repeats.lineDown();
    this.#untaken.lineDown();
  }

  /** The session is over. */
  close(): void {
    this.hold();
    this.#untaken.clear();
    this.#waiting.clear();
  }

  // Messages.

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
    const isFirst = this.#waiting.isIdle;
    this.#waiting.add({ payload, isBytes, isUrgent, done });
    if (isFirst) this.#pump();
  }

  /** Most messages: short, with nothing before them and room in the window. Sending them makes as little as it can. */
  #leavesAtOnce({ length }: Uint8Array, isUrgent: boolean): boolean {
    if (length > this.#piece || length > this.#turn || !this.#isLineUp || !this.#repeats.isOver) return false;
    return this.#waiting.isIdle && !this.#charges.hasUnsent && this.#hasRoom(1, length, isUrgent);
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
    this.#host.statusIfDue();
    this.#wonder();
  }

  /** Whether a part of a message is on the line, and not all. */
  hasBegun(payload: Uint8Array): boolean {
    return this.#outgoing.hasBegun(payload);
  }

  /** A message will not be finished. What it was charged is free again: the other side never counts half a message. */
  forget(payload: Uint8Array): void {
    const freed = this.#charges.forget(payload);
    // What waits for the window, or to begin, has its slot, and its turn will come to nothing.
    const waiting = this.#waiting.take(payload);
    if (waiting !== undefined) queueMicrotask(() => waiting.done({ ok: true }));
    const cut = this.#outgoing.drop(payload, this.#seq);
    if (cut !== undefined) {
      this.#write(this.#number(payload, cut), ignore);
      if (this.#unblock()) this.#pump();
    }
    if (freed !== undefined) this.#host.onCredit(freed);
  }

  /** See {@link Session.whenConfirmed}. A session that ends before calls nothing. */
  whenConfirmed(done: () => void): void {
    if (!this.#isReliable || this.#isConfirmed) return done();
    this.#onConfirmed = done;
    // Now, and not after the delay with which it would say so.
    this.#host.ask();
  }

  get #isConfirmed(): boolean {
    return this.#sent.size === 0 && this.#waiting.isEmpty;
  }

  // What the other side says of it.

  /** A STATUS came. False: it says what can't be, so one of the two sides was put back to an earlier moment. */
  heard({ next, taken: bits, grantedRequests, grantedBytes }: Status): boolean {
    const came = this.#sent.acknowledge(next, bits, this.#now, this.#host.isFlushed ? this.#frameMemory : undefined);
    this.#behind = came.type === 'behind' ? this.#behind + 1 : 0;
    if (came.type === 'impossible' || this.#behind >= sessionBounds.statusBehind) return false;
    this.#resending?.heard(came);
    const credit = this.#charges.heard(grantedRequests, grantedBytes);
    this.#pump();
    this.#tellConfirmed();
    if (credit !== undefined) this.#host.onCredit(credit);
    return true;
  }

  #tellConfirmed(): void {
    if (this.#onConfirmed === undefined || !this.#isConfirmed) return;
    const done = this.#onConfirmed;
    this.#onConfirmed = undefined;
    done();
  }

  #pump(): void {
    for (let next = this.#waiting.first; next !== undefined && this.#isLineUp && this.#repeats.isOver; next = this.#waiting.first) {
      const { payload, isBytes, isUrgent, done } = next;
      const left = this.#outgoing.left(payload);
      const turn = Math.min(left, this.#turn);
      if (!this.#hasRoom(Math.ceil(turn / this.#piece), turn, isUrgent)) break;
      if (turn < left && !this.#mayBegin && !this.#outgoing.hasBegun(payload)) {
        this.#waiting.block();
        continue;
      }
      this.#waiting.shift();
      if (turn === left && this.#charges.end(payload)) this.#weighCharges();
      this.#sendTurn(payload, isBytes, turn, done);
      this.#host.statusIfDue();
      this.#unblock();
    }
    if (this.#waiting.isBlocked) this.#makeWay();
    this.#wonder();
  }

  /** Whether the other side takes one more message of which not all is sent at once. */
  get #mayBegin(): boolean {
    return this.#outgoing.begun < this.limits.messages;
  }

  /** Has those that could not begin try again, once one that had begun has ended. */
  #unblock(): boolean {
    if (!this.#waiting.isBlocked || !this.#mayBegin) return false;
    this.#waiting.unblock();
    return true;
  }

  /** None of those that have begun is at work here: they wait for slots, perhaps, which are held by those that can't begin. One gives its own back. */
  #makeWay(): void {
    if (this.#isMakingWay) return;
    this.#isMakingWay = true;
    setImmediate(() => {
      this.#isMakingWay = false;
      if (this.#waiting.isIdle && this.#untaken.isEmpty) this.#waiting.popBlocked()?.done(takenInPart);
    });
  }

  /** Some of what was sent may be lost: a side that has spent all says so, or would wait for ever. */
  #weighCharges(): void {
    if (this.#charges.isAtEnd) this.#host.statusIsDue();
  }

  /** What keeps this side waiting may be a STATUS that was lost, and that nothing else would bring again. */
  #wonder(): void {
    const isStuck = !this.#waiting.isIdle || this.#charges.isAtEnd;
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

  /** The frame of a piece: it is numbered, and kept until it is taken. */
  #number(payload: Uint8Array, cut: Cut): Uint8Array {
    const frame = encodeData(cut, payload, cut.from, cut.to, this.#seed, this.#frameMemory);
    const bytes = cut.to - cut.from;
    // A plain session does not look at the time.
    this.#sent.add(frame, bytes, this.#isReliable ? this.#now : 0);
    this.#window.sent(bytes);
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
    this.#host.onRepeated();
    this.#pump();
  }

  #repeatLine(): RepeatLine {
    const owner = this;
    return {
      get isUp() {
        return owner.#isLineUp;
      },
      get now() {
        return owner.#now;
      },
      write: (frame, isTaken) => this.#host.write(frame, isTaken),
      onRoom: () => {
        if (this.#repeats.isOver) this.#resending?.repeatLost();
        else this.#goOn();
      },
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

  get #piece(): number {
    if (!this.#hasLimits) return sessionBounds.firstPiece;
    return Math.min(this.#resending?.piece ?? Infinity, this.limits.frame);
  }

  get #turn(): number {
    return this.#isReliable ? sessionBounds.reliableTurn : sessionBounds.plainTurn;
  }

  get #now(): number {
    return this.#host.timers.clock.now();
  }

  /** A frame has come: in a reliable session where this side is is to be said soon. */
  statusSoon(say: () => void): void {
    this.#resending?.statusSoon(say);
  }

  /** It is said, for whatever reason. */
  statusSent(): void {
    this.#resending?.statusSent();
  }
}
