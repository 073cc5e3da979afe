import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import type { HandlerContext } from '../../actors/index.ts';
import { deferred, rejection, settled, type Loose } from '../support/peers.ts';
import { against, answer, answers, ask, asked } from './support.ts';

test('one that finds the queue full is told, and its handler keeps its slot and goes on', async () => {
  const { peer, say, heard } = against({
    executeSlots: 1,
    maxClientJobs: 1,
    methods: {
      outer: async (_: unknown, { call }: HandlerContext<Loose>) => {
        const error = await rejection(call('back'));
        return { code: error['code'], known: error['known'], parked: peer.slots.execute.parked };
      },
    },
  });
  const own = peer.call('own').catch(() => {});
  say(ask(1, 'outer'), ask(2, 'outer'));
  await settled();
  expect(answers(heard).map(({ answer: a }) => a?.value)).toEqual(Array(2).fill({ code: 'QUEUE_FULL', known: 'not-sent', parked: 0 }));
  expect(peer.slots.execute).toMatchObject({ taken: 0, parked: 0 });
  peer.close();
  await own;
});

test('as many as allowed are made, the next is refused, and once one is answered another can be made', async () => {
  const refused: unknown[] = [];
  const gate = deferred<void>();
  const { peer, say, heard } = against({
    executeSlots: 1,
    maxNestedCalls: 2,
    methods: {
      outer: async (_: unknown, { call }: HandlerContext<Loose>) => {
        const two = [call('back', { n: 0 }), call('back', { n: 1 })];
        refused.push(await rejection(call('back', { n: 2 })));
        await two[0];
        gate.resolve();
        const third = call('back', { n: 3 });
        return Promise.all([...two, third]);
      },
    },
  });
  say(ask(1, 'outer'));
  await settled();
  expect(refused).toMatchObject([{ code: 'NESTING_LIMIT', known: 'not-sent' }]);
  expect(asked(heard).map(({ params }) => params?.['n'])).toEqual([0, 1]);
  say(answer(asked(heard)[0]?.tag, 'zero'));
  await gate.promise;
  await settled();
  expect(asked(heard).map(({ params }) => params?.['n'])).toEqual([0, 1, 3]);
  say(answer(asked(heard)[1]?.tag, 'one'), answer(asked(heard)[2]?.tag, 'three'));
  await settled();
  expect(answers(heard)[0]?.answer?.value).toEqual(['zero', 'one', 'three']);
  expect(peer.slots.execute).toMatchObject({ taken: 0, parked: 0 });
});

test('ones that are wrong are told before the handler is parked', async () => {
  const codes: unknown[] = [];
  const { peer, say, heard } = against({
    executeSlots: 1,
    methods: {
      outer: async (_: unknown, { call }: HandlerContext<Loose>) => {
        for (const [params, options] of [
          [1n],
          [5],
          [{}, { timeoutMs: -1 }],
          [{}, { urgency: 7 }],
          [{}, { signal: 5 }],
          [{}, null],
          [{}, { onProgress: 5 }],
        ])
          codes.push((await rejection(call('back', params, options as object)))['code']);
        return peer.slots.execute;
      },
    },
  });
  say(ask(1, 'outer'));
  await settled();
  expect(codes).toEqual(['INVALID_PARAMS', 'INVALID_PARAMS', ...Array<string>(5).fill('INVALID_OPTION')]);
  expect(answers(heard)[0]?.answer?.value).toMatchObject({ taken: 1, parked: 0 });
});

test('ones that time out while every slot is taken: their handlers go on when a slot is free', async () => {
  const gates = [deferred<void>(), deferred<void>()];
  const clock = new SimulatedClock();
  const { peer, say, heard } = against({
    clock,
    executeSlots: 1,
    methods: {
      outer: async (_: unknown, { call }: HandlerContext<Loose>) => (await rejection(call('back', {}, { timeoutMs: 1 })))['code'],
      hold: ({ n }: { n: number }) => gates[n]?.promise,
    },
  });
  say(ask(1, 'outer'), ask(2, 'hold', { n: 0 }), ask(3, 'hold', { n: 1 }));
  await settled();
  expect(peer.slots.execute).toMatchObject({ taken: 1, parked: 1, waiting: 1 });
  clock.increment(1);
  await settled();
  expect(answers(heard)).toEqual([]);
  gates[0]?.resolve();
  await settled();
  expect(answers(heard).map(({ tag }) => tag)).toEqual([2, 1]);
  expect(answers(heard)[1]?.answer?.value).toBe('TIMEOUT');
  gates[1]?.resolve();
  await settled();
  expect(peer.slots).toMatchObject({ execute: { taken: 0, parked: 0, waiting: 0 }, server: { count: 0 }, client: { count: 0 } });
});

test('while stopping, a running handler’s are still made', async () => {
  const gate = deferred<void>();
  const { peer, say, heard } = against({
    methods: {
      outer: async (_: unknown, { call }: HandlerContext<Loose>) => {
        await gate.promise;
        return call('back');
      },
    },
  });
  say(ask(1, 'outer'));
  await settled();
  const stopped = peer.stop();
  gate.resolve();
  await settled();
  say(answer(asked(heard)[0]?.tag, 'fine'));
  await stopped;
  await settled();
  expect(answers(heard)).toMatchObject([{ tag: 1, answer: { ok: true, value: 'fine' } }]);
});
