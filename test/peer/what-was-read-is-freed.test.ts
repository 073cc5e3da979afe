import { once } from 'node:events';
import { connect, createServer, Socket, type AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { createPeer, type Peer } from '../../actors/index.ts';

const large = { bytes: Buffer.alloc(100_000, 7), more: Buffer.alloc(70_000, 8) };

/** Both ends of a line over the loopback, and what is read at the far one: each chunk as Node hands it over. */
async function sockets(): Promise<{ near: Socket; far: Socket; read: Uint8Array[] }> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [[Socket], unknown];
  server.close();
  const read: Uint8Array[] = [];
  const push = far.push.bind(far);
  far.push = (chunk: Uint8Array, encoding) => {
    if (chunk !== null) read.push(chunk);
    return push(chunk, encoding);
  };
  return { near, far, read };
}

/** Large values go there and back. */
async function echoes(near: Socket, far: Socket, times: number, before = (_: number): void => {}): Promise<void> {
  const server = createPeer({ stream: far, protocol: 'virtagent-2', methods: { echo: (params: unknown) => params } });
  const client: Peer<{ echo(params: unknown): unknown }> = createPeer({ stream: near, protocol: 'virtagent-2' });
  for (let time = 0; time < times; time++) {
    before(time);
    // Compared by Node: `toEqual` takes seconds for bytes.
    expect(isDeepStrictEqual(await client.call('echo', large), large)).toBe(true);
  }
  await Promise.all([client.stop(), server.stop()]);
}

/** The chunks that are large enough to be worth it. */
const whole = (read: readonly Uint8Array[]): readonly Uint8Array[] =>
  read.filter((one) => one.buffer.byteLength >= 4096 || one.length === 0);

test('the memory of what a socket has read is freed when it is decoded', async () => {
  const first = await sockets();
  await echoes(first.near, first.far, 1);
  // Where Node has no method for it, a port is used, and the first chunks come before it is closed.
  await setImmediate();
  const { near, far, read } = await sockets();
  await echoes(near, far, 3);
  const chunks = whole(read);
  expect(chunks.length).toBeGreaterThan(5);
  expect(chunks.map(({ length }) => length)).toEqual(chunks.map(() => 0));
});

test('what somebody else reads as well is left to them', async () => {
  const { near, far, read } = await sockets();
  let seen = 0;
  far.on('data', (chunk: Uint8Array) => void (seen += chunk.length));
  far.pause();
  await echoes(near, far, 2);
  expect(seen).toBeGreaterThan(340_000);
  expect(read.reduce((sum, { length }) => sum + length, 0)).toBe(seen);
});

test('so is what somebody hears once', async () => {
  const { near, far } = await sockets();
  let early: Uint8Array | undefined;
  far.once('data', (chunk: Uint8Array) => (early = chunk));
  far.pause();
  near.write(Buffer.alloc(50_000, 'not a word of the protocol '));
  await echoes(near, far, 1);
  expect(early?.length).toBeGreaterThan(4096);
});

test('and what somebody hears once in the middle, before we do', async () => {
  const { near, far } = await sockets();
  const late: Uint8Array[] = [];
  const listen = (chunk: Uint8Array): void => {
    late.push(chunk);
    if (late.length < 5) far.prependOnceListener('data', listen);
  };
  await echoes(near, far, 4, (time) => {
    if (time === 2) far.prependOnceListener('data', listen);
  });
  expect(late.some(({ buffer }) => buffer.byteLength >= 4096)).toBe(true);
  expect(late.filter(({ length }) => length === 0)).toEqual([]);
});

test('what was read before the line was ours, and was put back, is left to who did that', async () => {
  const { near, far } = await sockets();
  const bytes = Buffer.alloc(200_000, 'not a word of the protocol ');
  near.write(bytes);
  far.resume();
  const held: Buffer[] = [];
  for (let length = 0; length < bytes.length; length += held.at(-1)?.length ?? 0) held.push((await once(far, 'data'))[0] as Buffer);
  far.pause();
  for (const chunk of held.toReversed()) far.unshift(chunk);
  await echoes(near, far, 1);
  expect(Buffer.concat(held).equals(bytes)).toBe(true);
});

test('a socket of another class may use its chunks again, and they are left to it', async () => {
  const { near, far, read } = await sockets();
  class Own extends Socket {}
  Object.setPrototypeOf(far, Own.prototype);
  await echoes(near, far, 2);
  expect(read.reduce((sum, { length }) => sum + length, 0)).toBeGreaterThan(340_000);
});
