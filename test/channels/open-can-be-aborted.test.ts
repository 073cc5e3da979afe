import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import {
  childChannel,
  memoryPair,
  stdioChannel,
  streamChannel,
  tcpConnect,
  tcpListen,
  unixConnect,
  unixListen,
} from '../../transport/channels/index.ts';
import type { Channel } from '../../transport/channels/channel.ts';
import { bytes, closing, folder, line, moreThan, peer, server, turns, until } from './support.ts';

function channels(): Channel[] {
  const path = join(folder(), 's');
  return [
    streamChannel(memoryPair()[0]),
    unixConnect(path),
    unixListen(path),
    tcpConnect({ port: 9 }),
    tcpListen({ port: 0 }),
    stdioChannel(),
    childChannel('sleep', ['60']),
  ].map(closing);
}

const reason = new Error('changed my mind');

/** What this process has open that it had not `before`. */
const newSince = (before: readonly string[]): string[] => moreThan(before, process.getActiveResourcesInfo());

test('an aborted signal is refused with its reason, and nothing is begun', async () => {
  const before = process.getActiveResourcesInfo();
  for (const channel of channels()) await expect(channel.open(AbortSignal.abort(reason)), channel.name).rejects.toBe(reason);
  expect(newSince(before)).toEqual([]);
});

test('an open() under way ends with the reason, and leaves no handle and no listener', async () => {
  const before = process.getActiveResourcesInfo();
  const path = join(folder(), 's');
  const listening = await server({ path }, (socket) => void socket.destroy());
  for (const channel of [unixConnect(path), tcpConnect({ port: 9 }), childChannel('sleep', ['60'])]) {
    const abort = new AbortController();
    const opening = channel.open(abort.signal);
    abort.abort(reason);
    await expect(opening, channel.name).rejects.toBe(reason);
    await channel.close();
  }
  listening.close();
  // The server's own ends of the lines, and the child, take a moment to go.
  await until(() => newSince(before).length === 0);
});

test('without a reason of its own the rejection is the AbortError', async () => {
  const abort = new AbortController();
  const opening = closing(tcpListen({ port: 0 })).open(abort.signal);
  abort.abort();
  await expect(opening).rejects.toMatchObject({ name: 'AbortError' });
});

test('a waiting open() of a listening end ends; the server goes on and its next open() gets the peer', async () => {
  const path = join(folder(), 's');
  const channel = closing(unixListen(path));
  await channel.listen();
  const abort = new AbortController();
  const waiting = channel.open(abort.signal);
  await turns();
  abort.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  (await peer({ path })).write('hello');
  await turns();
  expect(await bytes(await line(channel), 5)).toBe('hello');
});

test('an open() aborted as it starts to listen leaves it listening', async () => {
  const path = join(folder(), 's');
  const channel = closing(unixListen(path));
  const abort = new AbortController();
  const opening = channel.open(abort.signal);
  abort.abort(reason);
  await expect(opening).rejects.toBe(reason);
  await channel.listen();
  await peer({ path });
});

test('once it is open, the signal means nothing any more', async () => {
  const path = join(folder(), 's');
  await server({ path }, (socket) => void socket.write('hello'));
  const abort = new AbortController();
  const opened = await closing(unixConnect(path)).open(abort.signal);
  abort.abort(reason);
  expect(await bytes(opened, 5)).toBe('hello');
  expect(opened.destroyed).toBe(false);
  opened.destroy();
});

test('a line that comes in the moment of the abort is not left open', async () => {
  const path = join(folder(), 's');
  const channel = closing(unixListen(path));
  await channel.listen();
  const first = await peer({ path });
  await turns();
  const abort = new AbortController();
  // The peer is there already, so the line is made within this call.
  const opening = channel.open(abort.signal);
  await Promise.resolve();
  abort.abort(reason);
  let got: Duplex | undefined;
  await opening.then(
    (stream) => (got = stream),
    (error: unknown) => expect(error).toBe(reason),
  );
  if (got === undefined) {
    (await peer({ path })).write('2');
    const next = await line(channel);
    next.on('error', () => {});
    expect(next.destroyed).toBe(false);
  }
  got?.destroy();
  first.destroy();
});

test('the listeners on a signal do not pile up', async () => {
  const path = join(folder(), 's');
  await server({ path });
  const { signal } = new AbortController();
  let count = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  Object.assign(signal, {
    addEventListener: (...args: Parameters<typeof add>) => ((count += 1), add(...args)),
    removeEventListener: (...args: Parameters<typeof remove>) => ((count -= 1), remove(...args)),
  });
  const channel = closing(unixConnect(path));
  for (let round = 0; round < 5; round += 1) (await channel.open(signal)).destroy();
  expect(count).toBe(0);
});
