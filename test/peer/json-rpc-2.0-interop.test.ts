import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { JSONRPCClient, JSONRPCServer, JSONRPCServerAndClient } from 'json-rpc-2.0';
import { afterEach, expect, test } from 'vitest';
import { tcpConnect, tcpListen } from '../../transport/index.ts';
import { opened, rejection, type Loose } from '../support/peers.ts';
import type { Peer } from '../../actors/index.ts';

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** The real json-rpc-2.0 package on a socket, a line a message. */
function theirEnd(socket: Socket): JSONRPCServerAndClient {
  sockets.push(socket);
  const both = new JSONRPCServerAndClient(
    // Its default prints what a method throws.
    new JSONRPCServer({ errorListener: () => {} }),
    new JSONRPCClient((request) => void socket.write(`${JSON.stringify(request)}\n`)),
  );
  createInterface({ input: socket }).on('line', (line) => void both.receiveAndSend(JSON.parse(line) as never).catch(() => {}));
  return both;
}

async function ends(listens: 'ours' | 'theirs'): Promise<{ ours: Peer<Loose>; theirs: JSONRPCServerAndClient; raw: Socket }> {
  const methods = { add: ({ a, b }: { a: number; b: number }) => a + b };
  if (listens === 'ours') {
    const channel = tcpListen({ port: 0 });
    await channel.listen();
    const ours = opened({ channel, methods, protocol: 'jsonrpc-lines' });
    const socket = connect(channel.address()?.port as number, '127.0.0.1');
    await once(socket, 'connect');
    return { ours, theirs: theirEnd(socket), raw: socket };
  }
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const ours = opened({ channel: tcpConnect({ port: (server.address() as AddressInfo).port }), methods, protocol: 'jsonrpc-lines' });
  const [socket] = (await once(server, 'connection')) as [Socket];
  server.close();
  return { ours, theirs: theirEnd(socket), raw: socket };
}

test.each(['ours', 'theirs'] as const)('json-rpc-2.0 and we call each other at the same time, %s listening', async (listens) => {
  const { ours, theirs } = await ends(listens);
  theirs.addMethod('mul', ({ a, b }: { a: number; b: number }) => a * b);
  theirs.addMethod('fail', () => {
    throw new Error('their failure');
  });
  await ours.ready();
  const all = await Promise.all(
    Array.from({ length: 200 }, (_, i) => (i % 2 ? theirs.request('add', { a: i, b: 1 }) : ours.call('mul', { a: i, b: 2 }))),
  );
  expect(all).toEqual(all.map((_, i) => (i % 2 ? i + 1 : i * 2)));
  expect(await rejection(Promise.resolve(theirs.request('missing', {})))).toMatchObject({ code: -32601 });
  expect(await rejection(ours.call('missing'))).toMatchObject({ code: 'METHOD_NOT_FOUND' });
  expect(await rejection(ours.call('fail'))).toMatchObject({ known: 'executed' });
});

test('a batch is refused with the error of the standard, and the line lives', async () => {
  const { ours, raw } = await ends('ours');
  await ours.ready();
  const lines: string[] = [];
  createInterface({ input: raw }).on('line', (line) => lines.push(line));
  raw.write('[{"jsonrpc":"2.0","id":1,"method":"add","params":{"a":1,"b":1}},{"jsonrpc":"2.0","id":2,"method":"add"}]\n');
  raw.write('{"jsonrpc":"2.0","id":3,"method":"add","params":{"a":1,"b":1}}\n');
  while (lines.length < 2) await once(raw, 'data');
  const answers = lines.map((line) => JSON.parse(line) as { id: unknown; error?: { code: number } });
  expect(answers.find((one) => one.id === null)).toMatchObject({ error: { code: -32600 } });
  expect(answers.find((one) => one.id === 3)).toEqual({ jsonrpc: '2.0', id: 3, result: 2 });
});
