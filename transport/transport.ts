import type { Duplex } from 'node:stream';
import type { Observable } from 'rxjs/internal/Observable';
import { Subject } from 'rxjs/internal/Subject';
import type { AnyActorRef } from 'xstate';
import type { LinkContext, LinkEvent, LinkState } from '../machines/link.ts';
import { opensOwnSockets } from './channels/make-channel.ts';
import { damaged, type Fault } from './codecs/damage.ts';
import { RemoteProtocolError, VirtagentError } from './errors.ts';
import { Line, lineLost } from './line.ts';
import type { Codec, Decoded, IncomingMessage } from './messages.ts';
import { Reading, type ReadingHost } from './reading.ts';
import { WHOLE } from './session/sending.ts';
import type { Session } from './session/session.ts';
import { backoff, durations, Timers, type Timer } from './timers.ts';
import type { SendResult, TransportCounters, TransportInput } from './transport-input.ts';
import { Writing, type WritingHost } from './writing.ts';

/** After lines that were up and on which nothing was heard, the pause grows up to this many milliseconds. */
const silentLast = 1_000;

/**
 * One end of a line after another: opens it (`line.ts`), has what comes decoded (`reading.ts`) and what is sent written (`writing.ts`).
 * What state the line is in is the chart's business (`machines/link.ts`); this is what its effects do.
 */
export class Transport {
  readonly ref: AnyActorRef;
  readonly counters: TransportCounters = {
    bytesIn: 0,
    bytesOut: 0,
    messagesIn: 0,
    messagesOut: 0,
    damaged: 0,
    bytesDropped: 0,
    violations: 0,
  };
  /** Each chunk as it came. */
  readonly chunks$: Observable<Uint8Array>;
  /** Each message as it was decoded. */
  readonly messages$: Observable<IncomingMessage>;
  /** What was dropped, and why. */
  readonly damage$: Observable<RemoteProtocolError>;
  /** The link's states, from now on. */
  readonly states$: Observable<{ readonly state: LinkState; readonly reason: unknown }>;
  readonly #input: TransportInput;
  readonly #timers: Timers;
  readonly #chunks = new Subject<Uint8Array>();
  readonly #messages = new Subject<IncomingMessage>();
  readonly #damage = new Subject<RemoteProtocolError>();
  readonly #states = new Subject<{ readonly state: LinkState; readonly reason: unknown }>();
  readonly #armed = new Map<'retry' | 'finish', Timer>();
  readonly #effects: ((transport: Transport) => void)[] = [];
  #opening: AbortController | undefined;
  #line: Line | undefined;
  /** Whether the present line has yielded a message; how many before it did not. */
  #heard = false;
  #silentLines = 0;
  #stopped = false;
  #codec: Codec | undefined;
  /** Encodes while there is no line. */
  #spareCodec: Codec | undefined;
  readonly #reading: Reading;
  readonly #writing = new Writing(this.#writingHost());

  constructor(ref: AnyActorRef, input: TransportInput) {
    this.ref = ref;
    this.#input = input;
    this.#timers = new Timers(input.clock);
    this.#reading = new Reading(this.#readingHost());
    this.chunks$ = this.#chunks.asObservable();
    this.messages$ = this.#messages.asObservable();
    this.damage$ = this.#damage.asObservable();
    this.states$ = this.#states.asObservable();
  }

  /** Whether there is a line to write to. */
  get isOpen(): boolean {
    return this.#line !== undefined;
  }

  /** The codec of the present line; without one, another: encoding needs no line. */
  get codec(): Codec {
    return this.#codec ?? (this.#spareCodec ??= this.#input.createCodec());
  }

