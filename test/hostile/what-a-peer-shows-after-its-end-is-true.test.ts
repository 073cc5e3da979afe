import type { Observable } from 'rxjs';
import { expect, test } from 'vitest';
import { VirtagentError } from '../../actors/index.ts';
import { memoryPair, type Channel } from '../../transport/index.ts';
import { opened, settled, type Loose } from '../support/peers.ts';

/** What an observable says from now on. */
function told<T>(of: Observable<T>): { seen: T[]; done: boolean } {
  const all = { seen: [] as T[], done: false };
  of.subscribe({ next: (value) => all.seen.push(value), complete: () => (all.done = true) });
  return all;
}

test('link$ ends with ended, for who was there and for who comes later', async () => {
  const peer = opened<Loose>({ stream: memoryPair()[0], protocol: 'jsonrpc-lines' });
  const before = told(peer.link$);
  await peer.ready();
  peer.close();
  expect(before.seen.map(({ state }) => state)).toEqual(['connecting', 'greeting', 'up', 'down', 'ended']);
  const after = told(peer.link$);
  expect(after.seen.map(({ state }) => state)).toEqual(['ended']);
  expect([before.done, after.done]).toEqual([true, true]);
});

test('link$ says ended once when the far end is gone', async () => {
  const [ours, far] = memoryPair();
  const peer = opened<Loose>({ stream: ours, protocol: 'jsonrpc-lines' });
  await peer.ready();
  const watched = told(peer.link$);
  far.destroy();
  await peer.ended();
  expect(watched.seen.map(({ state }) => state)).toEqual(['up', 'down', 'ended']);
  expect(watched.done).toBe(true);
});

test('jobs$, messages$ and damage$ complete', async () => {
  const peer = opened<Loose>({ stream: memoryPair()[0], protocol: 'jsonrpc-lines' });
  await peer.ready();
  const before = [told(peer.jobs$), told(peer.messages$), told(peer.damage$)];
  peer.close();
  expect([...before, told(peer.jobs$), told(peer.messages$), told(peer.damage$)].map(({ done }) => done)).toEqual(Array(6).fill(true));
});

test('counters and slots of a peer that never had a line can be read', async () => {
  const channel: Channel = {
    name: 'test',
    reopens: false,
    open: () => Promise.reject(new VirtagentError('CHANNEL_REFUSED', 'nobody')),
    close: async () => {},
  };
  const peer = opened<Loose>({ channel });
  expect(await peer.ended()).toMatchObject({ code: 'CHANNEL_REFUSED' });
  expect(peer.counters).toMatchObject({ bytesIn: 0, messagesOut: 0, violations: 0, unclaimed: 0 });
  expect(peer.slots.send.taken).toBe(0);
  expect(peer.transport.isOpen).toBe(false);
  await expect(peer.ready()).rejects.toMatchObject({ code: 'CHANNEL_REFUSED' });
  await settled();
});
