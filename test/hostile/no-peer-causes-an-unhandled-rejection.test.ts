/** Node ends a process at an unhandled rejection: what a peer or a stream does must never come to one. */
import { expect, test } from 'vitest';
import type { HandlerContext } from '../../actors/index.ts';
import { deferred, everyProtocol, settled, type Loose } from '../support/peers.ts';
import { against, ask, type Against } from './support.ts';

async function unhandled(body: () => Promise<unknown>): Promise<unknown[]> {
  const seen: unknown[] = [];
  const note = (error: unknown): void => void seen.push(error);
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', note);
  try {
    await body();
    await settled(5);
  } finally {
    process.off('unhandledRejection', note);
    for (const other of others) process.on('unhandledRejection', other);
  }
  return seen;
}

/** Handlers as they are written: some call first and await later, some never do. */
const methods = (gate: Promise<void>) => ({
  later: async (_: unknown, { call }: HandlerContext<Loose>) => {
    const early = call('back');
    await gate;
    return early;
  },
  never: (_: unknown, { call, notify }: HandlerContext<Loose>) => {
    void call('back');
    void notify('said');
    return 'done';
  },
  hang: (_: unknown, { call, notify }: HandlerContext<Loose>) => {
    void call('back');
    void call('back', {}, { timeoutMs: 1 });
    void call('back', 5);
    void notify('said', 5);
    return new Promise(() => {});
  },
  fail: () => Promise.reject(new Error('x')),
});

const events: Record<string, (far: Against) => unknown> = {
  'it cancels': ({ say }) => say({ type: 'cancel', tag: '1' }, { type: 'cancel', tag: '2' }, { type: 'cancel', tag: '3' }),
  'it refuses what it is asked': ({ say, heard }) =>
    say(
      ...heard
        .filter(({ type }) => type === 'request')
        .map(({ tag }) => ({ type: 'response', tag, answer: { ok: false, error: { code: 'METHOD_NOT_FOUND', message: 'no' } } }) as const),
    ),
  'it leaves': ({ line }) => line.destroy(),
  'it ends': ({ line }) => line.end(),
  'it sends rubbish': ({ raw }) => raw('\xff\xff\xffPOST x\r\n\r\n{"a":\n'.repeat(20)),
  'our side stops at once': ({ peer }) => peer.close(),
};

const cases = everyProtocol.flatMap(({ protocol }) => Object.keys(events).map((event) => ({ protocol, event })));

test.each(cases)('when $event ($protocol)', async ({ protocol, event }) => {
  const gate = deferred<void>();
  const seen = await unhandled(async () => {
    const far = against({ protocol, methods: methods(gate.promise) });
    far.say(ask('1', 'later'), ask('2', 'never'), ask('3', 'hang'), ask('4', 'fail'));
    if (protocol !== 'virtagent-v7')
      far.say({ type: 'notification', method: 'fail', params: {} }, { type: 'notification', method: 'never', params: {} });
    await settled();
    const say: Against['say'] = (...messages) =>
      protocol === 'jsonrpc-headers' || messages[0]?.type !== 'cancel' ? far.say(...messages) : undefined;
    events[event]?.({ ...far, say });
    await settled();
    void far.peer.notify('said', {});
    await new Promise((resolve) => setTimeout(resolve, 2));
    gate.resolve();
    await settled();
    far.peer.close();
  });
  expect(seen).toEqual([]);
});
