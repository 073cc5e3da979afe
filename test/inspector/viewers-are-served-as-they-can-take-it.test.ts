import { expect, test, vi } from 'vitest';
import { letGoOfIdle } from '../../inspector/event-stream.ts';
import type { InspectRecord } from '../../inspector/records.ts';
import { serveInspector } from '../../inspector/server.ts';
import { freePort } from '../support/free-port.ts';
import { ask, begin, below, eventsOf, FakeInspector, served } from './support/requests.ts';

const live: InspectRecord = { type: 'live', of: 'near', at: 0 };
const gone: InspectRecord = { type: 'gone', of: 'near', at: 5, reason: 'a\nb\r\u2028' };

test('a viewer gets the past and then what happens, a batch an event', async () => {
  const { server, inspector } = await served();
  const answer = await begin(server, below(server, 'records'));
  expect(answer.headers['content-type']).toBe('text/event-stream; charset=utf-8');
  const events = eventsOf(answer);
  expect((await events.next()).value).toEqual([live]);
  inspector.tell(gone, live);
  expect((await events.next()).value).toEqual([gone, live]);
  answer.destroy();
});

test('a viewer that leaves is watched for no more', async () => {
  const { server, inspector } = await served();
  const answer = await begin(server, below(server, 'records'));
  expect(inspector.viewers.size).toBe(1);
  answer.destroy();
  while (inspector.viewers.size > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('a viewer that does not read is not ready, and is let go when it is told too much all the same', async () => {
  const { server, inspector } = await served();
  const answer = await begin(server, below(server, 'records'));
  answer.pause();
  const [viewer] = inspector.viewers;
  const large: InspectRecord = { ...gone, reason: 'x'.repeat(1024 * 1024) };
  expect(viewer?.isReady?.()).toBe(true);
  let told = 0;
  for (; told < 20 && viewer?.isReady?.() === true; told++) inspector.tell(large);
  expect(viewer?.isReady?.()).toBe(false);
  for (; told < 200 && inspector.viewers.size > 0; told++) {
    inspector.tell(large);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(told).toBeLessThan(100);
  answer.destroy();
});

test('there are sixteen viewers at most, and a place is free again when one leaves', async () => {
  const { server, inspector } = await served();
  const all = await Promise.all(Array.from({ length: 16 }, () => begin(server, below(server, 'records'))));
  expect(await ask(server, below(server, 'records'))).toMatchObject({ status: 503 });
  expect(await ask(server, below(server, 'recording'))).toMatchObject({ status: 503 });
  all[0]?.destroy();
  while (inspector.viewers.size > 15) await new Promise((resolve) => setImmediate(resolve));
  const next = await begin(server, below(server, 'records'));
  expect(next.statusCode).toBe(200);
  for (const one of [...all, next]) one.destroy();
});

test('the recording is what the ring holds, a record a line, and then it ends', async () => {
  const { server, inspector } = await served();
  inspector.past = [gone, live];
  const { text, headers } = await ask(server, below(server, 'recording'));
  expect(text).toBe(`${JSON.stringify(gone)}\n`);
  expect(headers['content-disposition']).toContain('attachment');
});

test('closing ends every connection, those of viewers as well, and frees the port', async () => {
  const inspector = new FakeInspector();
  const port = await freePort();
  const server = await serveInspector(inspector, { port });
  const answer = await begin(server, below(server, 'records'));
  const over = new Promise((resolve) => answer.once('close', resolve));
  answer.on('error', () => {}).resume();
  await server.close();
  await over;
  expect(inspector.viewers.size).toBe(0);
  const again = await serveInspector(inspector, { port });
  await again.close();
});

test('who asks for the recording and does not read it is not ready either', async () => {
  const { server, inspector } = await served();
  inspector.past = [{ ...gone, of: 'far', reason: 'x'.repeat(4 * 1024 * 1024) }];
  const answer = await begin(server, below(server, 'recording'));
  answer.pause();
  const [viewer] = inspector.viewers;
  inspector.tell(...Array.from({ length: 8 }, () => inspector.past[0] as InspectRecord));
  expect(viewer?.isReady?.()).toBe(false);
  answer.destroy();
});

test('a viewer that takes nothing of what waits is let go, and one that has all or takes some is not', () => {
  vi.useFakeTimers();
  try {
    const response = { writableLength: 10, socket: { bytesWritten: 10 }, once: () => {}, destroy: vi.fn<() => void>() };
    letGoOfIdle(response);
    vi.advanceTimersByTime(300_000);
    Object.assign(response, { writableLength: 20, socket: { bytesWritten: 25 } });
    vi.advanceTimersByTime(300_000);
    Object.assign(response, { writableLength: 0, socket: { bytesWritten: 25 } });
    vi.advanceTimersByTime(900_000);
    expect(response.destroy).not.toHaveBeenCalled();
    Object.assign(response, { writableLength: 5, socket: { bytesWritten: 30 } });
    vi.advanceTimersByTime(300_000);
    expect(response.destroy).toHaveBeenCalledOnce();
  } finally {
    vi.useRealTimers();
  }
});
