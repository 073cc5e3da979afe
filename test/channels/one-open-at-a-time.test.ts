import { join } from 'node:path';
import { expect, test } from 'vitest';
import { childChannel, memoryPair, streamChannel, tcpListen, unixConnect, unixListen } from '../../transport/channels/index.ts';
import { closing, codeOf, ending, folder, line, never, peer, server } from './support.ts';

test('the second of two open() calls at once is CHANNEL_UNUSABLE; the first is not disturbed', async () => {
  const path = join(folder(), 's');
  await server({ path });
  for (const channel of [unixConnect(path), childChannel('cat'), streamChannel(memoryPair()[0])].map(closing)) {
    const first = channel.open(never);
    expect(await codeOf(channel.open(never), channel.name)).toBe('CHANNEL_UNUSABLE');
    ending(await first);
  }
});

test('so it is for a listening end that waits for a peer', async () => {
  const path = join(folder(), 's');
  const channel = closing(unixListen(path));
  await channel.listen();
  const first = channel.open(never);
  expect(await codeOf(channel.open(never), `unix-listen ${path}`)).toBe('CHANNEL_UNUSABLE');
  await peer({ path });
  ending(await first);
});

test('an open() that failed or was aborted makes way for another', async () => {
  const path = join(folder(), 's');
  const channel = closing(unixConnect(path));
  expect(await codeOf(channel.open(never), path)).toBe('CHANNEL_NOT_FOUND');
  const abort = new AbortController();
  const aborted = channel.open(abort.signal);
  abort.abort(new Error('no'));
  await expect(aborted).rejects.toThrow('no');
  await server({ path });
  await line(channel);
});

test('after close() every open() is CHANNEL_UNUSABLE, and one that waits is too', async () => {
  const path = join(folder(), 's');
  const [unix, tcp] = [unixListen(path), tcpListen({ port: 0 })];
  for (const channel of [unix, tcp]) {
    const waiting = channel.open(never);
    const ended = codeOf(waiting, channel.name.split(':')[0] ?? '');
    await channel.close();
    expect(await ended).toBe('CHANNEL_UNUSABLE');
    expect(await codeOf(channel.open(never), channel.name)).toBe('CHANNEL_UNUSABLE');
    expect(await codeOf(channel.listen(), channel.name)).toBe('CHANNEL_UNUSABLE');
  }
  for (const channel of [unixConnect(path), childChannel('cat'), streamChannel(memoryPair()[0])]) {
    await channel.close();
    await channel.close();
    expect(await codeOf(channel.open(never), channel.name)).toBe('CHANNEL_UNUSABLE');
  }
});
