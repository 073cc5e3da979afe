import type { Duplex } from 'node:stream';
import { VirtagentError } from './errors.ts';
import type { SendResult } from './transport-input.ts';
import { TurnBatch } from './turn-batch.ts';

/** What is written needs of its transport. */
export interface WritingHost {
  /** The present line's. */
  readonly stream: Duplex | undefined;
  onWritten(bytes: number): void;
  /** A send found the line broken: `done` is told, and nothing else is tried on it. */
  failed(stream: Duplex | undefined, error: unknown, done: () => void): void;
}

/** Writes frames to the present line, in order, those of a turn together, and holds back where its stream is full. */
export class Writing {
  readonly #host: WritingHost;
  /** What this turn writes behind its first frame: the stream is known to have room for it. */
  readonly #batch = new TurnBatch(() => this.flush());
  /** Sends that the stream has not taken: it was full. */
  #undrained: ((result: SendResult) => void)[] = [];

  constructor(host: WritingHost) {
    this.#host = host;
  }

  /** See {@link Transport.writeBytes}. */
  write(frame: Uint8Array, done: (result: SendResult) => void): void {
    // What does not join the batch comes behind it, unless the stream did not take that.
    let joins = this.#joins(frame);
    const isSound = joins || this.flush();
    joins ||= isSound && this.#joins(frame);
    const stream = isSound ? this.#host.stream : undefined;
    if (stream === undefined || stream.destroyed || !stream.writable) {
      const error = new VirtagentError('LINE_LOST', 'there is no line', { known: 'not-sent' });
      return this.#host.failed(stream, error, () => done({ ok: false, error, known: 'not-sent' }));
    }
    this.#host.onWritten(frame.length);
    if (joins) {
      this.#batch.add(frame);
      return done({ ok: true });
    }
    this.#batch.open();
    let isTaken: boolean;
    try {
      isTaken = stream.write(frame);
    } catch (error) {
      // How much of it is out is not known, so no other frame may follow.
      return this.#host.failed(stream, error, () => done({ ok: false, error }));
    }
    if (isTaken) done({ ok: true });
    else this.#undrained.push(done);
  }

  /** Hands the batch to the stream. Its frames count as sent: if the stream does not take them, the line is lost. */
  flush(): boolean {
    const { stream } = this.#host;
    try {
      if (stream !== undefined) this.#writeBatch(stream);
      return true;
    } catch (error) {
      this.#host.failed(stream, error, () => {});
      return false;
    }
  }

  /** The stream has taken what it had. */
  drained(): void {
    const waiting = this.#undrained;
    this.#undrained = [];
    for (const done of waiting) done({ ok: true });
  }

  /** The line is gone. What was said to be sent is handed over first. */
  letGo(stream: Duplex | undefined): void {
    try {
      if (stream !== undefined) this.#writeBatch(stream);
    } catch {
      // There is no more to lose.
    }
    this.#undrained = [];
  }

  #joins(frame: Uint8Array): boolean {
    const { stream } = this.#host;
    return stream !== undefined && this.#batch.takes(frame, stream);
  }

  /** Throws what the stream throws; it is not tried again. */
  #writeBatch(stream: Duplex): void {
    const bytes = this.#batch.take();
    if (bytes === undefined) return;
    if (stream.destroyed || !stream.writable) throw new VirtagentError('LINE_LOST', 'the line takes nothing more');
    stream.write(bytes);
  }
}
