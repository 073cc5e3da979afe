import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { opened, rejection, type Loose } from '../support/peers.ts';

test('a far end that resets in the middle of everything', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.on('error', () => {}))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const peer = opened<Loose>({
    protocol: 'jsonrpc-lines',
    stream: connect((server.address() as { port: number }).port, '127.0.0.1'),
    methods: { never: () => new Promise(() => {}) },
  });
  await peer.ready();
  const calls = Array.from({ length: 50 }, () => rejection(peer.call('any', { pad: 'x'.repeat(50_000) })));
  while (sockets.length === 0) await once(server, 'connection');
  sockets[0]?.write('{"jsonrpc":"2.0","id":1,"method":"never"}\n');
  await once(sockets[0] as Socket, 'data');
  sockets[0]?.resetAndDestroy();
  const known = new Set((await Promise.all(calls)).map((error) => `${String(error['code'])} ${String(error['known'])}`));
  expect(known.has('LINE_LOST perhaps-executed')).toBe(true);
  expect([...known].every((one) => /^LINE_LOST (perhaps-executed|not-sent)$/.test(one))).toBe(true);
  await peer.ended();
  server.close();
});
