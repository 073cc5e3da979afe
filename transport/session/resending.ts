import { durations, type Timer, type Timers } from '../timers.ts';
import { RoundTrip } from './round-trip.ts';
import type { Acknowledged, SentFrames } from './sent-frames.ts';

/** What sends again. */
export interface ResendingLine {
  /** The stream has not taken what was sent last: what is sent again would only wait behind it. */
  readonly isFull: boolean;
  again(frame: Uint8Array): void;
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
  #resend: Timer | undefined;
  #status: Timer | undefined;

  constructor(sent: SentFrames, timers: Timers, line: ResendingLine) {
    this.#sent = sent;
    this.#timers = timers;
    this.#line = line;
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
    if (acknowledged.roundTrip !== undefined) this.#roundTrip.measured(acknowledged.roundTrip);
    else this.#roundTrip.progressed();
    if (!this.#line.isFull) for (const frame of this.#sent.lost(this.#timers.clock.now())) this.#line.again(frame);
    this.#timers.cancel(this.#resend);
    this.#resend = undefined;
    this.arm();
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

  /** Nothing was taken in time: the oldest is lost, or what tells of it. One frame finds out. */
  #late(): void {
    this.#resend = undefined;
    this.#roundTrip.timedOut();
    if (this.#sent.size === 0) return;
    if (!this.#line.isFull) this.#line.again(this.#sent.oldest(this.#timers.clock.now()) as Uint8Array);
    this.#start();
  }
}
