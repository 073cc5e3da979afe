import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { createPeer, type Peer } from '../../actors/index.ts';
import { tcpConnect, tcpListen, type Channel } from '../../transport/index.ts';

const large = { bytes: Buffer.alloc(100_000, 7), more: Buffer.alloc(70_000, 8) };

/** What is read of a socket: each chunk as Node hands it over. */
function readOf(socket: Socket): Uint8Array[] {
  const read: Uint8Array[] = [];
  const push = socket.push.bind(socket);
  socket.push = (chunk: Uint8Array | null, encoding) => {
    if (chunk !== null) read.push(chunk);
    return push(chunk, encoding);
  };
  return read;
}

/** The chunks that are large enough to be worth it, freed ones among them. */
const whole = (read: readonly Uint8Array[]): readonly Uint8Array[] =>
  read.filter((one) => one.buffer.byteLength >= 4096 || one.length === 0);
const bytesOf = (read: readonly Uint8Array[]): number => read.reduce((sum, { length }) => sum + length, 0);

type Line = { readonly channel: Channel } | { readonly stream: Socket };

/** Large values go there and back. */
async function echoes(near: Line, far: Line, times: number, before?: (nth: number) => void): Promise<void> {
  const server = createPeer({ ...far, protocol: 'virtagent-2', methods: { echo: (params: unknown) => params } });
  const client: Peer<{ echo(params: unknown): unknown }> = createPeer({ ...near, protocol: 'virtagent-2' });
  for (let time = 0; time < times; time++) {
    before?.(time);
    // Compared by Node: `toEqual` takes seconds for bytes.
    expect(isDeepStrictEqual(await client.call('echo', large), large)).toBe(true);
  }
  await Promise.all([client.stop(), server.stop()]);
}

/** The same between two channels of ours, or one of them in another; `accepted` is told of the socket at the far end. */
async function between(
  wrap: (far: Channel) => Channel,
  accepted: (socket: Socket) => void,
  times: number,
  before?: (nth: number) => void,
): Promise<void> {
  const far = tcpListen({ port: 0 });
  await far.listen();
  const { port } = far.address() as AddressInfo;
  const hear = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    if (socket.localPort === port) accepted(socket);
  };
  subscribe('net.server.socket', hear);
  const both = echoes({ channel: tcpConnect({ port }) }, { channel: wrap(far) }, times, before);
  await both.finally(() => unsubscribe('net.server.socket', hear));
}

const bare = (far: Channel): Channel => far;

test('what a socket of our own has read is freed when it is decoded', async () => {
  await between(bare, () => {}, 1);
  // Where Node has no method for it, a port is used, and the first chunks come before it is closed.
  await setImmediate();
  let read: Uint8Array[] = [];
  await between(bare, (socket) => (read = readOf(socket)), 3);
  const chunks = whole(read);
  expect(chunks.length).toBeGreaterThan(5);
  expect(chunks.map(({ length }) => length)).toEqual(chunks.map(() => 0));
});

test('a stream that a user hands over may be known to others, and they keep what they read', async () => {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [[Socket], unknown];
  server.close();
  const read = readOf(far);
  await echoes({ stream: near }, { stream: far }, 3);
  expect(bytesOf(read)).toBeGreaterThan(3 * 170_000);
});

test('so may the lines of a channel that a user has put around one of ours', async () => {
  let read: Uint8Array[] = [];
  const around = (far: Channel): Channel => ({ ...far, open: async (signal) => far.open(signal) });
  await between(around, (socket) => (read = readOf(socket)), 3);
  expect(bytesOf(read)).toBeGreaterThan(3 * 170_000);
});

test('who finds a socket of ours all the same, and listens once, keeps what it hears', async () => {
  const heard: Uint8Array[] = [];
  let far: Socket | undefined;
  const listen = (chunk: Uint8Array): void => {
    heard.push(chunk);
    if (heard.length < 5) far?.prependOnceListener('data', listen);
  };
  await between(
    bare,
    (socket) => (far = socket),
    4,
    (time) => {
      if (time === 2) far?.prependOnceListener('data', listen);
    },
  );
  expect(heard.some(({ buffer }) => buffer.byteLength >= 4096)).toBe(true);
  expect(heard.filter(({ length }) => length === 0)).toEqual([]);
});
