import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { bridgeToXstateInspect, type XstateInspectOptions } from '../../inspector/bridges/xstate-inspect.ts';
import { pairOfPeers } from '../support/peers.ts';

/** What the receiver makes of a message: machines and states of XState 4. */
interface Received {
  readonly type: 'service.register' | 'service.event' | 'service.state' | 'service.stop';
  readonly sessionId: string;
  readonly id?: string;
  readonly parent?: string;
  readonly machine?: { readonly id: string; readonly stateIds: string[]; readonly initialState: { readonly value: unknown } };
  readonly state?: { readonly value: unknown; readonly done: boolean; readonly context: object; matches(value: string): boolean };
  readonly event?: { readonly name: string; readonly data: object };
}

interface Receiver {
  subscribe(next: (event: Received) => void): { unsubscribe(): void };
}

let createWebSocketReceiver: (options: { server: string }) => Receiver;
const folder = mkdtempSync(join(tmpdir(), 'va-receiver-'));

beforeAll(async () => {
  // It is XState 4's: what it imports as `xstate` has to be that one.
  const { outputFiles } = await build({
    stdin: { contents: "export { createWebSocketReceiver } from '@xstate/inspect'", resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    alias: { xstate: 'xstate4' },
  });
  writeFileSync(join(folder, 'receiver.mjs'), outputFiles[0]?.text ?? '');
  globalThis.WebSocket ??= WebSocket as never;
  ({ createWebSocketReceiver } = (await import(pathToFileURL(join(folder, 'receiver.mjs')).href)) as {
    createWebSocketReceiver: typeof createWebSocketReceiver;
  });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A pair whose host is shown to a real receiver, which has opened. */
async function shown(
  options: XstateInspectOptions = {},
): Promise<{ host: Awaited<ReturnType<typeof pairOfPeers>>['host']; received: Received[] }> {
  const { host } = await pairOfPeers({}, { methods: { echo: (params) => params } });
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  server.on('connection', (socket) => void bridgeToXstateInspect(host, socket, options));
  await once(server, 'listening');
  const received: Received[] = [];
  const receiver = createWebSocketReceiver({ server: `127.0.0.1:${(server.address() as AddressInfo).port}` });
  await new Promise<void>((resolve) => {
    receiver.subscribe((event) => {
      received.push(event);
      resolve();
    });
  });
  return { host, received };
}

/** What a viewer could show. */
function textOf(received: readonly Received[]): string {
  return JSON.stringify(received.map(({ event, state }) => [event, state?.context]));
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}

test('its real receiver is told of the parts that are there, and of a job from its beginning to its end', async () => {
  const { host, received } = await shown();
  await host.call('echo', { secret: 'a long secret' });
  await until(() => received.some(({ type }) => type === 'service.stop'));
  const registered = received.filter(({ type }) => type === 'service.register');
  expect(registered.map(({ machine }) => machine?.id)).toEqual(expect.arrayContaining(['peer', 'manager', 'client']));
  const job = registered.find(({ machine }) => machine?.id === 'client');
  expect(job?.id).toMatch(/^client:\d+$/);
  expect(job?.parent).toBe(registered.find(({ machine }) => machine?.id === 'manager')?.sessionId);
  // XState 4 has made a machine of it.
  expect(job?.machine?.initialState.value).toBe('new');
  expect(job?.machine?.stateIds).toContain('client.busy.sending');
  const own = received.filter(({ sessionId }) => sessionId === job?.sessionId);
  expect(own.filter(({ type }) => type === 'service.event').map(({ event }) => event?.name)).toEqual(
    expect.arrayContaining(['send', 'send_done', 'read_done', 'callback_done']),
  );
  expect(own.filter(({ type }) => type === 'service.state').map(({ state }) => state?.value)).toEqual(
    expect.arrayContaining([{ busy: 'sending' }, 'sent', { busy: 'callback' }, 'done']),
  );
  expect(own.some(({ state }) => state?.matches('busy.sending') === true)).toBe(true);
  expect(own.at(-1)?.type).toBe('service.stop');
  expect(own.findLast(({ type }) => type === 'service.state')?.state?.done).toBe(true);
});

test('what is called with, and what comes of it, is not shown unless the options show it', async () => {
  const { host, received } = await shown();
  await host.call('echo', { secret: 'a long secret' });
  await until(() => received.some(({ type }) => type === 'service.stop'));
  expect(textOf(received)).not.toContain('a long secret');
  const open = await shown({ sanitizeEvent: (event) => event, sanitizeContext: (context) => context as object });
  await open.host.call('echo', { secret: 'a long secret' });
  await until(() => open.received.some(({ type }) => type === 'service.stop'));
  expect(textOf(open.received)).toContain('a long secret');
});

test('of many jobs as many are shown as may be, each as a whole', async () => {
  const { host, received } = await shown({ actorsPerSecond: 3, now: () => 0 });
  await Promise.all(Array.from({ length: 50 }, () => host.call('echo')));
  await until(() => received.filter(({ type }) => type === 'service.stop').length === 3);
  const jobs = received.filter(({ type, machine }) => type === 'service.register' && !['peer', 'manager'].includes(machine?.id ?? ''));
  expect(jobs.length).toBeLessThanOrEqual(6);
  const known = new Set(received.filter(({ type }) => type === 'service.register').map(({ sessionId }) => sessionId));
  expect(received.map(({ sessionId }) => sessionId).filter((id) => !known.has(id))).toEqual([]);
});
