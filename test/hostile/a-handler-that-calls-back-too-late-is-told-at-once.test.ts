/** A handler's calls end with its job; one that is made after that is refused, or it would wait for ever, with its slot. */
import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import type { HandlerContext } from '../../actors/index.ts';
import { deferred, everyProtocol, opened, rejection, settled, type Loose } from '../support/peers.ts';
import { virtualLine } from '../support/virtual-line.ts';
import { against, answers, ask, asked } from './support.ts';

test('after the caller has cancelled it: the slot comes back', async () => {
  const gate = deferred<void>();
  const late: unknown[] = [];
  const { peer, say, heard } = against({
    protocol: 'jsonrpc-headers',
    executeSlots: 1,
    methods: {
      quick: () => 'quick',
      slow: async (_: unknown, { call }: HandlerContext<Loose>) => {
        await gate.promise;
        late.push(await rejection(call('back')));
      },
    },
  });
  say(ask(1, 'slow'));
  await settled();
  say({ type: 'cancel', tag: 1 });
  await settled();
  gate.resolve();
  await settled();
  expect(late).toMatchObject([{ code: 'CANCELLED', known: 'not-sent', method: 'back' }]);
  expect(asked(heard)).toEqual([]);
  expect(peer.slots.execute.taken).toBe(0);
  say(ask(2, 'quick'));
  await settled();
  expect(answers(heard).at(-1)).toMatchObject({ tag: 2, answer: { ok: true, value: 'quick' } });
  expect(peer.counters.violations).toBe(0);
});

test('after it has returned', async () => {
  const contexts: HandlerContext<Loose>[] = [];
  const { peer, say, heard } = against({
    protocol: 'jsonrpc-headers',
    methods: { keep: (_: unknown, context: HandlerContext<Loose>) => void contexts.push(context) },
  });
  say(ask(1, 'keep', { workDoneToken: 1 }));
  await settled();
  const context = contexts[0] as HandlerContext<Loose>;
  expect(await rejection(context.call('back'))).toMatchObject({ code: 'CANCELLED', known: 'not-sent' });
  expect(context.progress(1)).toBe(false);
  await settled();
  expect(heard).toHaveLength(1);
  expect(peer.counters.violations).toBe(0);
  expect(peer.manager.jobs).toBe(0);
});

test.each(everyProtocol)('after its line was lost: nothing of it goes out on the next one ($protocol)', async ({ protocol }) => {
  const line = virtualLine();
  const clock = new SimulatedClock();
  const gate = deferred<void>();
  const late: unknown[] = [];
  // A session ends with its line, so that its calls do.
  const own = { protocol, keepMs: 0, clock };
  const left = opened<Loose>({ channel: line.left, ...own });
  const right = opened<Loose>({
    channel: line.right,
    ...own,
    executeSlots: 1,
    methods: {
      slow: async (_: unknown, { call }: HandlerContext<Loose>) => {
        await gate.promise;
        late.push(await rejection(call('back')));
      },
    },
  });
  await Promise.all([left.ready(), right.ready()]);
  const call = rejection(left.call('slow'));
  await settled();
  line.cut();
  await settled();
  clock.increment(0);
  expect(await call).toMatchObject({ code: 'LINE_LOST' });
  await settled();
  clock.increment(0);
  await settled();
  expect(right.link).toBe('up');
  const before = right.counters.messagesOut;
  gate.resolve();
  await settled();
  expect(late).toMatchObject([{ code: 'CANCELLED', known: 'not-sent' }]);
  expect(right.counters.messagesOut).toBe(before);
  expect(right.slots.execute.taken).toBe(0);
});
