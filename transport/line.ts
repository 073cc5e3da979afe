import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { VirtagentError } from './errors.ts';
import { ReadMemory } from './read-memory.ts';
import { durations, type Clock } from './timers.ts';

/** What comes of a line. */
export interface LineHost {
  /** Bytes have come. Returns whether anybody else may still look at them. */
  onChunk(chunk: Uint8Array): boolean;
  /** The stream has taken all that it held. */
  onDrain(): void;
  /** The peer has said all that it will, and can still be answered. */
  onInputEnded(): void;
  /** The line is gone. */
  onLost(reason: unknown): void;
}

/** How a line's stream may be treated. */
export interface LineTraits {
  /** Whether a peer that has ended its input is still answered. */
  readonly halfOpen: boolean;
  /** Whether the stream is a socket that nobody else knows. */
  readonly isOwnSocket: boolean;
}

/** One stream, from its opening until it is let go of. After that nothing comes of it. */
export class Line {
  readonly stream: Duplex;
  readonly #traits: LineTraits;
  #host: LineHost | undefined;

  constructor(stream: Duplex, traits: LineTraits, host: LineHost) {
    this.stream = stream;
    this.#traits = traits;
    this.#host = host;
  }

  /** Begins to read. */
  attach(): void {
    const { stream } = this;
    stream.on('data', (chunk: unknown) => {
      if (!(chunk instanceof Uint8Array)) {
        return this.lost(new VirtagentError('CHANNEL_UNUSABLE', 'the stream gives text or objects; a line is a stream of bytes'));
      }
      if (this.#host?.onChunk(chunk) === false) memory?.free(chunk);
    });
    const memory = this.#traits.isOwnSocket ? new ReadMemory(stream) : undefined;
    stream.on('drain', () => this.#host?.onDrain());
    stream.on('error', (error) => this.lost(error));
    stream.on('close', () => this.lost(stream.errored ?? lineLost('the line was closed')));
    stream.on('end', () => {
      if (this.#traits.halfOpen && stream.writable) this.#host?.onInputEnded();
      else this.lost(lineLost('the peer closed the line'));
    });
    if (stream.destroyed) this.lost(stream.errored ?? lineLost('the line was closed'));
    else stream.resume();
  }

  /** Whether nothing can be sent or will come any more. */
  get isDestroyed(): boolean {
    return this.stream.destroyed;
  }

  /**
   * Whether nobody looks at what was written any more: a socket has copied what it has taken, and has taken all. Of other streams nobody
   * knows what they keep.
   */
  get isFlushed(): boolean {
    return this.stream instanceof Socket && this.stream.writableLength === 0;
  }

  /** Whether it is this side that does not listen. */
  get isPaused(): boolean {
    return this.stream.isPaused();
  }

  pause(): void {
    this.stream.pause();
  }

  resume(): void {
    this.stream.resume();
  }

  /** Nothing else is sent; `done` is called when the stream has handed over what it held. */
  end(done: () => void): void {
    if (this.stream.destroyed) done();
    else if (!this.stream.writableEnded) this.stream.end(done);
  }

  /** It turns out to be gone. */
  lost(reason: unknown): void {
    this.#host?.onLost(reason);
  }

  /** Nothing comes of it from now on; the stream is still there. */
  letGo(): void {
    this.#host = undefined;
  }

  /** Closes the stream. What was written is flushed if it is this side that closes, and dropped when the line is lost anyway. */
  close(flushes: boolean, clock: Clock): void {
    const { stream } = this;
    this.letGo();
    stream.removeAllListeners('data');
    stream.on('error', () => {});
    if (!flushes || stream.destroyed) return void stream.destroy();
    let cut = clock.setTimeout(() => stream.destroy(), durations.flush);
    stream.once('close', () => clock.clearTimeout(cut));
    stream.end(() => {
      if (!(stream instanceof Socket) || stream.readableEnded || stream.destroyed) return void stream.destroy();
      // A socket that is closed while something still comes tells the other end so, and that drops what it has not read: the last that it
      // was told. It closes its own end when it has.
      clock.clearTimeout(cut);
      cut = clock.setTimeout(() => stream.destroy(), durations.linger);
      stream.once('end', () => stream.destroy());
      stream.resume();
    });
  }
}

/** The line went, by itself or by the peer. */
export function lineLost(message: string): VirtagentError {
  return new VirtagentError('LINE_LOST', message);
}
