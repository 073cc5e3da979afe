import { sessionBounds } from '../limits.ts';
import { durations, type Timer, type Timers } from '../timers.ts';
import { RoundTrip } from './round-trip.ts';
import type { Acknowledged, SentFrames } from './sent-frames.ts';

/** How many frames the mean of their sends is taken over. */
const MEAN_OVER = 32;
/** Frames that are sent again at once when nothing is heard of any. */
const MOST_AT_ONCE = 16;

/** The line, for what is sent again. */
export interface ResendingLine {
  /** False while the stream has not taken what was sent again before: who does not read is not sent the same thing twice. */
  readonly takesRepeats: boolean;
  repeat(frame: Uint8Array): void;
}

/**
 * A reliable session's timers: a frame that is not taken in time is sent again, and what was taken is told soon.
 *
 * Most losses are known without a timer: lines keep their order, so a frame that was sent before one that is taken is lost.
 */
export class Resending {
  readonly #sent: SentFrames;
  readonly #timers: Timers;
  readonly #line: ResendingLine;
  readonly #roundTrip = new RoundTrip();
  /** How many sends a frame takes, on the mean of the last ones. */
  #sends = 1;
  /** How often in a row nothing was taken in time. */
  #timeouts = 0;
  #resend: Timer | undefined;
  #status: Timer | undefined;

  constructor(sent: SentFrames, timers: Timers, line: ResendingLine) {
    this.#sent = sent;
    this.#timers = timers;
    this.#line = line;
  }

  /** The payload that a frame had best have: what is damaged more often is to cost less each time. */
  get piece(): number {
    if (this.#sends < 1.3) return sessionBounds.firstPiece;
    return this.#sends < 2 ? 128 : 64;
  }

  /** A frame was sent. */
  arm(): void {
    if (this.#resend === undefined && this.#sent.size > 0) this.#start();
  }

  /** The line is gone. */
  disarm(): void {
    this.#timers.cancel(this.#resend);
    this.#resend = undefined;
    this.statusSent();
  }

  /** A STATUS came. */
  heard(acknowledged: Acknowledged): void {
    if (acknowledged.type !== 'taken') return;
    this.#timeouts = 0;
    const { frames, sends } = acknowledged;
    if (frames > 0) this.#sends += (sends / frames - this.#sends) * Math.min(1, frames / MEAN_OVER);
    if (acknowledged.roundTrip !== undefined) this.#roundTrip.measured(acknowledged.roundTrip);
    else this.#roundTrip.progressed();
    this.repeatLost();
    this.#timers.cancel(this.#resend);
    this.#resend = undefined;
    this.arm();
  }

  /** Sends again what is known to be lost, as far as the line takes it. */
  repeatLost(): void {
    if (!this.#line.takesRepeats) return;
    for (const frame of this.#sent.lost(this.#timers.clock.now())) {
      this.#line.repeat(frame);
      if (!this.#line.takesRepeats) return;
    }
  }

  /** A STATUS is to be sent within {@link durations.statusDelay}. */
  statusSoon(send: () => void): void {
    this.#status ??= this.#timers.start(durations.statusDelay, send);
  }

  statusSent(): void {
    this.#timers.cancel(this.#status);
    this.#status = undefined;
  }

  #start(): void {
    this.#resend = this.#timers.start(this.#roundTrip.timeout, () => this.#late());
  }

  /** Nothing was taken in time: the oldest is lost, or what tells of it. One frame finds out; if it is lost too, more of them. */
  #late(): void {
    this.#resend = undefined;
    this.#roundTrip.timedOut();
    const count = Math.min(MOST_AT_ONCE, 2 ** this.#timeouts++);
    if (this.#line.takesRepeats) {
      for (const frame of this.#sent.oldest(count, this.#timers.clock.now())) {
        this.#line.repeat(frame);
        if (!this.#line.takesRepeats) break;
      }
    }
    this.arm();
  }
}
