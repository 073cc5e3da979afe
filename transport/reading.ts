import { RemoteProtocolError, VirtagentError } from './errors.ts';
import { Inbox } from './inbox.ts';
import type { Line } from './line.ts';
import type { Codec, Decoded, IncomingMessage } from './messages.ts';
import { REQUEST_CHARGE } from './session/allowance.ts';
import { isCharged } from './session/session.ts';
import type { Timer, Timers } from './timers.ts';

/** What reading needs of its transport. */
export interface ReadingHost {
  readonly timers: Timers;
  /** The present line. */
  readonly line: Line | undefined;
  /** Whether a session keeps what is sent and what comes across lines. */
  readonly hasSession: boolean;
  /** Milliseconds that a peer may leave its answers unread. */
  readonly stallTimeoutMs: number;
  /** What handlers of the other side may have asked that waits while nothing is to be read, in bytes with a charge for each. */
  readonly mostNestedBytes: number;
  handOn(one: Decoded): void;
  /** All that was decoded is handed on. */
  onEmpty(): void;
  /** The peer has read nothing of its answers for too long. */
  onStalled(reason: VirtagentError): void;
}

/** What leads to an answer. */
const isAnswered: ReadonlySet<IncomingMessage['type']> = new Set(['request', 'notification', 'rejected', 'cancel', 'status']);

/** Whether it is handed on at once, whatever waits. */
const isFree = (one: Decoded): boolean => one instanceof RemoteProtocolError || !isAnswered.has(one.type);

/** Bytes of cancels and the like that wait while nothing is to be read: 10,000 of them. */
const mostUncharged = 512 * 1024;

/** Decodes what comes and hands it on, or holds it back while the peer leaves too many answers unread. */
export class Reading {
  readonly #host: ReadingHost;
  /** What was decoded and is not handed on: it waits while nothing is to be read. */
  readonly #inbox: Inbox;
  #isOn = true;
  /** Since the answers owed were too many, or that was last looked at, the stream has taken all that it held. */
  #hasDrained = false;
  /** Bytes of what waits of a session, while nothing is to be read, and costs its sender no credit: what handlers ask, and all else. */
  #nested = 0;
  #uncharged = 0;
  #stall: Timer | undefined;

  constructor(host: ReadingHost) {
    this.#host = host;
    const owner = this;
    this.#inbox = new Inbox({
      get takes() {
        return owner.#isOn;
      },
      get line() {
        return host.line?.isDestroyed === true ? undefined : host.line;
      },
      handOn: (one) => host.handOn(one),
      pause: () => host.line?.pause(),
      goOn: () => {
        if (this.#isOn || (host.hasSession && !this.#holdsTooMuch)) host.line?.resume();
      },
      onEmpty: () => host.onEmpty(),
    });
  }

  /** Whether anything is to be read. */
  get isOn(): boolean {
    return this.#isOn;
  }

  decode(chunk: Uint8Array, codec: Codec): void {
    let decoded = codec.push(chunk);
    if (!this.#isOn && this.#host.hasSession) decoded = this.#holdBack(decoded);
    this.#inbox.add(decoded);
  }

  /** The stream has taken all that it held. */
  drained(): void {
    this.#hasDrained = true;
  }

  /** Hands on what was decoded of a line that is about to be gone: it came before that. */
  handOnAll(): void {
    this.#inbox.handOnAll();
  }

  /** What was decoded and not handed on is of no use any more. */
  discard(): void {
    this.#inbox.clear();
  }

  /**
   * The answers owed are too many. What was decoded and not handed on waits too: one chunk can hold thousands of messages.
   *
   * A session reads on: without what the other side says it has taken, the answers that it does read would not leave.
   */
  pause(): void {
    this.#isOn = false;
    this.#hasDrained = false;
    this.#armStall();
    if (!this.#host.hasSession) return this.#host.line?.pause();
    // What waited before this still does.
    const heldTooMuch = this.#holdsTooMuch;
    this.#nested = this.#uncharged = 0;
    for (const one of this.#inbox.waiting) this.#count(one);
    if (heldTooMuch && !this.#holdsTooMuch && !this.#inbox.isWaiting) this.#host.line?.resume();
    // Not inside this transition.
    queueMicrotask(() => {
      if (!this.#isOn) this.#handOnFree();
    });
  }

  /** They are not any more. */
  resume(): void {
    this.#disarmStall();
    this.#isOn = true;
    const { line } = this.#host;
    // Not inside this transition: what a message leads to (owed_high, a loss) has to hold for the one after it.
    queueMicrotask(() => {
      if (this.#host.line !== line || line === undefined) return;
      this.#inbox.handOn();
      if (this.#isOn && this.#host.line === line && this.#inbox.isEmpty) line.resume();
    });
  }

  /** The line is gone, and with it the answers that nobody read: the next one is read. Returns whether this one was. */
  lineDown(): boolean {
    this.#disarmStall();
    const wasOn = this.#isOn;
    this.#isOn = true;
    return wasOn;
  }

  /** Hands on what is left of a line that is gone: a session has taken it, so it is not sent again. */
  handOnSoon(): void {
    if (!this.#inbox.isEmpty) queueMicrotask(() => this.#inbox.handOn(Infinity));
  }

  /** Why a peer is given up that leaves its answers unread. */
  get stallReason(): VirtagentError {
    const ms = this.#host.stallTimeoutMs;
    return new VirtagentError('STALLED', `the peer left more than maxOwedBytes of answers unread for stallTimeoutMs (${ms})`);
  }

  /**
   * While nothing is to be read: what leads to an answer waits. Requests are bounded by the credit of who sends them; of what needs
   * none so much may wait, then nothing is read indeed. All else is handed on, in its order.
   */
  #holdBack(decoded: readonly Decoded[]): Decoded[] {
    this.#handOnFree();
    const held: Decoded[] = [];
    for (const one of decoded) {
      if (isFree(one)) this.#host.handOn(one);
      else {
        held.push(one);
        this.#count(one);
      }
    }
    if (this.#holdsTooMuch) this.#host.line?.pause();
    return held;
  }

  /** What waits only behind what leads to an answer: nothing that comes later is to pass it. */
  #handOnFree(): void {
    for (const one of this.#inbox.takeOut(isFree)) this.#host.handOn(one);
  }

  #count(one: Decoded): void {
    if (isFree(one) || isCharged(one as IncomingMessage)) return;
    const { type, bytes } = one as IncomingMessage;
    if (type === 'request') this.#nested += bytes + REQUEST_CHARGE;
    else this.#uncharged += bytes;
  }

  get #holdsTooMuch(): boolean {
    return this.#uncharged > mostUncharged || this.#nested > this.#host.mostNestedBytes;
  }

  #stalled(): void {
    if (!this.#hasDrained) return this.#host.onStalled(this.stallReason);
    // It reads, if slowly: what it may leave unread is bounded, and it is served.
    this.#hasDrained = false;
    this.#armStall();
  }

  #armStall(): void {
    this.#disarmStall();
    this.#stall = this.#host.timers.start(this.#host.stallTimeoutMs, () => this.#stalled());
  }

  #disarmStall(): void {
    this.#host.timers.cancel(this.#stall);
    this.#stall = undefined;
  }
}
