import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { bridgeToStately, type StatelyOptions } from '../../inspector/bridges/stately.ts';
import { pairOfPeers } from '../support/peers.ts';

interface Told {
  readonly type: string;
  readonly name?: string;
  readonly definition?: string;
  readonly sessionId: string;
  readonly parentId?: string;
  readonly event?: { readonly type: string };
  readonly snapshot?: { readonly value?: unknown; readonly status: string };
}

async function told(options: StatelyOptions = {}): Promise<{ all: Told[]; text: () => string }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const texts: string[] = [];
  server.on('connection', (socket) => socket.on('message', (data: Buffer) => texts.push(data.toString())));
  await once(server, 'listening');
  const { host } = await pairOfPeers({}, { methods: { echo: (params) => params } });
  const bridge = await bridgeToStately(host, { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, ...options });
  onTestFinished(() => {
    bridge.stop();
    for (const client of server.clients) client.terminate();
    server.close();
  });
  await host.call('echo', { secret: 'a long secret' });
  const read = (): Told[] => texts.map((text) => JSON.parse(text) as Told);
  const isThere = (): boolean => read().some(({ type, snapshot }) => type === '@xstate.snapshot' && snapshot?.value === 'done');
  while (!isThere()) await new Promise((resolve) => setTimeout(resolve, 1));
  return { all: read(), text: () => texts.join('\n') };
}

test('it is told of a job with its chart, its events and its states', async () => {
  const { all } = await told();
  const job = all.find(({ type, name }) => type === '@xstate.actor' && name?.startsWith('client:') === true);
  // What the job runs is compiled, and keeps the machine's configuration: without it there would be no chart.
  expect(JSON.parse(job?.definition ?? '{}')).toMatchObject({
    id: 'client',
    initial: 'new',
    states: { busy: { states: { sending: {} } } },
  });
  expect(all.find(({ type, name }) => type === '@xstate.actor' && name === 'manager')?.sessionId ?? job?.parentId).toBe(job?.parentId);
  const own = all.filter(({ sessionId }) => sessionId === job?.sessionId);
  expect(own.map(({ event }) => event?.type)).toEqual(expect.arrayContaining(['send', 'send_done', 'read_done', 'callback_done']));
  expect(own.map(({ snapshot }) => snapshot?.value)).toEqual(expect.arrayContaining([{ busy: 'sending' }, 'sent', 'done']));
});

test('what is called with, and what comes of it, is hidden in contexts, events and outputs', async () => {
  expect((await told()).text()).not.toContain('a long secret');
  const shown = await told({ sanitizeContext: (context) => context as object, sanitizeEvent: (event) => event });
  expect(shown.text()).toContain('a long secret');
});

test('where nobody can be reached it is said once, and after a stop nobody is tried any more', async () => {
  const asked: (string | undefined)[] = [];
  const refuse = ({ req }: { req: { url?: string | undefined } }): boolean => asked.push(req.url) < 0;
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, verifyClient: refuse });
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { host } = await pairOfPeers({}, {});
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const said: string[] = [];
  const bridge = await new Promise<{ stop(): void }>((resolve) => {
    const bridged = bridgeToStately(host, { url, onUnreachable: (reason) => (said.push(reason), resolve(bridged)) });
  });
  bridge.stop();
  await vi.advanceTimersByTimeAsync(5_000);
  // Whoever was to come would come before this one.
  await once(new WebSocket(`${url}/last`), 'error');
  expect(asked).toEqual(['/', '/last']);
  expect(said).toEqual([expect.stringContaining('401')]);
});
