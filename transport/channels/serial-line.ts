import type { EventEmitter } from 'node:events';
import { readSync, writeSync } from 'node:fs';
import { Duplex } from 'node:stream';
import { VirtagentError } from '../errors.ts';
import { bounds } from './bounds.ts';
import { errnoOf } from './explain.ts';

/** An open serial port, as the serialport package has it on Linux and macOS. Its descriptor does not block. */
export interface SerialHandle {
  readonly fd: number | null;
  readonly poller: EventEmitter & { poll(events: number): void };
  flush(): Promise<void>;
  close(): Promise<void>;
}

const READABLE = 1;
const WRITABLE = 2;

/**
 * A serial port as a stream. It reads and writes by itself and has the package's poller tell when: the package's own stream
 * reads by way of a thread, spins when a terminal is hung up, and forgets one direction while it waits for the other.
 */
export class SerialLine extends Duplex {
  readonly #name: string;
  readonly #port: SerialHandle;
  readonly #scratch = Buffer.allocUnsafeSlow(bounds.serialReadBytes);
  /** What the poller is to tell. */
  #awaited = 0;
  #pause: NodeJS.Timeout | undefined;
  #unwritten: { readonly chunk: Uint8Array; at: number; readonly done: (error?: Error) => void } | undefined;

  constructor(name: string, port: SerialHandle) {
    super({ allowHalfOpen: true });
    this.#name = name;
    this.#port = port;
    port.poller.on('readable', (error: Error | null) => this.#told(READABLE, error));
    port.poller.on('writable', (error: Error | null) => this.#told(WRITABLE, error));
  }

  override _read(): void {
    // Within read() what is pushed would come out of order with what it returns.
    if (this.#pause === undefined && (this.#awaited & READABLE) === 0) this.#await(READABLE);
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#unwritten = { chunk, at: 0, done };
    this.#writeOn();
  }

  override _writev(chunks: { readonly chunk: Uint8Array }[], done: (error?: Error) => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'buffer' as BufferEncoding, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#pause);
    this.#pause = undefined;
    this.#unwritten = undefined;
    this.#port.poller.removeAllListeners();
    const close = async (): Promise<void> => {
      // Closing waits until the port has sent what it holds. Nobody wants what an end in disorder left.
      if (!this.writableFinished) await this.#port.flush().catch(() => {});
      await this.#port.close().catch(() => {});
    };
    close().then(
      () => done(error),
      () => done(error),
    );
  }

  /** The poller forgets what it was asked before: it is always asked for all. */
  #await(event: number): void {
    if (this.destroyed) return;
    this.#awaited |= event;
    try {
      this.#port.poller.poll(this.#awaited);
    } catch (error) {
      this.#lost(error);
    }
  }

  #told(event: number, error: Error | null): void {
    if (this.destroyed) return;
    this.#awaited &= ~event;
    // The poller tells an error for everything; reading or writing finds out which it is.
    if (event === READABLE) this.#readOn(error);
    else if (this.#unwritten !== undefined) this.#writeOn();
  }

  /**
   * A port gives a few bytes at a time, and each time costs a turn. So after some have come the rest is looked for a moment
   * later, before the poller is asked again.
   */
  #readOn(trouble: Error | null = null): void {
    this.#pause = undefined;
    let hasMore = false;
    for (let reads = 0; reads < bounds.serialReads; reads++) {
      const count = this.#readSome();
      if (count === undefined) return;
      if (count < 0) {
        if (trouble !== null) return this.#lost(trouble);
        if (hasMore) this.#pause = setTimeout(() => this.#readOn(), bounds.serialGatherMs);
        else this.#await(READABLE);
        return;
      }
      hasMore = true;
      if (!this.push(Buffer.from(this.#scratch.subarray(0, count))) || this.destroyed) return;
    }
    this.#pause = setTimeout(() => this.#readOn(), 0);
  }

  /** How many bytes came; -1 where there are none now; undefined at the end. */
  #readSome(): number | undefined {
    try {
      const count = readSync(this.#port.fd as number, this.#scratch);
      if (count > 0) return count;
      // The terminal was hung up; it reads like this for ever.
      this.push(null);
    } catch (error) {
      if (isAgain(error)) return -1;
      this.#lost(error);
    }
    return undefined;
  }

  #writeOn(): void {
    const unwritten = this.#unwritten;
    if (unwritten === undefined) return;
    try {
      while (unwritten.at < unwritten.chunk.length) {
        const count = writeSync(this.#port.fd as number, unwritten.chunk, unwritten.at);
        if (count === 0) return this.#await(WRITABLE);
        unwritten.at += count;
      }
    } catch (error) {
      if (isAgain(error)) return this.#await(WRITABLE);
      return this.#lost(error);
    }
    this.#unwritten = undefined;
    unwritten.done();
  }

  #lost(cause: unknown): void {
    const number = errnoOf(cause);
    const what = number === 'EIO' || number === undefined ? 'the port was hung up' : 'the port is gone';
    this.destroy(new VirtagentError('LINE_LOST', `${this.#name}: ${what}${number === undefined ? '' : ` (${number})`}`, { cause }));
  }
}

function isAgain(error: unknown): boolean {
  const number = errnoOf(error);
  return number === 'EAGAIN' || number === 'EINTR';
}
