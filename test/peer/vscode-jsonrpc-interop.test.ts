import { createServer, connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import {
  CancellationTokenSource,
  createMessageConnection,
  ErrorCodes,
  ProgressType,
  ResponseError,
  SocketMessageReader,
  SocketMessageWriter,
  type CancellationToken,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import { MethodError, type HandlerContext, type Methods, type Peer } from '../../actors/index.ts';
import { unixConnect, unixListen } from '../../transport/index.ts';
import { deferred, opened, rejection, type Loose } from '../support/peers.ts';

const connections: MessageConnection[] = [];
const folders: string[] = [];
afterEach(() => {
  for (const connection of connections.splice(0)) connection.dispose();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Ours on one end of a real socket, the real vscode-jsonrpc on the other; either may be the one that listens. */
async function withVscode(listens: 'ours' | 'theirs', methods: Methods): Promise<{ ours: Peer<Loose>; theirs: MessageConnection }> {
  const folder = mkdtempSync(join(tmpdir(), 'virtagent-'));
  folders.push(folder);
  const path = join(folder, 's');
  let socket: Socket;
  let ours: Peer<Loose>;
  if (listens === 'ours') {
    const channel = unixListen(path);
    await channel.listen();
    ours = opened({ channel, protocol: 'jsonrpc-headers', methods });
    socket = connect(path);
    await once(socket, 'connect');
  } else {
    const server = createServer().listen(path);
    await once(server, 'listening');
    ours = opened({ channel: unixConnect(path), protocol: 'jsonrpc-headers', methods });
    [socket] = (await once(server, 'connection')) as [Socket];
    server.close();
  }
  const theirs = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
  connections.push(theirs);
  return { ours, theirs };
}

test.each(['ours', 'theirs'] as const)(
  'calls, errors, cancels, progress and notifications in both directions, %s listening',
  async (listens) => {
    const cancelledHere = deferred();
    const notifiedHere = deferred<unknown>();
    const { ours, theirs } = await withVscode(listens, {
      add: ([a, b]: [number, number]) => a + b,
      named: ({ word }: { word: string }) => ({ word }),
      own: () => {
        throw new MethodError('our own', { code: 4711, data: { why: 'because' } });
      },
      broken: () => {
        throw new TypeError('secret detail');
      },
      hang: (_: unknown, { signal }: HandlerContext) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => (cancelledHere.resolve(), reject(signal.reason as Error))),
        ),
      told: (params: unknown) => notifiedHere.resolve(params),
      steps: (_: unknown, { progress }: HandlerContext) => {
        progress(1);
        progress(2);
        return 'end';
      },
    });
    const cancelledThere = deferred();
    const notifiedThere = deferred<unknown>();
    theirs.onRequest('mul', (a: number, b: number) => a * b);
    theirs.onRequest('fail', () => new ResponseError(1234, 'their own', { more: true }));
    theirs.onRequest(
      'hang',
      (token: CancellationToken) =>
        new Promise((_resolve, reject) => token.onCancellationRequested(() => (cancelledThere.resolve(), reject(new Error('cancelled'))))),
    );
    theirs.onRequest('steps', async ({ workDoneToken }: { workDoneToken: string }) => {
      await theirs.sendProgress(new ProgressType<number>(), workDoneToken, 10);
      await theirs.sendProgress(new ProgressType<number>(), workDoneToken, 20);
      return 'end';
    });
    theirs.onNotification('told', (params: unknown) => notifiedThere.resolve(params));
    theirs.listen();
    await ours.ready();

    expect(await Promise.all([theirs.sendRequest('add', 2, 3), ours.call('mul', [4, 5])])).toEqual([5, 20]);
    expect(await theirs.sendRequest('named', { word: 'grüße \u{1f600}' })).toEqual({ word: 'grüße \u{1f600}' });
    expect(await rejection(theirs.sendRequest('own'))).toMatchObject({ code: 4711, message: 'our own', data: { why: 'because' } });
    const broken = await rejection(theirs.sendRequest('broken'));
    expect(broken).toMatchObject({ code: ErrorCodes.InternalError });
    expect(JSON.stringify(broken)).not.toMatch(/\.ts:|at /);
    expect(await rejection(theirs.sendRequest('missing'))).toMatchObject({ code: ErrorCodes.MethodNotFound });
    expect(await rejection(ours.call('missing'))).toMatchObject({ code: 'METHOD_NOT_FOUND', known: 'refused' });
    expect(await rejection(ours.call('fail'))).toMatchObject({
      code: 'REMOTE_ERROR',
      known: 'executed',
      remote: { code: 1234, message: 'their own', data: { more: true } },
    });

    const source = new CancellationTokenSource();
    const theirCall = rejection(theirs.sendRequest('hang', source.token));
    const abort = new AbortController();
    const ourCall = rejection(ours.call('hang', undefined, { signal: abort.signal }));
    await theirs.sendRequest('add', 1, 1);
    source.cancel();
    abort.abort();
    expect(await theirCall).toMatchObject({ code: -32800 });
    expect(await ourCall).toMatchObject({ code: 'CANCELLED', known: 'perhaps-executed' });
    await Promise.all([cancelledHere.promise, cancelledThere.promise]);

    const heard: unknown[] = [];
    theirs.onProgress(new ProgressType<number>(), 'token-1', (value) => void heard.push(value));
    expect(await theirs.sendRequest('steps', { workDoneToken: 'token-1' })).toBe('end');
    expect(heard).toEqual([1, 2]);
    const told: unknown[] = [];
    expect(await ours.call('steps', {}, { onProgress: (value) => told.push(value) })).toBe('end');
    expect(told).toEqual([10, 20]);

    await theirs.sendNotification('told', { from: 'them' });
    await ours.notify('told', { from: 'us' });
    expect(await Promise.all([notifiedHere.promise, notifiedThere.promise])).toEqual([{ from: 'them' }, { from: 'us' }]);

    const many = await Promise.all(
      Array.from({ length: 300 }, (_, i) => (i % 2 ? theirs.sendRequest('add', i, 1) : ours.call('mul', [i, 2]))),
    );
    expect(many).toEqual(many.map((_, i) => (i % 2 ? i + 1 : i * 2)));
    expect(ours.counters).toMatchObject({ damaged: 0 });
  },
);

test('a peer that disposes its end settles our calls', async () => {
  const { ours, theirs } = await withVscode('ours', {});
  theirs.onRequest('hang', () => new Promise(() => {}));
  theirs.listen();
  await ours.ready();
  const call = rejection(ours.call('hang'));
  await ours.call('missing').catch(() => {});
  theirs.end();
  expect(await call).toMatchObject({ code: 'LINE_LOST', known: 'perhaps-executed' });
});
