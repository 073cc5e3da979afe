import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { Socket, type SocketConstructorOpts } from 'node:net';
import { realClock, type Clock } from '../timers.ts';
import { errnoOf } from './explain.ts';
import { findPort, portError } from './virtio-serial-ports.ts';

/** Who gets what a port yields. */
export interface PortSink {
  /** The bytes are the sink's own. */
  data(bytes: Buffer): void;
  /** The host is away. Nothing is read any more. */
  away(): void;
  /** Nothing is read any more. */
  failed(error: unknown): void;
}

/** Reading by events; nothing is read before `resume()`. */
export interface PortReading {
  resume(): void;
  /** May be called by the sink: nothing follows. */
  pause(): void;
  /** For good. The port stays open. */
  stop(): void;
}

/** An open port. What it throws are the system's errors. */
export interface Port {
  /** Bytes read, `away` if none are there and no host is, `idle` if none are there yet. */
  read(into: Uint8Array): number | 'away' | 'idle';
  /** How many bytes were taken: 0 if none, for the host reads none, or is away. */
  write(bytes: Uint8Array): number;
  /** Undefined where this Node can't: then the port is read at times. */
  watch(sink: PortSink): PortReading | undefined;
  close(): void;
}

/** What the channel needs of the machine. */
export interface PortSystem {
  readonly clock: Clock;
  /** Finds and opens a port. Throws VirtagentErrors that begin with the channel's name. */
  open(pathOrName: string, channel: string): Port;
}

export const portSystem: PortSystem = {
  clock: realClock,
  open(pathOrName, channel) {
    const path = findPort(pathOrName, channel);
    try {
      return new DescriptorPort(openSync(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY));
    } catch (cause) {
      throw portError(channel, cause);
    }
  },
};

/** The kernel keeps what comes in buffers of a page, and a read gives one at most. */
export const portChunk = 4096;

/** Node's wrap of a libuv pipe, which takes any descriptor that can be polled. */
interface PipeHandle {
  open(descriptor: number): number;
  close(): void;
}

interface Bindings {
  binding(name: 'pipe_wrap'): { Pipe: new (type: number) => PipeHandle; constants: { SOCKET: number } };
}

/**
 * A port by its descriptor, which must not block. Reading waits for events; writing is a plain system call that is tried again
 * (virtio-serial-line.ts), for libuv would wait in a loop at 100 % CPU for a descriptor that says "hung up" while no host is there.
 *
 * Why events and not reading at pauses alone, measured in a guest under software emulation: 100 bytes there and back take
 * 0.5 ms either way, as with a bare echo, but nine in ten come within 1.3 ms against 3.9 ms; while a host is silent events cost
 * nothing, and 60 looks a second 0.9 % of a CPU. Throughput is the same: 30 to 40 MiB/s in, 140 MiB/s out.
 */
export class DescriptorPort implements Port {
  readonly #descriptor: number;
  readonly #out: number;
  #handle: PipeHandle | undefined;
  #isWatchable = true;

  /** `out` is for tests on pairs of pipes. */
  constructor(descriptor: number, out = descriptor) {
    this.#descriptor = descriptor;
    this.#out = out;
  }

  read(into: Uint8Array): number | 'away' | 'idle' {
    try {
      return readSync(this.#descriptor, into) || 'away';
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') return 'idle';
      throw error;
    }
  }

  write(bytes: Uint8Array): number {
    try {
      return writeSync(this.#out, bytes);
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') return 0;
      throw error;
    }
  }

  watch(sink: PortSink): PortReading | undefined {
    if (this.#isWatchable) this.#handle ??= pipeHandle(this.#descriptor);
    this.#isWatchable = this.#handle !== undefined;
    return this.#handle && watchHandle(this.#handle, sink);
  }

  close(): void {
    // The handle owns the descriptor.
    if (this.#handle === undefined) closeSync(this.#descriptor);
    else this.#handle.close();
    if (this.#out !== this.#descriptor) closeSync(this.#out);
  }
}

/**
 * Node has no public way to wait for a character device that is no terminal: `net.Socket({ fd })` refuses it by its type, and
 * `fs.read` would hold a thread. Undefined if this Node keeps its handles from us, as under `--permission`.
 */
function pipeHandle(descriptor: number): PipeHandle | undefined {
  try {
    const { Pipe, constants } = (process as unknown as Bindings).binding('pipe_wrap');
    const handle = new Pipe(constants.SOCKET);
    return handle.open(descriptor) === 0 ? handle : undefined;
  } catch {
    return undefined;
  }
}

/** A socket reads one line from the handle; the next line gets another socket, for one that saw its end reads no more. */
function watchHandle(handle: PipeHandle, sink: PortSink): PortReading {
  const buffer = Buffer.allocUnsafeSlow(portChunk);
  const options = {
    handle,
    allowHalfOpen: true,
    manualStart: true,
    // A read fills the buffer where there is more, and so libuv reads on, up to 32 times a turn.
    onread: {
      buffer,
      callback(length: number) {
        sink.data(Buffer.from(buffer.subarray(0, length)));
        return true;
      },
    },
  };
  const socket = new Socket(options as SocketConstructorOpts);
  const stop = (): void => {
    socket.pause();
    // Destroyed with its handle it would close the descriptor.
    Reflect.set(socket, '_handle', null);
    socket.destroy();
  };
  socket.on('end', () => {
    stop();
    sink.away();
  });
  socket.on('error', (error) => sink.failed(error));
  return {
    resume: () => void socket.resume(),
    pause: () => void socket.pause(),
    stop,
  };
}
