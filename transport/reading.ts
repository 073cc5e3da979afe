import { RemoteProtocolError, VirtagentError } from './errors.ts';
import { Inbox } from './inbox.ts';
import type { Line } from './line.ts';
import type { Codec, Decoded, IncomingMessage } from './messages.ts';
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
  handOn(one: Decoded): void;
  /** All that was decoded is handed on. */
  onEmpty(): void;
  /** The peer has read nothing of its answers for too long. */
  onStalled(reason: VirtagentError): void;
}

/** What leads to an answer. */
const isAnswered: ReadonlySet<IncomingMessage['type']> = new Set(['request', 'notification', 'rejected', 'cancel', 'status']);

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
  /** Bytes of what a session has read while nothing is to be read, and which costs its sender no credit. */
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
        if (this.#isOn || (host.hasSession && this.#uncharged <= mostUncharged)) host.line?.resume();
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
    this.#uncharged = 0;
    this.#hasDrained = false;
    if (!this.#host.hasSession) this.#host.line?.pause();
    this.#armStall();
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
   * none so much may wait, then nothing is read indeed. All else is handed on.
   */
  #holdBack(decoded: readonly Decoded[]): Decoded[] {
    const held: Decoded[] = [];
    for (const one of decoded) {
      if (one instanceof RemoteProtocolError || !isAnswered.has(one.type)) {
        this.#host.handOn(one);
        continue;
      }
      held.push(one);
      if (!isCharged(one)) this.#uncharged += one.bytes;
    }
    if (this.#uncharged > mostUncharged) this.#host.line?.pause();
    return held;
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
