import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SerialLine } from '../../transport/channels/serial-line.ts';

/** Tells of everything that it was asked for, whether there is anything or not: a descriptor without it says EAGAIN. */
class EagerPoller extends EventEmitter {
  #asked = 0;
  #isDue = false;
  poll(events: number): void {
    this.#asked = events;
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      const asked = this.#asked;
      this.#asked = 0;
      this.#isDue = false;
      if ((asked & 1) !== 0) this.emit('readable', null);
      if ((asked & 2) !== 0) this.emit('writable', null);
    });
  }
}

/** A descriptor that says EAGAIN as a port does, and its other end as a socket that nobody reads yet. */
describe('a serial line on a descriptor that does not block', () => {
  let folder: string;
  let server: Server;
  let near: Socket;
  let far: Socket;
  let line: SerialLine;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'virtagent-'));
    server = createServer({ pauseOnConnect: true }).listen(join(folder, 'line'));
    await once(server, 'listening');
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    near = connect(join(folder, 'line')).pause();
    [far] = await accepted;
    const { fd } = (near as unknown as { _handle: { fd: number } })._handle;
    line = new SerialLine('a line', { fd, poller: new EagerPoller(), flush: async () => {}, close: async () => {} });
  });

  afterEach(() => {
    line.destroy();
    for (const socket of [near, far]) socket.destroy();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('it reads all that comes while the far end reads nothing, and then gives up all that it was to write', async () => {
    const sent = pattern(4 * 1024 * 1024, 7);
    const received: Buffer[] = [];
    line.on('data', (chunk: Buffer) => received.push(chunk));
    let isWritten = false;
    line.write(sent, () => (isWritten = true));
    const said = pattern(1024 * 1024, 13);
    far.write(said);
    await until(() => sizeOf(received) === said.length);
    expect(Buffer.concat(received).equals(said)).toBe(true);
    expect(isWritten).toBe(false);

    const arrived: Buffer[] = [];
    far.on('data', (chunk: Buffer) => arrived.push(chunk)).resume();
    await until(() => sizeOf(arrived) === sent.length);
    expect(Buffer.concat(arrived).equals(sent)).toBe(true);
    await until(() => isWritten);
  });

  test('it writes all while nobody reads what comes, and takes no more of that than its buffer', async () => {
    const said = pattern(4 * 1024 * 1024, 11);
    far.write(said);
    const sent = pattern(1024 * 1024, 5);
    const arrived: Buffer[] = [];
    far.on('data', (chunk: Buffer) => arrived.push(chunk)).resume();
    line.write(sent);
    await until(() => sizeOf(arrived) === sent.length);
    expect(Buffer.concat(arrived).equals(sent)).toBe(true);
    expect(line.readableLength).toBe(0);

    const received: Buffer[] = [];
    line.on('data', (chunk: Buffer) => received.push(chunk));
    await until(() => sizeOf(received) === said.length);
    expect(Buffer.concat(received).equals(said)).toBe(true);
  });
});

/** Bytes that tell their place. */
function pattern(length: number, step: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, at) => (at * step + (at >> 8)) & 0xff));
}

function sizeOf(chunks: readonly Buffer[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await pause(1);
}
