import { config } from 'rxjs';
import { expect, test, vi } from 'vitest';
import type { AnyActorRef, InspectionEvent } from 'xstate';
import { clientJob, serverJob } from '../../machines/index.ts';
import { createPeer } from '../../actors/index.ts';
import { memoryPair } from '../../transport/index.ts';
import { opened, type Loose } from '../support/peers.ts';

test('every job appears in inspection with its chart and the manager as its parent', async () => {
  const [a, b] = memoryPair();
  const born: AnyActorRef[] = [];
  const inspect = (event: InspectionEvent): void => {
    if (event.type === '@xstate.actor') born.push(event.actorRef as AnyActorRef);
  };
  const peer = createPeer<Loose>({ stream: a, inspect, methods: { pong: () => 'pong' } });
  const other = opened({ stream: b, methods: { ping: () => 'ping' } });
  await Promise.all([peer.call('ping'), other.call('pong')]);
  const jobs = born.filter((ref) => ref._parent === peer.manager.ref);
  expect(jobs.map((ref) => ref.id)).toEqual(['client:1', 'server:2']);
  const chartOf = (ref: AnyActorRef | undefined): unknown => (ref as unknown as { logic: { config: unknown } }).logic.config;
  expect(chartOf(jobs[0])).toEqual(clientJob.config);
  expect(chartOf(jobs[1])).toEqual(serverJob.config);
  expect(peer.manager.ref._parent).toBe(peer.ref);
  peer.close();
});

test('jobs$ shows every state that a job goes through, passing ones included', async () => {
  const [a, b] = memoryPair();
  const peer = opened({ stream: a, methods: { pong: () => 'pong' } });
  const other = opened({ stream: b, methods: { ping: () => 'ping' } });
  const seen: string[] = [];
  const watching = peer.jobs$.subscribe(({ kind, state }) => seen.push(`${kind} ${state}`));
  await peer.call('ping');
  await other.call('pong');
  expect(seen).toEqual([
    ...['new', 'busy.sending', 'sent', 'read', 'busy.callback', 'done'].map((state) => `client ${state}`),
    ...['new', 'busy.executing', 'executed', 'busy.sending', 'sent', 'busy.callback', 'done'].map((state) => `server ${state}`),
  ]);
  watching.unsubscribe();
  await peer.call('ping');
  expect(seen).toHaveLength(13);
});

test('an observer of jobs$ that throws harms no job', async () => {
  const [a, b] = memoryPair();
  const peer = opened({ stream: a });
  opened({ stream: b, methods: { ping: () => 'ping' } });
  const thrown: unknown[] = [];
  config.onUnhandledError = (error) => thrown.push(error);
  peer.jobs$.subscribe(() => {
    throw new Error('bad observer');
  });
  expect(await peer.call('ping')).toBe('ping');
  expect(await peer.call('ping')).toBe('ping');
  await vi.waitUntil(() => thrown.length === 12);
  config.onUnhandledError = null;
  expect(peer.slots.client.count).toBe(0);
});
