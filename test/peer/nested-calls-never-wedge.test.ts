import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { everyProtocol, pairOfPeers, rejection, deferred, settled, type Loose } from '../support/peers.ts';
import type { HandlerContext } from '../../actors/index.ts';

/** A→B→A→… until the depth is used up. */
const dig = {
  dig: async ({ depth }: { depth: number }, { call }: HandlerContext<Loose>): Promise<{ reached: number }> =>
    depth === 0 ? { reached: 0 } : { reached: ((await call('dig', { depth: depth - 1 })) as { reached: number }).reached + 1 },
};

test.each(everyProtocol)('calls that call back to depth 64 finish with 4 execute slots ($protocol)', async ({ protocol }) => {
  const { host } = await pairOfPeers({ protocol, methods: dig, executeSlots: 4 }, { methods: dig, executeSlots: 4 });
  expect(await host.call('dig', { depth: 64 })).toEqual({ reached: 64 });
});

test.each(everyProtocol)('thirty of them from both sides at once finish with 1 execute slot ($protocol)', async ({ protocol }) => {
  const { host, guest } = await pairOfPeers({ protocol, methods: dig, executeSlots: 1 }, { methods: dig, executeSlots: 1 });
  const all = await Promise.all(Array.from({ length: 30 }, (_, i) => (i % 2 ? host : guest).call('dig', { depth: 16 })));
  expect(all).toEqual(all.map(() => ({ reached: 16 })));
  expect([host.slots.execute.taken, guest.slots.execute.taken]).toEqual([0, 0]);
});

test('a handler that awaits several nested calls at once gets them all, with one slot', async () => {
  const { host } = await pairOfPeers(
    { methods: dig, executeSlots: 1 },
    {
      executeSlots: 1,
      methods: {
        ...dig,
        fan: async (_: unknown, { call }: HandlerContext<Loose>) =>
          (await Promise.all([1, 2, 3, 4, 5].map((depth) => call('dig', { depth })))).map((one) => (one as { reached: number }).reached),
      },
    },
  );
  expect(await Promise.all([host.call('fan'), host.call('fan'), host.call('fan')])).toEqual(
    Array.from({ length: 3 }, () => [1, 2, 3, 4, 5]),
  );
});

test('a parked handler gives its slot to others, and gets its answer with a slot', async () => {
  const gate = deferred<string>();
  const { host, guest } = await pairOfPeers(
    { methods: { ask: () => gate.promise } },
    { executeSlots: 1, methods: { quick: () => 'quick', slow: async (_: unknown, { call }: HandlerContext<Loose>) => call('ask') } },
  );
  const slow = host.call('slow');
  await settled();
  expect(guest.slots.execute).toMatchObject({ taken: 0, parked: 1 });
  expect(await host.call('quick')).toBe('quick');
  gate.resolve('answer');
  expect(await slow).toBe('answer');
});

test('a call through the peer instead of the context keeps the slot', async () => {
  const gate = deferred<string>();
  const clock = new SimulatedClock();
  const { host, guest } = await pairOfPeers(
    { clock, methods: { ask: () => gate.promise } },
    { clock, executeSlots: 1, methods: { quick: () => 'quick', slow: (): Promise<unknown> => guest.call('ask') } },
  );
  const slow = host.call('slow');
  await settled();
  expect(guest.slots.execute).toMatchObject({ taken: 1, parked: 0 });
  const quick = rejection(host.call('quick', undefined, { timeoutMs: 30 }));
  // It is there before its deadline passes.
  await settled();
  clock.increment(30);
  expect(await quick).toMatchObject({ code: 'TIMEOUT' });
  gate.resolve('answer');
  expect(await slow).toBe('answer');
});

test('a handler has at most maxNestedCalls calls in flight', async () => {
  const { host } = await pairOfPeers(
    { methods: { never: () => new Promise(() => {}) } },
    {
      maxNestedCalls: 3,
      methods: {
        greedy: async (_: unknown, { call }: HandlerContext<Loose>) => {
          for (let i = 0; i < 3; i++) call('never').catch(() => {});
          const error = await rejection(call('never'));
          return { code: error.code, known: error.known };
        },
      },
    },
  );
  expect(await host.call('greedy')).toEqual({ code: 'NESTING_LIMIT', known: 'not-sent' });
});

test('nested calls end with the handler that made them', async () => {
  const signals: AbortSignal[] = [];
  const { host, guest } = await pairOfPeers(
    {
      protocol: 'jsonrpc-headers',
      methods: {
        never: (_: unknown, { signal }: HandlerContext) => {
          signals.push(signal);
          return new Promise(() => {});
        },
      },
    },
    {
      methods: {
        forgetful: (_: unknown, { call }: HandlerContext<Loose>) => {
          call('never').catch(() => {});
          return 'done';
        },
      },
    },
  );
  expect(await host.call('forgetful')).toBe('done');
  await settled();
  expect(signals.map((signal) => signal.aborted)).toEqual([true]);
  expect(guest.slots.client.count).toBe(0);
});

test('nested calls are exempt from the window of v7', async () => {
  const { host, guest } = await pairOfPeers(
    { protocol: 'virtagent-v7', role: 'host', executeSlots: 10, methods: { ...dig, never: () => new Promise(() => {}) } },
    { role: 'guest', methods: dig },
  );
  const stuck = Array.from({ length: 5 }, () => guest.call('never', undefined).catch(() => {}));
  await settled();
  const sixth = guest.call('never', undefined, { timeoutMs: 20 });
  expect(await rejection(sixth)).toMatchObject({ code: 'TIMEOUT', known: 'not-sent' });
  expect(await host.call('dig', { depth: 8 }, { timeoutMs: 5_000 })).toEqual({ reached: 8 });
  host.close();
  await Promise.all(stuck);
});
