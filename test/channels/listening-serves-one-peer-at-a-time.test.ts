import { once } from 'node:events';
import { connect, type AddressInfo, type NetConnectOpts, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tcpListen, unixListen } from '../../transport/channels/index.ts';
import { bytes, closing, ending, folder, line, never, peer, text, turns, until } from './support.ts';
import type { Channel } from '../../transport/channels/channel.ts';

const kinds: Record<string, () => Promise<[Channel, NetConnectOpts]>> = {
  async unix() {
    const path = join(folder(), 's');
    const channel = closing(unixListen(path));
    await channel.listen();
    return [channel, { path }];
  },
  async tcp() {
    const channel = closing(tcpListen({ port: 0 }));
    await channel.listen();
    return [channel, { port: (channel.address() as AddressInfo).port, host: '127.0.0.1' }];
  },
};

/** A peer that says which one it is, and notes when it was sent away. */
async function numbered(to: NetConnectOpts, number: number): Promise<Socket> {
  const socket = ending(connect({ allowHalfOpen: true, ...to }));
  await once(socket, 'connect');
  socket.write(String(number));
  socket.resume();
  return socket;
}

describe.each(Object.entries(kinds))('over %s', (_, make) => {
  test('the peers have their turns in the order that they came', async () => {
    const [channel, to] = await make();
    for (let number = 0; number < 5; number += 1) await numbered(to, number);
    for (let number = 0; number < 5; number += 1) {
      const served = await line(channel);
      expect(await bytes(served, 1)).toBe(String(number));
      served.destroy();
    }
  });

  test('behind the one that is served four are held, and the next is sent away at once', async () => {
    const [channel, to] = await make();
    const first = await numbered(to, 0);
    const served = await line(channel);
    const held: Socket[] = [];
    for (let number = 1; number <= 4; number += 1) held.push(await numbered(to, number));
    const away = await numbered(to, 5);
    await until(() => away.readableEnded || away.destroyed);
    await turns();
    expect([first, ...held].map((socket) => socket.readableEnded || socket.destroyed)).toEqual([false, false, false, false, false]);
    served.destroy();
    const next = await line(channel);
    expect(await bytes(next, 1)).toBe('1');
    // There is room for one again.
    const late = await numbered(to, 6);
    await turns();
    expect(late.readableEnded || late.destroyed).toBe(false);
  });

  test('a held peer is not read: it can send no more than the system holds', async () => {
    const [channel, to] = await make();
    await peer(to);
    await line(channel);
    const eager = await peer(to);
    let drained = false;
    eager.once('drain', () => (drained = true));
    eager.write(Buffer.alloc(64 * 1024 * 1024));
    await turns(50);
    expect(drained).toBe(false);
  });

  test('an open() waits until the line before it is closed, and then gets the held peer', async () => {
    const [channel, to] = await make();
    await numbered(to, 1);
    const served = await line(channel);
    await numbered(to, 2);
    let got = false;
    const next = channel.open(never).then((stream) => ((got = true), ending(stream)));
    await turns();
    expect(got).toBe(false);
    served.destroy();
    expect(await bytes(await next, 1)).toBe('2');
  });

  test('an open() that waits gets the next peer to come', async () => {
    const [channel, to] = await make();
    const next = line(channel);
    await turns();
    await numbered(to, 7);
    expect(await bytes(await next, 1)).toBe('7');
  });

  test('a held peer that leaves does no harm: its turn yields what it sent, then the end', async () => {
    const [channel, to] = await make();
    await numbered(to, 1);
    const served = await line(channel);
    const leaving = await peer(to);
    leaving.end('gone');
    await turns();
    leaving.destroy();
    await numbered(to, 3);
    served.destroy();
    const second = await line(channel);
    expect(await text(second)).toBe('gone');
    second.destroy();
    expect(await bytes(await line(channel), 1)).toBe('3');
  });

  test('a held peer that is cut off does no harm either', async () => {
    const [channel, to] = await make();
    await numbered(to, 1);
    const served = await line(channel);
    const cut = await peer(to);
    if ('port' in to) cut.resetAndDestroy();
    else cut.destroy();
    await turns();
    served.destroy();
    const second = await line(channel);
    second.resume();
    await new Promise((resolve) => second.once('end', resolve).once('close', resolve));
    second.destroy();
    await numbered(to, 3);
    expect(await bytes(await line(channel), 1)).toBe('3');
  });

  test('close() sends the held ones away, and the served one stays', async () => {
    const [channel, to] = await make();
    const first = await peer(to);
    const served = await line(channel);
    const held = [await numbered(to, 1), await numbered(to, 2)];
    await channel.close();
    await until(() => held.every((socket) => socket.readableEnded || socket.destroyed));
    served.write('still here');
    expect(await bytes(first, 10)).toBe('still here');
  });
});

test('a hundred peers at once: each is served, held or sent away, and none is left hanging', async () => {
  const [channel, to] = await (kinds.unix as () => Promise<[Channel, NetConnectOpts]>)();
  const served = channel.open(never).then(ending);
  const sockets = await Promise.all(Array.from({ length: 100 }, (_, number) => numbered(to, number)));
  await served;
  await until(() => sockets.filter((socket) => socket.readableEnded || socket.destroyed).length >= 95);
  await turns(20);
  expect(sockets.filter((socket) => !socket.readableEnded && !socket.destroyed)).toHaveLength(5);
});
