import { expect, test } from 'vitest';
import { createManager, createPeer } from '../../actors/index.ts';
import { createInspector, serveInspector } from '../../inspector/index.ts';
import { childChannel, isaSerial, memoryPair, qemuChardev, tcpConnect, tcpListen, unixListen } from '../../transport/index.ts';

const peer = createPeer({ stream: memoryPair()[0] });
const misspelt = { tiemout: 5 } as never;
const port = { port: 4444, tiemout: 5 } as never;

test.each<[string, () => unknown]>([
  ['a call', () => peer.call('m', {}, misspelt)],
  ['a stream', () => peer.stream('m', {}, misspelt)],
  ['the room of a stream', () => peer.stream('m', {}, { room: misspelt })],
  ['a question for a call', () => peer.statusOf('1', misspelt)],
  ['the end of a peer', () => peer.stop(misspelt)],
  ['a manager', () => createManager(misspelt)],
  ['an inspector', () => createInspector({ peer, ...(misspelt as object) })],
  ['what serves an inspector', () => serveInspector(createInspector({ peer }), misspelt)],
  ['a program', () => childChannel('cat', [], misspelt)],
  ['a serial port', () => isaSerial('/dev/ttyS0', misspelt)],
  ['a TCP connection', () => tcpConnect(port)],
  ['a TCP port', () => tcpListen(port)],
  ['a unix socket', () => unixListen('sock', misspelt)],
  ['a pair', () => memoryPair(misspelt)],
  ['a chardev', () => qemuChardev(port)],
])('%s', async (_, use) => {
  await expect((async () => await use())()).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringMatching(/^(options|room|address) is "tiemout"; it takes the names (\w+, )*\w+$/) as string,
  });
});

test('a stream reports no progress: its items are that', () => {
  expect(() => peer.stream('m', {}, { onProgress: () => {} } as never)).toThrow(/options is "onProgress"/);
});
