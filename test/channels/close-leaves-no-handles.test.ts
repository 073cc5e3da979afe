import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { childChannel, memoryPair, streamChannel, tcpConnect, tcpListen, unixConnect, unixListen } from '../../transport/channels/index.ts';
import { codeOf, ending, folder, moreThan, never, peer, turns, until } from './support.ts';

/** Without what can't be cancelled (a name's lookup) and what is not ours (the test runner's timers). */
function handles(): string[] {
  return process.getActiveResourcesInfo().filter((name) => !/Timeout|Immediate|CloseReq|GetAddrInfo/.test(name));
}

/** All that was opened since is gone, if not at once: a busy system tells of the end of a connection later. */
const areGone = async (before: readonly string[]): Promise<void> => until(() => moreThan(before, handles()).length === 0);

test('close() of a listening end leaves nothing, whatever it was doing', async () => {
  await turns();
  const before = handles();
  const path = join(folder(), 's');
  for (const make of [() => unixListen(path), () => tcpListen({ port: 0 }), () => tcpListen({ host: 'localhost', port: 0 })]) {
    const waiting = make();
    const opening = waiting.open(never).catch(() => {});
    await waiting.listen();
    await waiting.close();
    await opening;
    expect(moreThan(before, handles())).toEqual([]);

    const starting = make();
    const listening = codeOf(starting.listen(), '-listen');
    await starting.close();
    // It had begun, so either may win; in no case is it left listening.
    await listening.catch(() => {});
    await areGone(before);
  }
});

test('close() lets go of held peers', async () => {
  await turns();
  const before = handles();
  const channel = tcpListen({ port: 0 });
  await channel.listen();
  const { port } = channel.address() ?? { port: 0 };
  const peers = [await peer({ port }), await peer({ port })];
  await turns();
  await channel.close();
  for (const one of peers) one.destroy();
  await areGone(before);
});

test('close() of a connecting end that connects leaves nothing', async () => {
  await turns();
  const before = handles();
  // An address that never answers: a network for documentation.
  const channel = tcpConnect({ host: '192.0.2.1', port: 9 });
  const opening = codeOf(channel.open(never), '192.0.2.1');
  await channel.close();
  expect(await opening).toMatch(/^CHANNEL_/);
  await areGone(before);
});

test('lines that were opened leave nothing once they are destroyed and their channels closed', async () => {
  await turns();
  const before = handles();
  const path = join(folder(), 's');
  const listening = unixListen(path);
  await listening.listen();
  const channels = [listening, unixConnect(path), childChannel('cat'), streamChannel(memoryPair()[0])];
  const lines = (await Promise.all(channels.map((channel) => channel.open(never)))).map(ending);
  const closed = lines.map((one) => once(one, 'close'));
  for (const one of lines) one.destroy();
  await Promise.all(closed);
  for (const channel of channels) await channel.close();
  await areGone(before);
});
