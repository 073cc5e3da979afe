import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Observable } from 'rxjs/internal/Observable';
import { Subject } from 'rxjs/internal/Subject';
import type { AnyActorRef } from 'xstate';
import type { LinkContext, LinkEvent, LinkState } from '../machines/link.ts';
import type { Channel } from './channels/channel.ts';
import { opensOwnSockets } from './channels/make-channel.ts';
import { RemoteProtocolError, VirtagentError } from './errors.ts';
import { Inbox, type InboxHost } from './inbox.ts';
import type { Codec, Decoded, IncomingMessage } from './messages.ts';
import { ReadMemory } from './read-memory.ts';
import { WHOLE } from './session/conversation.ts';
import { isCharged, type Session } from './session/session.ts';
import { backoff, durations, Timers, type Clock, type Timer } from './timers.ts';
import { Writing, type WritingHost } from './writing.ts';

/** What a transport is given. */
export interface TransportInput {
  readonly channel: Channel;
  /** A decoder and encoder for each line: nothing of one line's bytes reaches the next. */
  readonly createCodec: () => Codec;
  /** With virtagent-2: what numbers, cuts and keeps messages across lines. It is the codec then. */
  readonly session?: (() => Session | undefined) | undefined;
  /** Whether a line that can't be opened is tried again, with growing pauses; default false. */
  readonly retries?: boolean | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
  /** Milliseconds that a peer may leave its answers unread; default 10,000. */
  readonly stallTimeoutMs?: number | undefined;
  /** A message has come. */
  readonly onMessage: (message: IncomingMessage) => void;
  /** The line is open, or out of sync: exchange what the protocol needs first, then call `greeted()`. Default: at once. */
  readonly onOpen?: (() => void) | undefined;
  /** Requests may be sent. */
  readonly onUp?: (() => void) | undefined;
  /** The line takes nothing more, and is about to be lost: nothing else should be tried on it. */
  readonly onUnwritable?: (() => void) | undefined;
  /** The peer has said all that it will: answer it, then call `finished()`. */
  readonly onInputEnded?: (() => void) | undefined;
  /** This side closes the line: the last that can be said on it. */
  readonly onClosing?: (() => void) | undefined;
  /** The line is gone: end its jobs, then call `settled()`. Default: at once. */
  readonly onDown?: ((reason: unknown) => void) | undefined;
  /** The link's state has changed. */
  readonly onState?: ((state: LinkState, context: LinkContext) => void) | undefined;
}

/** What has crossed the lines of a transport so far. */
export interface TransportCounters {
  bytesIn: number;
  bytesOut: number;
  messagesIn: number;
  messagesOut: number;
  /** Pieces that were dropped as broken, and their bytes. */
  damaged: number;
  bytesDropped: number;
  /** Events that the link's chart does not take in its state: a defect on this side. */
  violations: number;
}

/** How a send came out. `more`: a part of the message was taken, and more is to be sent. `known`: nothing of it can have reached the peer. */
export type SendResult =
  | { readonly ok: true; readonly more?: boolean }
  | { readonly ok: false; readonly error: unknown; readonly known?: 'not-sent' };

/** After lines that were up and on which nothing was heard, the pause grows up to this many milliseconds. */
const silentLast = 1_000;

/** What leads to an answer. */
const isAnswered: ReadonlySet<IncomingMessage['type']> = new Set(['request', 'notification', 'rejected', 'cancel', 'status']);

/** Bytes of cancels and the like that wait while nothing is to be read: 10,000 of them. */
const mostUncharged = 512 * 1024;

