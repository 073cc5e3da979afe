/** `createPeer({ stream: connect(path) })`: the socket takes bytes before it has anybody to give them to. */
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder } from '../channels/support.ts';
import { opened, rejection, type Loose } from '../support/peers.ts';

const path = (): string => join(folder(), 's');

test('nobody listens: nothing was sent, and the peer says why', async () => {
  const peer = opened<Loose>({ stream: connect(path()) });
  const call = rejection(peer.call('any'));
  expect(peer.link).toBe('connecting');
  expect(await call).toMatchObject({ code: 'LINE_LOST', known: 'not-sent' });
  expect(await peer.ended()).toMatchObject({ code: 'CHANNEL_NOT_FOUND', cause: { code: 'ENOENT' } });
});

test('somebody listens: calls made before wait for it', async () => {
  const file = path();
  const server = createServer((socket) => void socket.on('error', () => {}).pipe(socket)).listen(file);
  await once(server, 'listening');
  // Its own requests come back to it.
  const peer = opened<Loose>({ stream: connect(file), methods: { echo: () => 'echo' }, protocol: 'jsonrpc-lines' });
  const call = rejection(peer.call('echo', {}));
  await peer.ready();
  peer.close();
  expect(await call).toMatchObject({ code: 'STOPPED' });
  server.close();
});

test('closed while it connects: the socket goes with it', async () => {
  const socket = connect(path());
  const peer = opened<Loose>({ stream: socket });
  const call = rejection(peer.call('any'));
  peer.close();
  expect(await call).toMatchObject({ code: 'STOPPED', known: 'not-sent' });
  expect(socket.destroyed).toBe(true);
});
