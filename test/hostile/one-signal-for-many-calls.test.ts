/** A signal may live as long as the app: calls leave nothing on it, and do not have Node warn of a leak. */
import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import type { HandlerContext } from '../../actors/index.ts';
import { deferred, everyProtocol, pairOfPeers, rejection, settled, type Loose } from '../support/peers.ts';
import { against, answer, asked, listenersOf, warningsOf } from './support.ts';

test.each(everyProtocol)('thousands of calls, one after another and all at once ($protocol)', async ({ protocol }) => {
  const { signal } = new AbortController();
  const warnings = await warningsOf(async () => {
    const { host } = await pairOfPeers({ protocol, window: 2_000 }, { methods: { ping: () => undefined }, executeSlots: 8 });
    for (let i = 0; i < 4; i++) {
      const calls = Array.from({ length: 500 }, () => host.call('ping', {}, { signal }));
      expect(listenersOf(signal)).toBe(1);
      await Promise.all(calls);
      expect(listenersOf(signal)).toBe(0);
    }
  });
  expect(warnings).toEqual([]);
});

test('calls that are refused at once leave nothing either', async () => {
  const { signal } = new AbortController();
  const { peer, say, heard } = against({ protocol: 'virtagent-v7', role: 'host', maxClientJobs: 2 });
  say({ type: 'request', tag: 'h', method: 'hello', params: undefined });
  await settled();
  say(answer(asked(heard)[0]?.tag, { methods: [] }));
  await peer.ready();
  for (let i = 0; i < 20; i++) expect(await rejection(peer.call('unlisted', {}, { signal }))).toMatchObject({ code: 'METHOD_NOT_FOUND' });
  for (const params of [1n, 'text', 5]) expect(await rejection(peer.call('x', params, { signal }))).toMatchObject({ known: 'not-sent' });
  expect(await rejection(peer.call('x', {}, { signal, timeoutMs: -1 }))).toMatchObject({ code: 'INVALID_OPTION' });
  expect(listenersOf(signal)).toBe(0);
});

test('calls that time out, lose their line or end with their peer leave nothing', async () => {
  const clock = new SimulatedClock();
  const { signal } = new AbortController();
  const { peer } = against({ clock });
  const calls = Array.from({ length: 10 }, (_, i) => rejection(peer.call('any', {}, { signal, timeoutMs: i < 5 ? 10 : 1_000 })));
  await settled();
  clock.increment(10);
  await Promise.all(calls.slice(0, 5));
  expect(listenersOf(signal)).toBe(1);
  peer.close();
  await Promise.all(calls);
  expect(listenersOf(signal)).toBe(0);
});

test('an abort cancels each of them, once', async () => {
  const abort = new AbortController();
  const { peer, heard } = against({ protocol: 'jsonrpc-headers' });
  const calls = Array.from({ length: 100 }, () => rejection(peer.call('any', {}, { signal: abort.signal })));
  const other = peer.call('other', {}).catch(() => {});
  await settled();
  abort.abort(new Error('enough'));
  for (const error of await Promise.all(calls)) expect(error).toMatchObject({ code: 'CANCELLED', cause: { message: 'enough' } });
  await settled();
  expect(heard.filter(({ type }) => type === 'cancel')).toHaveLength(100);
  expect(peer.slots.client.count).toBe(1);
  peer.close();
  await other;
});

test('an abort by what is told of the call itself cancels it', async () => {
  const abort = new AbortController();
  const { peer } = against();
  await peer.ready();
  peer.messages$.subscribe(({ direction }) => direction === 'out' && abort.abort());
  expect(await rejection(peer.call('any', {}, { signal: abort.signal, timeoutMs: 5_000 }))).toMatchObject({
    code: 'CANCELLED',
    known: 'perhaps-executed',
  });
});

test('many nested calls at once, with a signal of their own and without', async () => {
  const gate = deferred<void>();
  const { signal } = new AbortController();
  const warnings = await warningsOf(async () => {
    const { host } = await pairOfPeers(
      { methods: { wait: () => gate.promise }, executeSlots: 200 },
      {
        maxNestedCalls: 200,
        methods: {
          fan: async (_: unknown, { call }: HandlerContext<Loose>) => {
            const all = Array.from({ length: 150 }, (__, i) => call('wait', {}, i % 2 ? { signal } : {}));
            setImmediate(() => gate.resolve());
            return (await Promise.all(all)).length;
          },
        },
      },
    );
    expect(await host.call('fan')).toBe(150);
  });
  expect(warnings).toEqual([]);
  expect(listenersOf(signal)).toBe(0);
});

test.each<[string, unknown]>([
  ['no signal', {}],
  ['a text', 'signal'],
  ['null', null],
])('an option signal that is %s fails the call before it is sent', async (_, signal) => {
  const { peer, heard } = against();
  await peer.ready();
  expect(await rejection(peer.call('any', {}, { signal: signal as AbortSignal }))).toMatchObject({
    code: 'INVALID_OPTION',
    known: 'not-sent',
  });
  expect(peer.slots.client.count).toBe(0);
  expect(asked(heard)).toEqual([]);
});
