import { from, interval, lastValueFrom, take, toArray } from 'rxjs';
import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { z } from 'zod';
import type { CallStream, Schema } from '../../actors/index.ts';
import { deferred, pairOfPeers, rejection, settled } from '../support/peers.ts';

const protocol = 'virtagent-2' as const;

async function all<Item>(stream: CallStream<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

async function* count(params: { upTo: number }): AsyncGenerator<number, string> {
  for (let n = 0; n < params.upTo; n++) yield n;
  return 'counted';
}

test('items come in order, and then the result', async () => {
  const { host } = await pairOfPeers({ protocol }, { methods: { count } });
  const stream = host.stream('count', { upTo: 300 });
  const items: unknown[] = [];
  let next = await stream.next();
  for (; next.done !== true; next = await stream.next()) items.push(next.value);
  expect(items).toEqual(Array.from({ length: 300 }, (_, n) => n));
  expect(next.value).toBe('counted');
  expect(await stream.next()).toEqual({ done: true, value: undefined });
});

test('byte strings are items too', async () => {
  const { host } = await pairOfPeers(
    { protocol },
    {
      methods: {
        async *pieces() {
          for (let n = 0; n < 5; n++) yield Buffer.alloc(70_000, n);
        },
      },
    },
  );
  const pieces = (await all(host.stream('pieces'))) as Buffer[];
  expect(pieces.map((piece) => [piece.length, piece[0], piece[69_999]])).toEqual([0, 1, 2, 3, 4].map((n) => [70_000, n, n]));
});

test('an observable is a stream at either end', async () => {
  const { host } = await pairOfPeers({ protocol }, { methods: { ticks: () => interval(1).pipe(take(4)) } });
  expect(await lastValueFrom(host.stream('ticks').items$.pipe(toArray()))).toEqual([0, 1, 2, 3]);
  expect(await lastValueFrom(from(host.stream('ticks')).pipe(toArray()))).toEqual([0, 1, 2, 3]);
});

test('a handler that fails ends the stream after the items before it', async () => {
  const { host } = await pairOfPeers(
    { protocol },
    {
      methods: {
        async *fails() {
          yield 'one';
          throw new Error('no more');
        },
      },
    },
  );
  const stream = host.stream('fails');
  expect(await stream.next()).toEqual({ done: false, value: 'one' });
  expect(await rejection(stream.next())).toMatchObject({ code: 'HANDLER_FAILED', known: 'executed' });
  expect(await stream.next()).toMatchObject({ done: true });
});

test('nothing is asked before a stream is read', async () => {
  let asked = 0;
  const { host } = await pairOfPeers({ protocol }, { methods: { count: (params) => (asked++, count(params)) } });
  const stream = host.stream('count', { upTo: 3 });
  await settled();
  expect(asked).toBe(0);
  expect(await all(stream)).toEqual([0, 1, 2]);
  expect(asked).toBe(1);
});

test('a result that is no stream has no items', async () => {
  const { host } = await pairOfPeers({ protocol }, { methods: { plain: () => 'just this' } });
  expect(await host.stream('plain').next()).toEqual({ done: true, value: 'just this' });
});

test('each item passes the schemas of both sides, or ends the stream', async () => {
  const methods = {
    wrong: {
      result: z.number(),
      async *handle() {
        yield 1;
        yield 'two';
      },
    },
    async *words() {
      yield 'a';
      yield 2;
    },
  };
  const { host, guest } = await pairOfPeers({ protocol, results: { words: z.string() } }, { methods });
  const wrong = host.stream('wrong');
  expect(await wrong.next()).toMatchObject({ value: 1 });
  expect(await rejection(wrong.next())).toMatchObject({ code: 'HANDLER_FAILED' });
  const words = host.stream('words');
  expect(await words.next()).toMatchObject({ value: 'a' });
  expect(await rejection(words.next())).toMatchObject({ code: 'INVALID_RESPONSE' });
  await settled();
  expect(guest.slots.server.count).toBe(0);
});

test.each<[string, (value: unknown) => unknown]>([
  ['has issues', () => ({ issues: [{ message: 'is wrong' }] })],
  ['has issues, later', async () => ({ issues: [{ message: 'is wrong' }] })],
  [
    'throws',
    () => {
      throw new Error('is wrong');
    },
  ],
  ['rejects', () => Promise.reject(new Error('is wrong'))],
])('what is known of a stream is told where an item of it %s', async (_, validate) => {
  const { host } = await pairOfPeers({ protocol }, { methods: { count } });
  const result = { '~standard': { version: 1, vendor: 'test', validate } } as Schema<unknown, never>;
  const failure = { code: 'INVALID_RESPONSE', known: 'executed', method: 'count' };
  const read = host.stream('count', { upTo: 2 }, { result });
  expect(await rejection(read.next())).toMatchObject(failure);
  const waits = host.stream('count', { upTo: 2 }, { result });
  expect(await rejection(lastValueFrom(waits.items$))).toMatchObject(failure);
});

test('a stream has no deadline unless one is given, and then it is for all of it', async () => {
  const methods = {
    async *forever(_params: unknown, { signal }: { signal: AbortSignal }) {
      yield 1;
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    },
  };
  const clock = new SimulatedClock();
  const { host } = await pairOfPeers({ protocol, timeoutMs: 5, clock }, { methods, clock });
  const timed = host.stream('forever', undefined, { timeoutMs: 30 });
  const untimed = host.stream('forever');
  for (const stream of [timed, untimed]) expect(await stream.next()).toMatchObject({ value: 1 });
  const ends = [timed, untimed].map((stream) => rejection(stream.next()));
  let hasEnded = false;
  void ends[1]?.then(() => (hasEnded = true));
  clock.increment(30);
  expect(await ends[0]).toMatchObject({ code: 'TIMEOUT' });
  clock.increment(1_000);
  await settled();
  expect(hasEnded).toBe(false);
});

test('protocols without streams say so', async () => {
  const { host } = await pairOfPeers({ protocol: 'jsonrpc-lines' }, { methods: { count } });
  expect(await rejection(host.stream('count', { upTo: 1 }).next())).toMatchObject({ code: 'UNSUPPORTED', known: 'not-sent' });
});

test('a handler may call back while it streams', async () => {
  const { host } = await pairOfPeers(
    { protocol, methods: { name: ({ n }) => `host ${n}` } },
    {
      executeSlots: 1,
      methods: {
        async *greet(_params: unknown, { call }) {
          for (let n = 0; n < 5; n++) yield await call('name', { n });
        },
      },
    },
  );
  const streams = [host.stream('greet'), host.stream('greet'), host.stream('greet')];
  expect(await Promise.all(streams.map(all))).toEqual(streams.map(() => [0, 1, 2, 3, 4].map((n) => `host ${n}`)));
});

test('leaving the loop, unsubscribing and aborting end the handler at the other side', async () => {
  const ended: string[] = [];
  const methods = {
    async *endless({ name }: { name: string }) {
      try {
        for (let n = 0; ; n++) yield n;
      } finally {
        ended.push(name);
      }
    },
  };
  const { host, guest } = await pairOfPeers({ protocol }, { methods });
  for await (const item of host.stream('endless', { name: 'loop' })) if (item === 3) break;
  const { promise, resolve } = deferred();
  const watching = host.stream('endless', { name: 'observable' }).items$.subscribe((item) => item === 3 && resolve());
  await promise;
  watching.unsubscribe();
  const aborter = new AbortController();
  const aborted = host.stream('endless', { name: 'signal' }, { signal: aborter.signal });
  await aborted.next();
  aborter.abort();
  // What had come before is still there to be read.
  await expect(all(aborted)).rejects.toMatchObject({ code: 'CANCELLED' });
  await settled();
  expect(ended).toEqual(['loop', 'observable', 'signal']);
  expect(guest.slots).toMatchObject({ execute: { taken: 0, parked: 0, waiting: 0 }, server: { count: 0 } });
});

test.each([1, 2, 16])('items come in their order, large ones among small ones, with %i send slots', async (sendSlots) => {
  const methods = {
    async *mixed() {
      for (let n = 0; n < 40; n++) yield n % 2 === 0 ? { n, text: 'x'.repeat(50_000) } : n;
    },
  };
  const { host } = await pairOfPeers({ protocol, sendSlots }, { methods, sendSlots });
  const seen: unknown[] = [];
  for await (const item of host.stream('mixed')) seen.push((item as { n?: number }).n ?? item);
  expect(seen).toEqual(Array.from({ length: 40 }, (_, n) => n));
});
