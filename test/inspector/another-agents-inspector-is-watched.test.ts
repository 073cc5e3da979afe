import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { InspectRecord } from '../../inspector/records.ts';
import { inspectorAddress, watchRemote } from '../../inspector/remote.ts';
import { serveInspector } from '../../inspector/server.ts';
import type { Clock } from '../../transport/timers.ts';
import { freePort } from '../support/free-port.ts';
import { FakeInspector, served } from './support/requests.ts';

const live: InspectRecord = { type: 'live', of: 'near', at: 0 };
const gone: InspectRecord = { type: 'gone', of: 'near', at: 9, reason: 'over' };
const token = 'a-token-of-22-characters-or-more';

/** A watcher whose calls are awaited one by one; its timers run when it is told. */
function watching(address: string): { next(): Promise<unknown>; pauses: number[]; runTimer(): void } {
  const told: unknown[] = [];
  const waiting: ((value: unknown) => void)[] = [];
  const tell = (value: unknown): void => {
    const first = waiting.shift();
    if (first === undefined) told.push(value);
    else first(value);
  };
  const pauses: number[] = [];
  let timer: (() => void) | undefined;
  const clock: Clock = {
    now: () => 0,
    setTimeout(fn, ms) {
      pauses.push(ms);
      timer = fn;
    },
    clearTimeout: () => (timer = undefined),
  };
  const watcher = { take: tell, lost: (reason: string, isFinal: boolean) => tell({ reason, isFinal }) };
  const { stop } = watchRemote(inspectorAddress('--inspect', address), watcher, clock);
  onTestFinished(stop);
  return {
    pauses,
    next: () => (told.length > 0 ? Promise.resolve(told.shift()) : new Promise((resolve) => waiting.push(resolve))),
    runTimer: () => timer?.(),
  };
}

test('records come as they are told, and after a restart of the agent it connects again', async () => {
  const port = await freePort();
  const first = await served({ port, token });
  const watcher = watching(first.server.url);
  expect(await watcher.next()).toEqual([live]);
  first.inspector.tell(gone);
  expect(await watcher.next()).toEqual([gone]);
  await first.server.close();
  expect(await watcher.next()).toEqual({ reason: 'the agent has ended', isFinal: false });
  watcher.runTimer();
  expect(await watcher.next()).toEqual({ reason: 'nobody listens at that address', isFinal: false });
  const second = await serveInspector(new FakeInspector(), { port, token });
  onTestFinished(() => second.close());
  watcher.runTimer();
  expect(await watcher.next()).toEqual([live]);
  await second.close();
  await watcher.next();
  expect(watcher.pauses).toEqual([250, 500, 250]);
});

test('while its watcher is behind nothing is read', async () => {
  const { server, inspector } = await served();
  const told: InspectRecord[][] = [];
  let isReady = true;
  let look = (): void => {};
  const waits = new Promise<void>((resolve) => {
    const clock: Clock = {
      now: () => 0,
      setTimeout(fn) {
        look = fn;
        resolve();
      },
      clearTimeout: () => (look = () => {}),
    };
    const take = (records: readonly InspectRecord[]): void => {
      told.push([...records]);
      isReady = told.length !== 1;
    };
    const { stop } = watchRemote(inspectorAddress('--inspect', server.url), { take, lost() {}, isReady: () => isReady }, clock);
    onTestFinished(stop);
  });
  await waits;
  inspector.tell(gone);
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual([[live]]);
  isReady = true;
  look();
  while (told.length < 2) await new Promise((resolve) => setImmediate(resolve));
  expect(told[1]).toEqual([gone]);
});

test('a wrong token is said, and not tried again', async () => {
  const { server } = await served();
  const watcher = watching(`http://127.0.0.1:${server.port}/${token}/`);
  expect(await watcher.next()).toEqual({ reason: 'it answered 403: "the token is wrong"', isFinal: true });
  expect(watcher.pauses).toEqual([]);
});

test('what is no record is left out, and what comes after it is not', async () => {
  const answers = [
    `data: [${JSON.stringify(live)}, {"type":"later","of":"near","at":0}, null]\n\ndata: {"no\n\ndata: 7\n\ndata: [${JSON.stringify(gone)}]\n\n`,
  ];
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(answers.shift());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const watcher = watching(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${token}/`);
  expect(await watcher.next()).toEqual([live]);
  expect(await watcher.next()).toEqual([gone]);
});

test.each([
  '',
  'localhost:80',
  'http://127.0.0.1:1/',
  'https://127.0.0.1/token/',
  'http://user@127.0.0.1/token/',
  'http://127.0.0.1/token/x',
  'file:///token/',
])('"%s" is no address of an inspector', (address) => {
  expect(() => inspectorAddress('--inspect', address)).toThrow(
    /--inspect is .*; it takes the address that an agent with --inspect printed/,
  );
});

test('an address may lack its last slash', () => {
  expect(inspectorAddress('--inspect', 'http://[::1]:80/abc').href).toBe('http://[::1]/abc/');
});
