/** Callbacks of the user's are not the line's business: what one throws reaches onError, and nothing else changes. */
import { expect, test } from 'vitest';
import { pairOfPeers, rejection, settled, opened, type Loose } from '../support/peers.ts';
import type { HandlerContext } from '../../actors/index.ts';
import { memoryPair } from '../../transport/index.ts';
import { createPeer } from '../../actors/index.ts';
import { against, answers, ask, asked } from './support.ts';

const boom = (): never => {
  throw new Error('boom');
};

test.each(['sync', 'later'])('onError that throws: the failed request is answered, and its slot comes back (%s)', async (how) => {
  const { host, guest } = await pairOfPeers(
    {},
    {
      executeSlots: 1,
      onError: boom,
      methods: { fail: () => (how === 'sync' ? boom() : Promise.reject(new Error('boom'))), odd: () => 1n },
    },
  );
  for (const name of ['fail', 'fail', 'odd', 'odd']) expect(await rejection(host.call(name))).toMatchObject({ code: 'HANDLER_FAILED' });
  expect(guest.slots.execute.taken).toBe(0);
});

test.each([boom, async () => boom()])(
  'onProgress that fails at once or later is told of, and nothing is unhandled (%#)',
  async (onProgress) => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    const told: [unknown, string][] = [];
    // Of what it makes of that itself nobody is told.
    const onError = async (error: unknown, method: string): Promise<void> => {
      told.push([error, method]);
      boom();
    };
    const steps = (_: unknown, { progress }: HandlerContext): string => (progress(1) ? 'end' : 'dropped');
    const { host } = await pairOfPeers({ onError }, { methods: { steps } });
    expect(await host.call('steps', {}, { onProgress })).toBe('end');
    await settled();
    process.off('unhandledRejection', note);
    expect(told).toMatchObject([[{ message: 'boom' }, 'steps']]);
    expect(unhandled).toEqual([]);
  },
);

test('progress that can not be sent is false, and onError is told why', async () => {
  const told: [unknown, string][] = [];
  const steps = (_: unknown, { progress }: HandlerContext): boolean[] => [progress(1n), progress('x'.repeat(2_000)), progress('fits')];
  const { host } = await pairOfPeers(
    {},
    { methods: { steps }, limits: { maxMessageBytes: 1_024 }, onError: (error, method) => told.push([error, method]) },
  );
  expect(await host.call('steps', {}, { onProgress: () => {} })).toEqual([false, false, true]);
  expect(told).toMatchObject([
    [{ code: 'UNENCODABLE' }, 'steps'],
    [{ code: 'MESSAGE_TOO_LARGE' }, 'steps'],
  ]);
});

test('onProgress that throws: the call goes on and its line too', async () => {
  const told: [unknown, string][] = [];
  const { host } = await pairOfPeers(
    { protocol: 'jsonrpc-headers', onError: (error, method) => told.push([error, method]) },
    {
      methods: {
        steps: (_: unknown, { progress }: HandlerContext) => {
          progress(1);
          progress(2);
          return 'end';
        },
      },
    },
  );
  expect(await host.call('steps', {}, { onProgress: boom })).toBe('end');
  expect(told).toMatchObject([
    [{ message: 'boom' }, 'steps'],
    [{ message: 'boom' }, 'steps'],
  ]);
});

test('an inspector that throws: calls go on', async () => {
  const [a, b] = memoryPair();
  const told: unknown[] = [];
  const peer = createPeer<Loose>({ stream: a, inspect: boom, onError: (error) => told.push(error) });
  opened({ stream: b, methods: { ping: () => 'pong' } });
  expect(await peer.call('ping')).toBe('pong');
  expect(told.length).toBeGreaterThan(0);
  peer.close();
});

test('an error whose message can not be read is answered all the same', async () => {
  const { peer, say, heard } = against({
    executeSlots: 1,
    methods: {
      evil: () => {
        const error = new Error('x');
        Object.defineProperty(error, 'message', {
          get() {
            throw null; // oxlint-disable-line no-throw-literal, typescript/only-throw-error -- as bad as can be
          },
        });
        throw error;
      },
      number: () => {
        throw Object.assign(new Error('x'), { message: 5 });
      },
      symbol: () => {
        throw Symbol('x'); // oxlint-disable-line no-throw-literal, typescript/only-throw-error -- handlers do
      },
    },
  });
  say(ask(1, 'evil'), ask(2, 'number'), ask(3, 'symbol'));
  await settled();
  expect(answers(heard)).toHaveLength(3);
  expect(answers(heard).every((one) => one.answer?.error?.code === 'HANDLER_FAILED')).toBe(true);
  expect(peer.slots.execute.taken).toBe(0);
});

test('parameters that can not be read fail the call, and are not sent', async () => {
  const { peer, heard } = against();
  const evil = {
    get x(): never {
      throw new Error('no');
    },
  };
  expect(await rejection(peer.call('any', evil))).toMatchObject({ code: 'UNENCODABLE', known: 'not-sent' });
  expect(asked(heard)).toEqual([]);
});
