import { Duplex } from 'node:stream';
import { VirtagentError } from '../errors.ts';
import type { Clock } from '../timers.ts';
import { bounds } from './bounds.ts';
import { portChunk, type Port, type PortReading, type PortSink } from './virtio-serial-device.ts';

type Done = (error?: Error | null) => void;

/** What a line is made of. */
export interface PortLineOptions {
  readonly port: Port;
  /** What was read when the host was seen; perhaps empty. */
  readonly first: Buffer;
  readonly clock: Clock;
  /** What the line ends with when the port fails. */
  readonly explain: (error: unknown) => Error;
  /** The line was destroyed; `failed` if the port can't be used any more. */
  readonly onClose: (failed: boolean) => void;
}

/** A port while a host is there: it ends when the host leaves, with the port's failure, or when it is destroyed. */
export class PortLine extends Duplex {
  readonly #options: PortLineOptions;
  readonly #sink: PortSink;
  #reading: PortReading;
  #first: Buffer;
  #failed = false;
  /** When bytes came last. */
  #heardAt: number;
  /** Until it is clear whether a host is there: nothing is read by events meanwhile. */
  #doubt: unknown;
  /** What the port has not taken yet of the present write. */
  #rest: Uint8Array | undefined;
  /** The port has a part of that. */
  #isCut = false;
  #done: Done = () => {};
  #pause = 0;
  #retry: unknown;
  #turn: NodeJS.Immediate | undefined;

  constructor(options: PortLineOptions) {
    super({ autoDestroy: false, emitClose: true });
    const { port, clock, first } = options;
    this.#options = options;
    this.#first = first;
    this.#heardAt = first.length > 0 ? clock.now() : -Infinity;
    this.#sink = {
      data: (bytes) => {
        this.#heardAt = clock.now();
        if (!this.push(bytes)) this.#reading.pause();
      },
      away: () => this.#hostAway(),
      failed: (error) => this.#fail(error),
    };
    this.#reading = port.watch(this.#sink) ?? readAtTimes(port, this.#sink, clock);
  }

  override _read(): void {
    const first = this.#first;
    this.#first = Buffer.alloc(0);
    // Whoever asks for more than that asks again.
    if (first.length > 0) this.push(first);
    else if (this.#doubt === undefined) this.#reading.resume();
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: Done): void {
    this.#rest = chunk;
    this.#done = done;
    this.#pump();
  }

  override _writev(chunks: { chunk: Uint8Array }[], done: Done): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'buffer' as BufferEncoding, done);
  }

  override _destroy(error: Error | null, done: Done): void {
    const { clock, onClose } = this.#options;
    clock.clearTimeout(this.#retry);
    clock.clearTimeout(this.#doubt);
    clearImmediate(this.#turn);
    this.#reading.stop();
    this.#first = Buffer.alloc(0);
    const isUnsent = this.#rest !== undefined;
    this.#rest = undefined;
    onClose(this.#failed);
    done(error);
    if (isUnsent) this.#done(error ?? new VirtagentError('LINE_LOST', 'the line ended before the port had taken all that was written'));
  }

  /** Hands over what the port takes, in slices: between them other things have their turn. */
  #pump = (): void => {
    for (let slice = 0; slice < bounds.portSlice;) {
      const rest = this.#rest as Uint8Array;
      const taken = this.#write(rest);
      if (this.#rest === undefined) return;
      if (taken === rest.length) return this.#written();
      if (taken === 0) return this.#writeLater();
      this.#rest = rest.subarray(taken);
      this.#isCut = true;
      this.#pause = 0;
      slice += taken;
    }
    this.#turn = setImmediate(this.#pump);
  };

  #write(bytes: Uint8Array): number {
    if (bytes.length === 0) return 0;
    try {
      return this.#options.port.write(bytes);
    } catch (error) {
      this.#fail(error);
      return 0;
    }
  }

  #written(): void {
    this.#rest = undefined;
    this.#isCut = false;
    this.#pause = 0;
    this.#done();
  }

  /** The host reads nothing, or is away: that shows when it is read from. */
  #writeLater(): void {
    this.#pause = longer(this.#pause, bounds.portFullMs);
    this.#retry = this.#options.clock.setTimeout(this.#pump, this.#pause);
  }

  /**
   * The kernel says that no host is there. Where one comes as another leaves, it may hand over the first bytes of the new one and
   * learn only then, by another queue, that there is one: to end the line now would lose the answer to them. It learns it when
   * this process sleeps. Where the port took a part of a message the line ends all the same: the rest is for nobody else.
   */
  #hostAway(): void {
    if (this.destroyed) return;
    if (this.#isCut || this.#options.clock.now() - this.#heardAt > bounds.portHeardMs) this.#hostLeft();
    else this.#lookAgain(1);
  }

  #lookAgain(pause: number): void {
    const { port, clock } = this.#options;
    this.#doubt = clock.setTimeout(() => {
      this.#doubt = undefined;
      const buffer = Buffer.allocUnsafe(portChunk);
      let length: number | 'away' | 'idle';
      try {
        length = port.read(buffer);
      } catch (error) {
        return this.#fail(error);
      }
      if (length !== 'away') this.#goOn(buffer.subarray(0, length === 'idle' ? 0 : length));
      else if (pause < bounds.portDoubtMs) this.#lookAgain(pause * 2);
      else this.#hostLeft();
    }, pause);
  }

  /** A reading that saw the end reads no more. */
  #goOn(bytes: Buffer): void {
    const { port, clock } = this.#options;
    this.#reading = port.watch(this.#sink) ?? readAtTimes(port, this.#sink, clock);
    this.#reading.resume();
    if (bytes.length > 0) this.#sink.data(bytes);
  }

  /** What it had sent is read first. */
  #hostLeft(): void {
    this.once('end', () => this.destroy());
    this.push(null);
  }

  #fail(error: unknown): void {
    this.#failed = true;
    this.destroy(this.#options.explain(error));
  }
}

/** Where nothing tells that bytes have come: the port is read, at pauses that grow while there are none. */
export function readAtTimes(port: Port, sink: PortSink, clock: Clock): PortReading {
  const buffer = Buffer.allocUnsafeSlow(portChunk);
  let isReading = false;
  let timer: unknown;
  let pause = 0;
  const stop = (): void => {
    isReading = false;
    clock.clearTimeout(timer);
    timer = undefined;
  };
  const readSome = (): void => {
    for (let reads = 0; isReading && reads < bounds.portReads; reads++) {
      const length = port.read(buffer);
      if (length === 'away') {
        stop();
        return sink.away();
      }
      if (length === 'idle') {
        pause = longer(pause, bounds.portQuietMs);
        return;
      }
      pause = 0;
      sink.data(Buffer.from(buffer.subarray(0, length)));
    }
  };
  const look = (): void => {
    timer = undefined;
    try {
      readSome();
    } catch (error) {
      stop();
      return sink.failed(error);
    }
    if (isReading) timer = clock.setTimeout(look, pause);
  };
  return {
    resume() {
      if (isReading) return;
      isReading = true;
      timer ??= clock.setTimeout(look, 0);
    },
    pause: stop,
    stop,
  };
}

function longer(pause: number, longest: number): number {
  return Math.min(Math.max(1, pause * 2), longest);
}
