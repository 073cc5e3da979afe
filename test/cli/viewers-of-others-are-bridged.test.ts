import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Log } from '../../cli/log.ts';
import { Output } from '../../cli/output.ts';
import { Session } from '../../cli/session.ts';
import { memoryPair, streamChannel } from '../../transport/index.ts';
import { folder, run, start } from './support.ts';

test('a viewer of @xstate/inspect connects below the token, from any origin, and is told of a job', async () => {
  const socket = join(folder(), 's');
  const guest = start(['guest', '-c', 'unix-listen', '-p', socket, '--inspect', '--inspect-bridge', 'xstate']);
  await guest.printed('stderr', 'listening');
  const url = /for viewers of @xstate\/inspect: (ws:\S+)/.exec(guest.stderr)?.[1] ?? '';
  const viewer = new WebSocket(url, { origin: 'https://stately.ai' });
  onTestFinished(() => viewer.terminate());
  const types = new Set<string>();
  const stopped = new Promise<void>((resolve) => {
    viewer.on('message', (data: Buffer) => {
      const { type } = JSON.parse(data.toString()) as { type: string };
      types.add(type);
      if (type === 'service.stop') resolve();
    });
  });
  await once(viewer, 'open');
  viewer.send('{"type":"xstate.inspecting"}');
  await once(viewer, 'message');
  expect((await run(['call', 'ping', '-c', 'unix-connect', '-p', socket])).code).toBe(0);
  await stopped;
  expect([...types].toSorted()).toEqual(['service.event', 'service.register', 'service.state', 'service.stop']);
});

test('without its token, or at another path, a WebSocket is refused', async () => {
  const guest = start(['guest', '-c', 'unix-listen', '-p', join(folder(), 's'), '--inspect', '--inspect-bridge', 'xstate']);
  await guest.printed('stderr', 'listening');
  const url = /for viewers of @xstate\/inspect: (ws:\S+)/.exec(guest.stderr)?.[1] ?? '';
  for (const wrong of [url.replace(/\/[\w-]{32}\//, `/${'x'.repeat(32)}/`), url.replace(/xstate$/, 'records')]) {
    const viewer = new WebSocket(wrong);
    const [error] = (await once(viewer, 'error')) as [Error];
    expect(error.message).toContain('403');
  }
});

/** Where Stately's inspector would listen, and when it has been told of a job for the other side. */
async function stately(): Promise<{ bridge: string; told: Promise<void> }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  const told = new Promise<void>((resolve) => {
    server.on('connection', (client) =>
      client.on('message', (data: Buffer) => {
        const { type, name } = JSON.parse(data.toString()) as { type: string; name?: string };
        if (type === '@xstate.actor' && name?.startsWith('server:') === true) resolve();
      }),
    );
  });
  return { bridge: `stately=ws://127.0.0.1:${(server.address() as AddressInfo).port}`, told };
}

test("Stately's inspector is told of a job", async () => {
  const { bridge, told } = await stately();
  const socket = join(folder(), 's');
  const guest = start(['guest', '-c', 'unix-listen', '-p', socket, '--inspect-bridge', bridge]);
  await guest.printed('stderr', 'listening');
  await run(['call', 'ping', '-c', 'unix-connect', '-p', socket]);
  await told;
});

test('it is told of a job that comes in the moment in which there is a line', async () => {
  const { bridge, told } = await stately();
  const [ours, theirs] = memoryPair();
  theirs.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\n');
  const quiet = { json: false, quiet: true };
  const err = new Output(new PassThrough() as never, { mayDrop: true });
  const session = await Session.open({
    line: {
      channelName: 'unix-connect',
      channel: streamChannel(ours),
      protocol: 'jsonrpc-lines',
      trace: 'none',
      log: quiet,
      inspect: { inspectBridge: bridge },
    },
    role: 'guest',
    methods: { ping: () => null },
    reopens: false,
    retries: false,
    log: new Log(err, quiet),
    err,
  });
  onTestFinished(() => session.end(0));
  await told;
});