/**
 * One end of a line: it owns the stream, decodes what comes and writes what is sent, in order, holding back when the
 * stream is full. What state the line is in is the chart's business (`machines/link.ts`); this is what its effects do.
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
  readonly #armed = new Map<'retry' | 'finish' | 'stall', Timer>();
  readonly #effects: ((transport: Transport) => void)[] = [];
  #opening: AbortController | undefined;
  #stream: Duplex | undefined;
  #reading = true;
  /** What was decoded and is not handed on: it waits while nothing is to be read. */
  readonly #inbox = new Inbox(this.#inboxHost());
  /** Since the answers owed were too many, or that was last looked at, the stream has taken all that it held. */
  #hasDrained = false;
  /** Bytes of what a session has read while nothing is to be read, and which costs its sender no credit. */
  #uncharged = 0;
  /** Whether the present line has yielded a message; how many before it did not. */
  #heard = false;
  #silentLines = 0;
  #stopped = false;
  #codec: Codec | undefined;
  /** Encodes while there is no line. */
  #spareCodec: Codec | undefined;
  readonly #writing = new Writing(this.#writingHost());

  constructor(ref: AnyActorRef, input: TransportInput) {
    this.ref = ref;
    this.#input = input;
    this.#timers = new Timers(input.clock);
    this.chunks$ = this.#chunks.asObservable();
    this.messages$ = this.#messages.asObservable();
    this.damage$ = this.#damage.asObservable();
    this.states$ = this.#states.asObservable();
  }

  /** Whether there is a line to write to. */
  get isOpen(): boolean {
    return this.#stream !== undefined;
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

  /**
   * Whether nobody looks at what was written any more: a socket has copied what it has taken, and has taken all. Of other streams nobody
   * knows what they keep.
   */
  get isFlushed(): boolean {
    return this.#stream instanceof Socket && this.#stream.writableLength === 0;
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
    if (this.#codec !== undefined) this.#decode(bytes, this.#codec);
  }

  /** What was decoded and not handed on is of a session that is over. */
  discard(): void {
    this.#inbox.clear();
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
    const stream = this.#stream;
    if (stream === undefined || stream.destroyed) this.#finishNow();
    else if (!stream.writableEnded) stream.end(() => this.#finishNow());
  }

  /** All jobs of the last line have ended: another may be opened. */
  settled(): void {
    this.#send({ type: 'settled' });
  }

  /** The responses owed are over their limit, or no longer. */
  owed(high: boolean): void {
    // Told again it would begin to wait anew.
    if (high && !this.#reading) return;
    this.#send({ type: high ? 'owed_high' : 'owed_low' });
  }

  /** Nothing was heard of the peer for too long, for that reason; unless it is this side that does not listen, as answers are unread. */
  silent(reason: unknown): void {
    this.fail(this.#stream?.isPaused() === true ? this.#stallReason() : reason);
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
        this.#stream = stream;
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
    const stream = this.#stream as Duplex;
    this.#codec = this.#input.createCodec();
    stream.on('data', (chunk: unknown) => {
      if (this.#stream !== stream) return;
      if (chunk instanceof Uint8Array) this.#take(chunk, this.#codec as Codec, memory);
      else this.#lost(stream, new VirtagentError('CHANNEL_UNUSABLE', 'the stream gives text or objects; a line is a stream of bytes'));
    });
    const memory = opensOwnSockets(this.#input.channel) ? new ReadMemory(stream) : undefined;
    stream.on('drain', () => {
      if (this.#stream !== stream) return;
      this.#hasDrained = true;
      this.#writing.drained();
    });
    stream.on('error', (error) => this.#lost(stream, error));
    stream.on('close', () => this.#lost(stream, stream.errored ?? lineLost('the line was closed')));
    stream.on('end', () => {
      if (this.#stream !== stream) return;
      if (this.#input.channel.halfOpen === true && stream.writable) this.#send({ type: 'input_ended' });
      else this.#lost(stream, lineLost('the peer closed the line'));
    });
    if (stream.destroyed) return this.#lost(stream, stream.errored ?? lineLost('the line was closed'));
    stream.resume();
  }

  /** @internal Also of a line that is up, when the two sides have to agree anew where they are. */
  _greet(): void {
    if (this.#stream === undefined || this.#stream.destroyed) return;
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
    const stream = this.#stream;
    this._disarm('stall');
    const rest = this.#codec?.end() ?? [];
    this.#letGo();
    const wasReading = this.#reading;
    this.#reading = true;
    if (stream !== undefined) this.#release(stream, closing);
    this.#silentLines = this.#heard ? 0 : this.#silentLines + 1;
    if (this.#input.onDown === undefined) this.settled();
    else this.#input.onDown(reason);
    // What a session has taken is handed on, line or no line: it is not sent again. Behind answers that nobody reads it waits for the next.
    if (wasReading && !this.#inbox.isEmpty) queueMicrotask(() => this.#inbox.handOn(Infinity));
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
  _disarm(name: 'retry' | 'finish' | 'stall'): void {
    this.#timers.cancel(this.#armed.get(name));
    this.#armed.delete(name);
  }

  /**
   * @internal What was decoded and not handed on waits too: one chunk can hold thousands of messages.
   *
   * A session reads on: without what the other side says it has taken, the answers that it does read would not leave.
   */
  _pauseReading(): void {
    this.#reading = false;
    this.#uncharged = 0;
    this.#hasDrained = false;
    if (this.#session === undefined) this.#stream?.pause();
    this.#arm('stall', this.#input.stallTimeoutMs ?? durations.stallTimeout, () => this.#stalled());
  }

  /** @internal */
  _resumeReading(): void {
    this._disarm('stall');
    this.#reading = true;
    const stream = this.#stream;
    // Not inside this transition: what a message leads to (owed_high, a loss) has to hold for the one after it.
    queueMicrotask(() => {
      if (this.#stream !== stream || stream === undefined) return;
      this.#inbox.handOn();
      if (this.#reading && this.#stream === stream && this.#inbox.isEmpty) stream.resume();
    });
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
    const stream = this.#stream;
    this.#letGo();
    if (stream !== undefined) this.#release(stream, false);
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

  #take(chunk: Uint8Array, codec: Codec, memory: ReadMemory | undefined): void {
    this.counters.bytesIn += chunk.length;
    const isShown = this.#chunks.observed;
    if (isShown) this.#chunks.next(chunk);
    // Whoever looked on may have ended the line.
    if (this.#codec !== undefined) this.#decode(chunk, codec);
    if (!isShown) memory?.free(chunk);
  }

  #decode(chunk: Uint8Array, codec: Codec): void {
    let decoded = codec.push(chunk);
    if (!this.#reading && this.#session !== undefined) decoded = this.#holdBack(decoded);
    this.#inbox.add(decoded);
  }

  /**
   * While nothing is to be read: what leads to an answer waits. Requests are bounded by the credit of who sends them; of what needs
   * none so much may wait, then nothing is read indeed. All else is handed on.
   */
  #holdBack(decoded: readonly Decoded[]): Decoded[] {
    const held: Decoded[] = [];
    for (const one of decoded) {
      if (one instanceof RemoteProtocolError || !isAnswered.has(one.type)) {
        this.#handOn(one);
        continue;
      }
      held.push(one);
      if (!isCharged(one)) this.#uncharged += one.bytes;
    }
    if (this.#uncharged > mostUncharged) this.#stream?.pause();
    return held;
  }

  #writingHost(): WritingHost {
    const owner = this;
    return {
      get stream() {
        return owner.#stream;
      },
      onWritten: (bytes) => void (this.counters.bytesOut += bytes),
      failed: (stream, error, done) => this.#failed(stream, error, done),
    };
  }

  #inboxHost(): InboxHost {
    const owner = this;
    return {
      get takes() {
        return owner.#reading;
      },
      get line() {
        return owner.#stream?.destroyed === true ? undefined : owner.#stream;
      },
      handOn: (one) => this.#handOn(one),
      pause: () => void this.#stream?.pause(),
      goOn: () => {
        const isRead = this.#reading || (this.#session !== undefined && this.#uncharged <= mostUncharged);
        if (isRead) this.#stream?.resume();
      },
      onEmpty: () => this.#session?.handedOn(),
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
    const stream = this.#stream;
    this.#stream = undefined;
    this.#writing.letGo(stream);
    this.#codec = undefined;
    if (this.#session === undefined) this.discard();
  }

  /** A send found the line broken: nothing else is tried on it, that send has failed, and the line is lost. */
  #failed(stream: Duplex | undefined, error: unknown, done: () => void): void {
    this.#input.onUnwritable?.();
    done();
    // One that we ended ourselves still hands over what was written.
    if (stream !== undefined && (stream.destroyed || this.ref.getSnapshot().value !== 'finishing'))
      this.#lost(stream, stream.errored ?? error);
  }

  #damaged(error: RemoteProtocolError): void {
    this.counters.damaged++;
    this.counters.bytesDropped += error.dropped;
    if (this.#damage.observed) this.#damage.next(error);
  }

  #lost(stream: Duplex, reason: unknown): void {
    if (this.#stream !== stream) return;
    // It came before that.
    this.#inbox.handOnAll();
    if (this.#stream === stream) this.#send({ type: 'lost', reason });
  }

  /** Lets go of a stream: what was written is flushed when we close, and dropped when the line is lost anyway. */
  #release(stream: Duplex, closing: boolean): void {
    stream.removeAllListeners('data');
    stream.on('error', () => {});
    if (!closing || stream.destroyed) return void stream.destroy();
    const { clock } = this.#timers;
    const cut = clock.setTimeout(() => stream.destroy(), durations.flush);
    stream.once('close', () => clock.clearTimeout(cut));
    stream.end(() => stream.destroy());
  }

  #stalled(): void {
    const ms = this.#input.stallTimeoutMs ?? durations.stallTimeout;
    // It reads, if slowly: what it may leave unread is bounded, and it is served.
    if (this.#hasDrained) {
      this.#hasDrained = false;
      return this.#arm('stall', ms, () => this.#stalled());
    }
    this.#send({ type: 'stalled', reason: this.#stallReason() });
  }

  #stallReason(): VirtagentError {
    const ms = this.#input.stallTimeoutMs ?? durations.stallTimeout;
    return new VirtagentError('STALLED', `the peer left more than maxOwedBytes of answers unread for stallTimeoutMs (${ms})`);
  }

  #finishNow(): void {
    this.#send({ type: 'finished', reason: lineLost('the peer closed the line') });
  }

  #arm(name: 'retry' | 'finish' | 'stall', ms: number, fire: () => void): void {
    this._disarm(name);
    if (this.#stopped) return;
    this.#armed.set(name, this.#timers.start(ms, fire));
  }

  #send(event: LinkEvent): void {
    // Answers are taken, and jobs end, when it is over too.
    if (!this.#stopped) this.ref.send(event);
  }
}

function lineLost(message: string): VirtagentError {
  return new VirtagentError('LINE_LOST', message);
}