  /**
   * Sends a message, as `codec.encode` made it; with virtagent-2 the next part of it. `charge`: what a request is charged there;
   * `isUrgent`: what is sent behind it leaves room for others like it.
   * `done` is called once, when the stream took it. If the session ends before, nothing is called: its jobs end as a whole.
   */
  write(message: Uint8Array, done: (result: SendResult) => void, charge = 0, isUrgent = false): void {
    const session = this.#session;
    if (session === undefined) {
      this.counters.messagesOut++;
      return this.writeBytes(message, done);
    }
    session.send(message, charge, isUrgent, (result) => {
      if (result.ok && result.more !== true) {
        this.counters.messagesOut++;
        // What the line repeats are its frames.
        if (message.length > WHOLE) session.forget(message);
      }
      done(result);
    });
  }

  /** Whether a message may take more than one {@link write}. */
  takesInParts(message: Uint8Array): boolean {
    return this.#session !== undefined && message.length > WHOLE;
  }

  /** A message is not needed any more: one that was begun will not be finished. */
  forget(message: Uint8Array): void {
    this.#session?.forget(message);
  }

  /** See {@link Line.isFlushed}. */
  get isFlushed(): boolean {
    return this.#line?.isFlushed === true;
  }

  get #session(): Session | undefined {
    return this.#input.session?.();
  }

  /** It has become known what is spoken: `createCodec` gives another codec, on the line that is open too. */
  renewCodec(): void {
    this.#spareCodec = undefined;
    if (this.#codec !== undefined) this.#codec = this.#input.createCodec();
  }

  /** What was read of this line before {@link renewCodec}, for the codec that it was for. */
  reads(bytes: Uint8Array): void {
    if (this.#codec !== undefined) this.#reading.decode(bytes, this.#codec);
  }

  /** What was handed on is no message of the other side. */
  disown(fault: Fault, bytes: number): void {
    this.#damaged(damaged(fault, bytes));
  }

  /** What was decoded and not handed on is of a session that is over. */
  discard(): void {
    this.#reading.discard();
  }

  /**
   * Writes one frame: the first of a turn at once, so that the other side is at it meanwhile; those after it together, at the
   * turn's end or once they are many. `done` is called once: when the stream took it, which is at once unless the stream
   * is full. A line that goes down meanwhile calls nothing: its jobs end as a whole.
   */
  writeBytes(frame: Uint8Array, done: (result: SendResult) => void): void {
    this.#writing.write(frame, done);
  }

  /** Opens the line, or the next one: at once where it waits before another attempt, and the pauses begin anew. */
  open(): void {
    this.#send({ type: 'open' });
  }

  /** The greeting is over. */
  greeted(): void {
    this.#send({ type: 'greeted' });
  }

  /** The two sides are out of step: greets again on the same line. Requests wait until `greeted()`; what was sent is not touched. */
  resync(): void {
    this.#send({ type: 'out_of_sync' });
  }

  /** The peer's last requests are answered. What the stream still holds of the answers is handed over first. */
  finished(): void {
    this.#writing.flush();
    if (this.#line === undefined) this.#finishNow();
    else this.#line.end(() => this.#finishNow());
  }

  /** All jobs of the last line have ended: another may be opened. */
  settled(): void {
    this.#send({ type: 'settled' });
  }

  /** The responses owed are over their limit, or no longer. */
  owed(high: boolean): void {
    // Told again it would begin to wait anew.
    if (high && !this.#reading.isOn) return;
    this.#send({ type: high ? 'owed_high' : 'owed_low' });
  }

  /** Nothing was heard of the peer for too long, for that reason; unless it is this side that does not listen, as answers are unread. */
  silent(reason: unknown): void {
    this.fail(this.#line?.isPaused === true ? this.#reading.stallReason : reason);
  }

  /** Ends the line with a reason, as if it had been lost. */
  fail(reason: unknown): void {
    this.#send({ type: 'lost', reason });
  }

  // What the link's chart asks for.

  /** @internal */
  _after(effect: (transport: Transport) => void): void {
    this.#effects.push(effect);
  }

  /** @internal */
  _runEffects(): void {
    for (const effect of this.#effects.splice(0)) effect(this);
  }

  /** @internal */
  _connect(): void {
    const opening = new AbortController();
    this.#opening = opening;
    this.#open(opening.signal).then(
      (stream) => {
        if (opening.signal.aborted) return void stream.destroy();
        this.#line = this.#lineOf(stream);
        this.#heard = false;
        this.#send({ type: 'opened' });
      },
      (error: unknown) => {
        if (!opening.signal.aborted) this.#send({ type: 'failed', error });
      },
    );
  }

  /** @internal */
  _abandon(): void {
    this.#opening?.abort(new VirtagentError('STOPPED', 'stopped'));
  }

  /** @internal */
  _attach(): void {
    this.#codec = this.#input.createCodec();
    this.#line?.attach();
  }

  /** @internal Also of a line that is up, when the two sides have to agree anew where they are. */
  _greet(): void {
    if (this.#line === undefined || this.#line.isDestroyed) return;
    if (this.#input.onOpen === undefined) this.greeted();
    else this.#input.onOpen();
  }

  /** @internal */
  _announce(): void {
    // What two sessions agree by is no message.
    if (this.#session !== undefined) this.#heard = true;
    this.#input.onUp?.();
  }

  /** @internal */
  _finish(): void {
    this.#arm('finish', durations.finish, () => this.#finishNow());
    if (this.#input.onInputEnded === undefined) this.finished();
    else this.#input.onInputEnded();
  }

  /** @internal */
  _drop(reason: unknown, closing: boolean): void {
    if (closing) this.#input.onClosing?.();
    const line = this.#line;
    const rest = this.#codec?.end() ?? [];
    this.#letGo();
    const wasReading = this.#reading.lineDown();
    line?.close(closing, this.#timers.clock);
    this.#silentLines = this.#heard ? 0 : this.#silentLines + 1;
    if (this.#input.onDown === undefined) this.settled();
    else this.#input.onDown(reason);
    // Behind answers that nobody reads it waits for the next line.
    if (wasReading) this.#reading.handOnSoon();
    // Last: who hears of it may call, and is to find a line that is down.
    for (const one of rest) if (one instanceof RemoteProtocolError) this.#damaged(one);
  }

  /**
   * @internal After a line that was up the next is opened at once; each failed attempt makes the pause longer. So does each
   * line in a row on which nothing was heard: who accepts and closes is not to be asked as fast as the machine can.
   */
  _armRetry(attempts: number): void {
    const random = this.#input.random ?? Math.random;
    let pause = 0;
    if (attempts > 0) pause = backoff(attempts, durations.retryFirst, durations.retryLast, random);
    else if (this.#silentLines > 1) pause = backoff(this.#silentLines - 1, durations.retryFirst, silentLast, random);
    this.#arm('retry', pause, () => this.#send({ type: 'retry' }));
  }

  /** @internal */
  _disarm(name: 'retry' | 'finish'): void {
    this.#timers.cancel(this.#armed.get(name));
    this.#armed.delete(name);
  }

  /** @internal */
  _pauseReading(): void {
    if (!this.#stopped) this.#reading.pause();
  }

  /** @internal */
  _resumeReading(): void {
    this.#reading.resume();
  }

  /** @internal */
  _moved(state: LinkState, context: LinkContext, status: string): void {
    this.#input.onState?.(state, context);
    this.#states.next({ state, reason: context.reason });
    if (status === 'done') this._stop();
  }

  /** @internal */
  _stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#timers.clear();
    this._abandon();
    const line = this.#line;
    this.#letGo();
    line?.close(false, this.#timers.clock);
    const close = async (): Promise<void> => this.#input.channel.close();
    close().catch(() => {});
    for (const subject of [this.#chunks, this.#messages, this.#damage, this.#states]) subject.complete();
  }

  /** Whatever a channel of the user's does: a stream, or a rejection. */
  async #open(signal: AbortSignal): Promise<Duplex> {
    const { channel } = this.#input;
    const stream = (await channel.open(signal)) as Partial<Duplex> | undefined;
    if (typeof stream?.on !== 'function') throw new VirtagentError('CHANNEL_UNUSABLE', `${channel.name} gave no stream`);
    return stream as Duplex;
  }

  #lineOf(stream: Duplex): Line {
    const { channel } = this.#input;
    const traits = { halfOpen: channel.halfOpen === true, isOwnSocket: opensOwnSockets(channel) };
    const line: Line = new Line(stream, traits, {
      onChunk: (chunk) => this.#take(chunk),
      onDrain: () => {
        this.#reading.drained();
        this.#writing.drained();
      },
      onInputEnded: () => this.#send({ type: 'input_ended' }),
      onLost: (reason) => {
        this.#reading.handOnAll();
        // What came before that may have ended it.
        if (this.#line === line) this.#send({ type: 'lost', reason });
      },
    });
    return line;
  }

  /** Returns whether others were shown the chunk. */
  #take(chunk: Uint8Array): boolean {
    this.counters.bytesIn += chunk.length;
    const codec = this.#codec;
    const isShown = this.#chunks.observed;
    if (isShown) this.#chunks.next(chunk);
    // Whoever looked on may have ended the line; or found out what is spoken, and had it read already by the codec of that.
    if (codec !== undefined && codec === this.#codec) this.#reading.decode(chunk, codec);
    return isShown;
  }

  #writingHost(): WritingHost {
    const owner = this;
    return {
      get stream() {
        return owner.#line?.stream;
      },
      onWritten: (bytes) => void (this.counters.bytesOut += bytes),
      failed: (stream, error, done) => this.#failed(stream, error, done),
    };
  }

  #readingHost(): ReadingHost {
    const owner = this;
    return {
      timers: this.#timers,
      get line() {
        return owner.#line;
      },
      get hasSession() {
        return owner.#session !== undefined;
      },
      stallTimeoutMs: this.#input.stallTimeoutMs ?? durations.stallTimeout,
      mostNestedBytes: this.#input.mostNestedBytes ?? 0,
      handOn: (one) => this.#handOn(one),
      onEmpty: () => this.#session?.handedOn(),
      onStalled: (reason) => this.#send({ type: 'stalled', reason }),
    };
  }

  #handOn(one: Decoded): void {
    if (one instanceof RemoteProtocolError) return this.#damaged(one);
    this.#heard = true;
    this.counters.messagesIn++;
    if (this.#messages.observed) this.#messages.next(one);
    this.#input.onMessage(one);
  }

  /** Forgets the line and everything of it that was not handed on. What was said to be sent is handed over first. */
  #letGo(): void {
    const line = this.#line;
    this.#line = undefined;
    line?.letGo();
    this.#writing.letGo(line?.stream);
    this.#codec = undefined;
    if (this.#session === undefined) this.discard();
  }

  /** A send found the line broken: nothing else is tried on it, that send has failed, and the line is lost. */
  #failed(stream: Duplex | undefined, error: unknown, done: () => void): void {
    const line = this.#line?.stream === stream ? this.#line : undefined;
    this.#input.onUnwritable?.();
    done();
    // One that we ended ourselves still hands over what was written.
    if (line !== undefined && (line.isDestroyed || this.ref.getSnapshot().value !== 'finishing')) line.lost(line.stream.errored ?? error);
  }

  #damaged(error: RemoteProtocolError): void {
    this.counters.damaged++;
    this.counters.bytesDropped += error.dropped;
    if (this.#damage.observed) this.#damage.next(error);
  }

  #finishNow(): void {
    this.#send({ type: 'finished', reason: lineLost('the peer closed the line') });
  }

  #arm(name: 'retry' | 'finish', ms: number, fire: () => void): void {
    this._disarm(name);
    if (this.#stopped) return;
    this.#armed.set(name, this.#timers.start(ms, fire));
  }

  #send(event: LinkEvent): void {
    // Answers are taken, and jobs end, when it is over too.
    if (!this.#stopped) this.ref.send(event);
  }
}
