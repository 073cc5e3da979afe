import fc from 'fast-check';
import { lastValueFrom, Subject, toArray } from 'rxjs';
import { expect, test } from 'vitest';
import type { HandlerContext } from '../../actors/index.ts';
import { sessionLimits } from '../../transport/limits.ts';
import { runs } from '../property.ts';
import { deferred, everyProtocol, pairOfPeers, rejection, settled, type Loose } from '../support/peers.ts';
import { held, SessionPeers } from './session-peers.ts';

type Context = HandlerContext<Loose>;

async function all(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

const nothing = { execute: { taken: 0, parked: 0, waiting: 0 }, server: { count: 0, bytes: 0 }, client: { count: 0, bytes: 0 } };

const cases = [1, 4].flatMap((executeSlots) => [1, 3, 4, 20].map((atOnce) => ({ executeSlots, atOnce })));

test.each(cases)(
  '$atOnce handlers at once that read a stream of a stream finish with $executeSlots slots',
  async ({ executeSlots, atOnce }) => {
    const guest = {
      count: async (_: unknown, { stream }: Context) => (await all(stream('relayed'))).length,
      async *made() {
        yield 1;
        yield 2;
      },
    };
    const host = {
      async *relayed(_: unknown, { stream }: Context) {
        yield* stream('made');
      },
    };
    const peers = await SessionPeers.up({ executeSlots, methods: host }, { executeSlots, methods: guest });
    const calls = Array.from({ length: atOnce }, () => peers.left.call('count'));
    expect(await peers.until(Promise.all(calls))).toEqual(calls.map(() => 2));
    for (const { slots } of [peers.left, peers.right]) expect(slots).toMatchObject(nothing);
  },
);

/** A→B→A→… until the depth is used up; every item comes through all of them. */
const dig = {
  async *dig({ depth, items }: { depth: number; items: number }, { stream }: Context): AsyncGenerator<unknown, unknown> {
    if (depth === 0) {
      for (let n = 0; n < items; n++) yield n;
      return 'the bottom';
    }
    return yield* stream('dig', { depth: depth - 1, items });
  },
};

test.each([1, 4])('relays of relays, from both sides at once, finish with %i slots', async (executeSlots) => {
  const peers = await SessionPeers.up({ executeSlots, methods: dig }, { executeSlots, methods: dig });
  const streams = [0, 1, 2, 3].map((n) => (n % 2 ? peers.left : peers.right).stream('dig', { depth: 20, items: 200 }));
  const expected = Array.from({ length: 200 }, (_, n) => n);
  expect(await peers.until(Promise.all(streams.map(all)))).toEqual(streams.map(() => expected));
  for (const { slots } of [peers.left, peers.right]) expect(slots).toMatchObject(nothing);
});

test('what a relayed generator returns, and what it throws, comes through', async () => {
  const methods = {
    ...dig,
    async *fails({ depth }: { depth: number }, { stream }: Context): AsyncGenerator<unknown> {
      if (depth > 0) return yield* stream('fails', { depth: depth - 1 });
      yield 'one';
      throw new Error('no more');
    },
  };
  const options = { executeSlots: 1, methods, onError: () => {} };
  const peers = await SessionPeers.up(options, options);
  const { left } = peers;
  const digs = left.stream('dig', { depth: 3, items: 1 });
  expect(await peers.until(digs.next())).toEqual({ done: false, value: 0 });
  expect(await peers.until(digs.next())).toEqual({ done: true, value: 'the bottom' });
  const fails = left.stream('fails', { depth: 3 });
  expect(await peers.until(fails.next())).toEqual({ done: false, value: 'one' });
  expect(await peers.until(rejection(fails.next()))).toMatchObject({ code: 'HANDLER_FAILED', known: 'executed' });
});

test('a handler that waits for an item is parked, and gets it with a slot', async () => {
  const { methods, release, begun } = held();
  const source = new Subject();
  const guest = {
    ...methods,
    first: async (_: unknown, { stream }: Context) => (await stream('made').next()).value as unknown,
  };
  const peers = await SessionPeers.up({ methods: { made: () => source } }, { executeSlots: 1, methods: guest });
  const call = peers.left.call('first');
  let isOver = false;
  void call.then(() => (isOver = true));
  await settled();
  expect(peers.right.slots.execute).toMatchObject({ taken: 0, parked: 1 });
  const other = peers.left.call('held');
  await settled();
  expect(begun).toHaveLength(1);
  source.next('an item');
  await settled();
  expect(isOver).toBe(false);
  expect(peers.right.slots.execute).toMatchObject({ taken: 1, parked: 1, waiting: 1 });
  release();
  expect(await call).toBe('an item');
  await other;
});

test('items that are there are read without being parked, and the request says that it is nested', async () => {
  const parked: number[] = [];
  const asked: object[] = [];
  const guest = {
    count: async (_: unknown, { stream }: Context) => {
      const made = stream('made', undefined, { room: { items: 8 } });
      await made.next();
      await settled();
      for (let n = 0; n < 7; n++) {
        const next = made.next();
        parked.push(peers.right.slots.execute.parked);
        await next;
      }
      return 'read';
    },
  };
  const host = {
    async *made() {
      for (let n = 0; n < 8; n++) yield n;
    },
  };
  const peers = await SessionPeers.up({ methods: host }, { methods: guest });
  peers.left.messages$.subscribe(({ direction, message }) => direction === 'in' && asked.push(message));
  expect(await peers.left.call('count')).toBe('read');
  expect(parked).toEqual(Array<number>(7).fill(0));
  expect(asked[0]).toMatchObject({ type: 'request', method: 'made', nested: true, wants: { items: 8 } });
});

test('no credit holds them back', async () => {
  const { methods, release } = held();
  const guest = { read: async (_: unknown, { stream }: Context) => all(stream('made')) };
  const host = {
    ...methods,
    async *made() {
      yield 'an item';
    },
  };
  const peers = await SessionPeers.up({ maxServerJobs: 8, executeSlots: 1, methods: host }, { executeSlots: 1, methods: guest });
  const asked: unknown[] = [];
  peers.left.messages$.subscribe(({ message }) => asked.push((message as { method?: string }).method));
  const blocked = Promise.all(Array.from({ length: 6 }, () => peers.right.call('held')));
  await settled();
  expect(peers.right.slots.credit?.requests).toBe(0);
  const read = peers.left.call('read');
  await settled();
  expect(asked).toContain('made');
  for (let n = 0; n < 9; n++) {
    await peers.pass(100);
    release();
  }
  expect(await read).toEqual(['an item']);
  await blocked;
});

test('they count among the calls that a handler may have out, until they end', async () => {
  const seen: unknown[] = [];
  const gate = deferred();
  const guest = {
    greedy: async (_: unknown, { stream, call }: Context) => {
      const streams = [stream('made'), stream('made')];
      for (const one of streams) await one.next();
      seen.push(await rejection(call('ping')), await rejection(stream('made').next()));
      await streams[0]?.return();
      seen.push(await call('ping'));
      gate.resolve();
      seen.push(await all(streams[1] as AsyncIterable<unknown>), await stream('made').next());
      return 'done';
    },
  };
  const host = {
    ping: () => 'pong',
    async *made() {
      yield 1;
      await gate.promise;
      yield 2;
    },
  };
  const peers = await SessionPeers.up({ methods: host }, { executeSlots: 1, maxNestedCalls: 2, methods: guest });
  expect(await peers.until(peers.left.call('greedy'))).toBe('done');
  expect(seen).toMatchObject([
    { code: 'NESTING_LIMIT', known: 'not-sent', method: 'ping' },
    { code: 'NESTING_LIMIT', known: 'not-sent', method: 'made' },
    'pong',
    [2],
    { value: 1 },
  ]);
  await settled();
  for (const { slots } of [peers.left, peers.right]) expect(slots).toMatchObject(nothing);
});

test.each<[string, (peers: SessionPeers, aborter: AbortController) => void, string]>([
  ['is given up', (_, aborter) => aborter.abort(), 'CANCELLED'],
  ['ends with its peer', ({ right }) => right.close(), 'STOPPED'],
])('they end with a handler that %s', async (_, end, code) => {
  const signals: AbortSignal[] = [];
  const ends: unknown[] = [];
  const late: unknown[] = [];
  const guest = {
    waits: async (_params: unknown, { stream }: Context) => {
      ends.push((await rejection(all(stream('quiet')))).code);
      late.push(await rejection(stream('quiet').next()));
    },
  };
  const host = {
    async *quiet(_params: unknown, { signal }: Context) {
      signals.push(signal);
      yield 'one';
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  };
  const peers = await SessionPeers.up({ methods: host }, { executeSlots: 1, methods: guest });
  const aborter = new AbortController();
  const call = rejection(peers.left.call('waits', undefined, { signal: aborter.signal }));
  await settled();
  end(peers, aborter);
  await settled();
  expect(ends).toEqual([code]);
  expect(late).toMatchObject([{ code: 'CANCELLED', known: 'not-sent' }]);
  expect(signals).toHaveLength(1);
  if (code === 'CANCELLED') expect(signals[0]?.aborted).toBe(true);
  peers.left.close();
  await call;
  expect(peers.right.slots).toMatchObject(nothing);
});

test('one that a handler leaves behind ends with it', async () => {
  const signals: AbortSignal[] = [];
  const guest = {
    forgets: async (_: unknown, { stream }: Context) => {
      const kept = stream('quiet');
      await kept.next();
      void kept.next().catch(() => {});
      return 'done';
    },
  };
  const host = {
    async *quiet(_: unknown, { signal }: Context) {
      signals.push(signal);
      yield 'one';
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  };
  const peers = await SessionPeers.up({ methods: host }, { executeSlots: 1, methods: guest });
  expect(await peers.left.call('forgets')).toBe('done');
  await settled();
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  for (const { slots } of [peers.left, peers.right]) expect(slots).toMatchObject(nothing);
});

test('more of them than the other side streams at once are refused, and nothing hangs', async () => {
  const peers = await SessionPeers.up({ executeSlots: 1, methods: dig }, { executeSlots: 1, methods: dig });
  const tooDeep = peers.left.stream('dig', { depth: 3 * sessionLimits.streams, items: 1 });
  expect(await peers.until(rejection(all(tooDeep)))).toMatchObject({ code: 'HANDLER_FAILED' });
  await settled(50);
  for (const { slots } of [peers.left, peers.right]) expect(slots).toMatchObject(nothing);
});

test.each(everyProtocol.filter(({ protocol }) => protocol !== 'virtagent-2'))('$protocol says that it has none', async ({ protocol }) => {
  const guest = { read: async (_: unknown, { stream }: Context) => ({ code: (await rejection(stream('made').next())).code }) };
  const { host } = await pairOfPeers({ protocol }, { executeSlots: 1, methods: guest });
  expect(await host.call('read')).toEqual({ code: 'UNSUPPORTED' });
});

test('options that are wrong are told where it is made', async () => {
  const guest = {
    read: (_: unknown, { stream }: Context) => {
      expect(() => stream('made', undefined, { room: { items: 0 } })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }) as Error);
      return 'told';
    },
  };
  const peers = await SessionPeers.up({}, { methods: guest });
  expect(await peers.left.call('read')).toBe('told');
});

/** What a method gives that is asked for a shape: items of its own, or those that it reads of the side that asks. */
type Shape =
  | { readonly does: 'make'; readonly items: number; readonly bytes: number; readonly isSlow: boolean }
  | { readonly does: 'relay' | 'observe' | 'count'; readonly of: Shape }
  | { readonly does: 'leave'; readonly of: Shape; readonly after: number }
  | { readonly does: 'zip'; readonly of: Shape; readonly and: Shape };

function expectedOf(shape: Shape): number[] {
  if (shape.does === 'make') return Array.from({ length: shape.items }, (_, n) => n);
  const items = expectedOf(shape.of);
  if (shape.does === 'count') return [items.length];
  if (shape.does === 'leave') return items.slice(0, shape.after);
  if (shape.does !== 'zip') return items;
  const others = expectedOf(shape.and);
  return items.slice(0, others.length).map((item, n) => item + (others[n] as number));
}

const sizeOf = (shape: Shape): number =>
  1 + (shape.does === 'make' ? 0 : sizeOf(shape.of)) + (shape.does === 'zip' ? sizeOf(shape.and) : 0);

type Item = { readonly n: number; readonly pad: string };
type Asked = { readonly shape: Shape; readonly room: number };

async function* relayed({ shape, room }: Asked, { stream, call }: Context): AsyncGenerator<Item> {
  const read = (of: Shape): AsyncIterableIterator<Item> =>
    stream('items', { shape: of, room }, { room: { items: room } }) as AsyncIterableIterator<Item>;
  switch (shape.does) {
    case 'make':
      for (let n = 0; n < shape.items; n++) {
        if (shape.isSlow) await settled(1);
        yield { n, pad: 'x'.repeat(shape.bytes) };
      }
      return;
    case 'count':
      return yield { n: (await call('count', { shape: shape.of, room })) as number, pad: '' };
    case 'leave': {
      let left = shape.after;
      if (left > 0)
        for await (const item of read(shape.of)) {
          yield item;
          if (--left === 0) break;
        }
      return;
    }
    case 'zip': {
      const both = [read(shape.of), read(shape.and)] as const;
      for (;;) {
        const [one, other] = await Promise.all([both[0].next(), both[1].next()]);
        if (one.done === true || other.done === true) break;
        yield { n: one.value.n + other.value.n, pad: one.value.pad };
      }
      for (const one of both) await one.return?.();
      return;
    }
    case 'relay':
    case 'observe':
      yield* read(shape.of);
  }
}

const shaped = {
  items: (asked: Asked, context: Context): unknown =>
    asked.shape.does === 'observe'
      ? context.stream('items', { shape: asked.shape.of, room: asked.room }, { room: { items: asked.room } }).items$
      : relayed(asked, context),
  count: async (asked: Asked, { stream }: Context) =>
    (await lastValueFrom(stream('items', asked, { room: { items: asked.room } }).items$.pipe(toArray()))).length,
};

const shapes = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.oneof(
    { maxDepth: 6, depthSize: 'large' },
    fc.record({
      does: fc.constant('make' as const),
      items: fc.nat(40),
      bytes: fc.constantFrom(0, 0, 0, 10_000),
      isSlow: fc.boolean(),
    }),
    {
      weight: 3,
      arbitrary: fc.record({ does: fc.constantFrom('relay' as const, 'observe' as const, 'count' as const), of: tie('shape') }),
    },
    fc.record({ does: fc.constant('leave' as const), of: tie('shape'), after: fc.nat(5) }),
    fc.record({ does: fc.constant('zip' as const), of: tie('shape'), and: tie('shape') }),
  ),
}));

test('streams of streams of any shape, from both sides at once, come to what they should, and leave nothing', async () => {
  const some = fc.array(
    shapes.shape.filter((shape) => sizeOf(shape) <= 12),
    { minLength: 1, maxLength: 5 },
  );
  const slots = fc.integer({ min: 1, max: 4 });
  await fc.assert(
    fc.asyncProperty(some, slots, fc.constantFrom(1, 2, 64), async (all_, executeSlots, room) => {
      const options = { executeSlots, methods: shaped };
      const peers = await SessionPeers.up(options, options);
      const { left, right } = peers;
      const read = async (shape: Shape, n: number): Promise<number[]> => {
        const stream = (n % 2 ? left : right).stream('items', { shape, room });
        return ((await all(stream)) as Item[]).map((item) => item.n);
      };
      expect(await peers.until(Promise.all(all_.map(read)), { steps: 5_000 })).toEqual(all_.map(expectedOf));
      await settled(20);
      for (const peer of [left, right]) {
        expect(peer.slots).toMatchObject(nothing);
        expect(peer.counters.violations).toBe(0);
        peer.close();
      }
    }),
    runs(25),
  );
});
