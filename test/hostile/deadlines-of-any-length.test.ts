/** Rule 13: one deadline per call covers everything. */
import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import type { Schema } from '../../actors/index.ts';
import { memoryPair, type Channel } from '../../transport/index.ts';
import { everyProtocol, opened, rejection, settled, type Loose } from '../support/peers.ts';
import { against, answer, asked } from './support.ts';

const timersOf = (clock: SimulatedClock): number => (clock as unknown as { timeouts: Map<number, unknown> }).timeouts.size;

test.each(everyProtocol)('of none at all: the call ends, and not before it has begun ($protocol)', async ({ protocol }) => {
  const clock = new SimulatedClock();
  const { peer } = against({ protocol, clock });
  await peer.ready();
  const call = rejection(peer.call('any', {}, { timeoutMs: 0 }));
  await settled();
  clock.increment(0);
  expect(await call).toMatchObject({ code: 'TIMEOUT', known: 'perhaps-executed' });
});

test.each([Infinity, 2 ** 31, 2 ** 40, Number.MAX_VALUE])('of %d ms: not at once, as with a host timer', async (timeoutMs) => {
  const { peer, say, heard } = against();
  const call = peer.call('any', {}, { timeoutMs });
  await new Promise((resolve) => setTimeout(resolve, 5));
  await settled();
  say(answer(asked(heard)[0]?.tag, 1));
  expect(await call).toBe(1);
  expect(peer.manager.timers.size).toBe(0);
});

test.each([-1, Number.NaN, -Infinity, '5', null, {}])('of %s: refused, and nothing of it is left', async (timeoutMs) => {
  const { peer, heard } = against({ protocol: 'jsonrpc-headers' });
  await peer.ready();
  expect(await rejection(peer.call('any', {}, { timeoutMs: timeoutMs as number, onProgress: () => {} }))).toMatchObject({
    code: 'INVALID_OPTION',
    known: 'not-sent',
    method: 'any',
  });
  expect(asked(heard)).toEqual([]);
});

test.each(['connecting', 'greeting', 'waiting'])('passes while the link is %s', async (state) => {
  const clock = new SimulatedClock();
  const channel: Channel = {
    name: 'test',
    reopens: true,
    open: () => (state === 'waiting' ? Promise.reject(new Error('no')) : new Promise(() => {})),
    close: async () => {},
  };
  const peer =
    state === 'greeting'
      ? opened<Loose>({ clock, stream: memoryPair()[0], protocol: 'virtagent-v7', role: 'host' })
      : opened<Loose>({ clock, channel, retries: true });
  await settled();
  const call = rejection(peer.call('any', {}, { timeoutMs: 90 }));
  const nested = rejection(peer.notify('any', {}));
  if (state !== 'greeting') expect(peer.slots.send.waiting).toBe(2);
  expect(peer.link).toBe(state);
  clock.increment(90);
  expect(await call).toMatchObject({ code: 'TIMEOUT', known: 'not-sent' });
  peer.close();
  expect(await nested).toMatchObject({ known: 'not-sent' });
  await settled();
  expect(timersOf(clock)).toBe(0);
});

const hanging: Schema = { '~standard': { version: 1, vendor: 'test', validate: () => new Promise(() => {}) } };

test('passes while a schema looks at the result', async () => {
  const clock = new SimulatedClock();
  const { peer, say, heard } = against({ clock });
  const call = rejection(peer.call('any', {}, { timeoutMs: 100, result: hanging }));
  await settled();
  clock.increment(50);
  say(answer(asked(heard)[0]?.tag, 1));
  await settled();
  expect(peer.slots.client.count).toBe(0);
  clock.increment(50);
  expect(await call).toMatchObject({ code: 'TIMEOUT', known: 'executed' });
  expect(timersOf(clock)).toBe(0);
});

test('a cancel, and the end of the peer, end what a schema looks at', async () => {
  const clock = new SimulatedClock();
  const { peer, say, heard } = against({ clock });
  const abort = new AbortController();
  const calls = [
    rejection(peer.call('any', {}, { signal: abort.signal, result: hanging })),
    rejection(peer.call('any', {}, { timeoutMs: Infinity, result: hanging })),
  ];
  await settled();
  say(...asked(heard).map(({ tag }) => answer(tag, 1)));
  await settled();
  abort.abort();
  expect(await calls[0]).toMatchObject({ code: 'CANCELLED', known: 'executed' });
  peer.close();
  expect(await calls[1]).toMatchObject({ code: 'STOPPED', known: 'executed' });
  await settled();
  expect(timersOf(clock)).toBe(0);
});

test('a response that comes when the deadline has passed changes nothing', async () => {
  const clock = new SimulatedClock();
  const { peer, say, heard } = against({ clock });
  const call = rejection(peer.call('any', {}, { timeoutMs: 10 }));
  await settled();
  clock.increment(10);
  expect(await call).toMatchObject({ code: 'TIMEOUT', known: 'perhaps-executed' });
  say(answer(asked(heard)[0]?.tag, 1), answer(asked(heard)[0]?.tag, 1));
  await settled();
  // The first is late; another answer to the same call is none of an honest peer's.
  expect(peer.counters).toMatchObject({ late: 1, violations: 1 });
  expect(peer.link).toBe('up');
});
