import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { childChannel, memoryPair, streamChannel, tcpConnect, tcpListen, unixConnect, unixListen } from '../../transport/channels/index.ts';
import type { Channel } from '../../transport/channels/channel.ts';
import { bytes, closing, folder, line, peer, server, text, turns } from './support.ts';

/** A line of each kind, and what its other side does first: it says 'early' and ends its direction. */
const kinds: Record<string, () => Promise<Duplex>> = {
  async stream() {
    const [own, other] = memoryPair();
    other.end('early');
    return line(streamChannel(own));
  },
  async 'a stream that flows already'() {
    const [own, other] = memoryPair();
    own.resume();
    const channel: Channel = streamChannel(own);
    other.end('early');
    return line(channel);
  },
  async 'unix-connect'() {
    const path = join(folder(), 's');
    await server({ path }, (socket) => void socket.end('early'));
    return line(closing(unixConnect(path)));
  },
  async 'unix-listen'() {
    const path = join(folder(), 's');
    const channel = closing(unixListen(path));
    await channel.listen();
    (await peer({ path })).end('early');
    return line(channel);
  },
  async 'tcp-connect'() {
    const listening = await server({ host: '127.0.0.1', port: 0 }, (socket: Socket) => void socket.end('early'));
    return line(closing(tcpConnect({ port: (listening.address() as AddressInfo).port })));
  },
  async 'tcp-listen'() {
    const channel = closing(tcpListen({ port: 0 }));
    await channel.listen();
    (await peer({ port: channel.address()?.port ?? 0, host: '127.0.0.1' })).end('early');
    return line(channel);
  },
  async child() {
    return line(closing(childChannel('echo', ['-n', 'early'])));
  },
};

describe.each(Object.entries(kinds))('a line of %s', (_, open) => {
  test("keeps what came before anyone listened for 'data'", async () => {
    const opened = await open();
    expect(opened.readableFlowing).not.toBe(true);
    await turns(20);
    expect(opened.readableFlowing).not.toBe(true);
    expect(opened.readableEnded).toBe(false);
    expect(await text(opened)).toBe('early');
  });

  test('can be read by resume(), read() and iteration too', async () => {
    expect(await bytes(await open(), 5)).toBe('early');
    let all = '';
    for await (const chunk of await open()) all += String(chunk);
    expect(all).toBe('early');
    const resumed = await open();
    resumed.resume();
    await once(resumed, 'end');
  });

  test('survives an error that comes before anyone listens, and still shows it', async () => {
    const opened = await open();
    const broken = new Error('broken');
    opened.destroy(broken);
    const later = once(opened, 'error', { signal: AbortSignal.timeout(4_000) }).catch((error: unknown) => [error]);
    expect(await later).toEqual([broken]);
    expect(opened.errored).toBe(broken);
  });
});
