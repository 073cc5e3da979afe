/** Rule 11: nothing that a peer does makes memory grow without bound; not reading the progress that it asked for neither. */
import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import type { HandlerContext } from '../../actors/index.ts';
import { deferred, settled } from '../support/peers.ts';
import { against, answers, ask } from './support.ts';

test('progress is owed as answers are: beyond the limit it is dropped, and the peer is cut off', async () => {
  const clock = new SimulatedClock();
  const taken: boolean[] = [];
  const { peer, say } = against(
    {
      protocol: 'jsonrpc-headers',
      clock,
      maxOwedBytes: 100_000,
      methods: {
        talk: (_: unknown, { progress }: HandlerContext) => {
          for (let i = 0; i < 10_000; i++) taken.push(progress({ text: 'x'.repeat(1_000) }));
          return new Promise(() => {});
        },
      },
    },
    { deaf: true, highWaterMark: 256 },
  );
  await settled();
  say(ask(1, 'talk', { workDoneToken: 'p' }));
  await settled();
  expect(taken).toHaveLength(10_000);
  expect(taken.filter(Boolean).length).toBeLessThan(60);
  expect(peer.manager.jobs).toBeLessThan(60);
  clock.increment(10_000);
  await settled();
  expect(peer.link).toBe('ended');
});

test('a result waits for the progress before it, and for no more than that', async () => {
  const gate = deferred<void>();
  const contexts: HandlerContext[] = [];
  const { say, heard, listen } = against(
    {
      protocol: 'jsonrpc-headers',
      methods: {
        talk: async (_: unknown, context: HandlerContext) => {
          contexts.push(context);
          context.progress(1);
          await gate.promise;
          context.progress(2);
          return 'end';
        },
      },
    },
    { deaf: true, highWaterMark: 32 },
  );
  say(ask(1, 'talk', { workDoneToken: 7 }));
  await settled();
  gate.resolve();
  await settled();
  expect(contexts[0]?.progress(3)).toBe(false);
  listen();
  await settled(20);
  expect(heard.map(({ type, value }) => [type, value])).toEqual([
    ['progress', 1],
    ['progress', 2],
    ['response', undefined],
  ]);
  expect(answers(heard)).toMatchObject([{ tag: 1, answer: { ok: true, value: 'end' } }]);
});

test('a value that can not be written is dropped, and holds up no result', async () => {
  const taken: boolean[] = [];
  const { say, heard } = against({
    protocol: 'jsonrpc-headers',
    methods: {
      talk: (_: unknown, { progress }: HandlerContext) => {
        taken.push(progress(1n), progress('fine'));
        return 'end';
      },
    },
  });
  say(ask(1, 'talk', { workDoneToken: 'p' }), ask(2, 'talk', { workDoneToken: 'x'.repeat(10_000) }), ask(3, 'talk', { workDoneToken: {} }));
  say(
    ask(4, 'talk', { workDoneToken: null }),
    ask(5, 'talk', [{ workDoneToken: 1 }]),
    ask(6, 'talk'),
    ask(7, 'talk', { workDoneToken: '' }),
  );
  say(ask(8, 'talk', { workDoneToken: 1e300 }), ask(9, 'talk', { workDoneToken: -0.5 }), ask(10, 'talk', { workDoneToken: true }));
  await settled();
  expect(answers(heard).map(({ answer }) => answer?.value)).toEqual(Array(10).fill('end'));
  expect(heard.filter(({ type }) => type === 'progress')).toHaveLength(3);
  expect(taken.filter(Boolean)).toHaveLength(3);
});
