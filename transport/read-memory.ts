import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { MessagePort } from 'node:worker_threads';

/** What is smaller is not worth the call. */
const leastBytes = 4 * 1024;

/**
 * The memory of what a socket has read, freed as soon as that was decoded.
 *
 * Node reads each chunk into memory of its own, of which V8 takes care when it next collects. But 8 MB of such memory let it begin a full
 * collection, and a line of large values reads them in some milliseconds (docs/performance.md).
 *
 * Freed memory that somebody still looks at is empty, or, if the system is writing it to a file, another's. So this is for sockets that
 * nobody else knows, which those of our own channels are (`opensOwnSockets`); a stream that a user hands over is not among them.
 */
export class ReadMemory {
  /** Whether the stream's chunks are Node's, each in memory that it does not use again, and come to nobody else. */
  #isOurs: boolean;

  /** The stream's only listener is there, and has heard nothing yet. */
  constructor(stream: Duplex) {
    this.#isOurs = Object.getPrototypeOf(stream) === Socket.prototype && stream.listenerCount('data') === 1;
    // All sockets of a process can be met through `node:diagnostics_channel`.
    stream.on('newListener', (event) => {
      if (event === 'data' || event === 'readable') this.#isOurs = false;
    });
  }

  /** A chunk is decoded, and nothing of it is looked at here any more. */
  free(chunk: Uint8Array): void {
    const { buffer } = chunk;
    if (!this.#isOurs || chunk.length < leastBytes || chunk.length !== buffer.byteLength || !(buffer instanceof ArrayBuffer)) return;
    try {
      detach(buffer);
    } catch {
      // Then it is collected.
      this.#isOurs = false;
    }
  }
}

/** From Node 22 on there is a method for it. */
const hasTransfer = 'transfer' in ArrayBuffer.prototype;

/** Takes its memory from a buffer, and frees it. The buffer is empty then. */
function detach(buffer: ArrayBuffer): void {
  if (hasTransfer) (buffer as ArrayBuffer & { transfer(bytes: number): ArrayBuffer }).transfer(0);
  else nowhere()?.postMessage(null, [buffer]);
}

let closedPort: MessagePort | undefined;
let isClosed = false;

/** A closed port: what is sent to it leaves its sender, as HTML has it for every port, and is freed as it has nowhere to go. */
function nowhere(): MessagePort | undefined {
  if (closedPort === undefined) {
    const port: MessagePort = new MessageChannel().port1;
    closedPort = port;
    // Until then what is sent is kept for the other port.
    port.once('close', () => (isClosed = true));
    port.close();
  }
  return isClosed ? closedPort : undefined;
}
