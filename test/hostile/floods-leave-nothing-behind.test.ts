import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { messagesInATurn } from '../../transport/inbox.ts';
import type { OutgoingMessage } from '../../transport/index.ts';
import { everyProtocol, settled } from '../support/peers.ts';
import { against, answer, answers, ask, asked } from './support.ts';

const COUNT = 2_000;

const floods: Record<string, (i: number) => OutgoingMessage> = {
  'requests for no method': (i) => ask(`${i}`, 'missing'),
  'duplicate tags': () => ask('same', 'ping'),
  'responses to nobody': (i) => answer(`r${i}`, {}),
};
const headersOnly: Record<string, (i: number) => OutgoingMessage> = {
  ...floods,
  'notifications for no method': () => ({ type: 'notification', method: 'missing', params: {} }),
  'notifications that are handled': () => ({ type: 'notification', method: 'ping', params: {} }),
  'cancels of nothing': (i) => ({ type: 'cancel', tag: `${i}` }),
  'progress for nobody': (i) => ({ type: 'progress', token: `${i}`, value: i }),
  'requests that are cancelled at once': (i) => (i % 2 ? { type: 'cancel', tag: i - 1 } : ask(i, 'slow')),
};
const cases = everyProtocol.flatMap(({ protocol }) =>
  Object.entries(protocol === 'jsonrpc-headers' ? headersOnly : floods).map(([what, message]) => ({ protocol, what, message })),
);

test.each(cases)('$what ($protocol)', async ({ protocol, message, what }) => {
  const clock = new SimulatedClock();
  const { peer, say, heard } = against({
    protocol,
    clock,
    methods: {
      ping: () => undefined,
      slow: (_: unknown, { signal }: { signal: AbortSignal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    },
  });
  await peer.ready();
  // Of a session half of the credit comes back at once; beyond it the session ends.
  const batch = protocol === 'virtagent-2' ? 500 : 1_000;
  for (let at = 0; at < COUNT; at += batch) {
    say(...Array.from({ length: batch }, (_, i) => message(at + i)));
    await settled(protocol === 'virtagent-2' ? 30 : 3);
  }
  await settled(30);
  expect(peer.manager.jobs).toBe(0);
  expect(peer.slots).toMatchObject({ execute: { taken: 0, waiting: 0 }, server: { count: 0, bytes: 0 }, client: { count: 0, bytes: 0 } });
  expect(peer.manager.timers.size).toBe(0);
  const unanswered = /responses|notifications|cancels of|progress/.test(what);
  expect(answers(heard)).toHaveLength(unanswered ? 0 : /at once/.test(what) ? COUNT / 2 : COUNT);
  // And it still serves, and calls.
  say(ask('after', 'ping'));
  const call = peer.call('any', {});
  await settled();
  expect(answers(heard).at(-1)).toMatchObject({ tag: 'after', answer: { ok: true } });
  say(answer(asked(heard).at(-1)?.tag, { fine: true }));
  expect(await call).toEqual({ fine: true });
  expect(peer.link).toBe('up');
  if (/for no method/.test(what) && unanswered) expect(peer.counters.unclaimed).toBe(COUNT);
});

test.each(everyProtocol)('pieces that are no messages are answered or counted, one by one ($protocol)', async ({ protocol }) => {
  const { peer, raw, heard, say } = against({ protocol, methods: { ping: () => undefined } });
  for (let i = 0; i < 50; i++) {
    raw('x\n'.repeat(200) + '\xff\xff\xffPOST\r\n\r\n'.repeat(50) + 'Content-Length: 3\r\n\r\n[1]'.repeat(50));
    await settled(1);
  }
  raw('\n');
  // So many are handed on in a turn, and no more.
  await settled((50 * 350) / messagesInATurn);
  say(ask('after', 'ping'), ask('after', 'ping'));
  await settled(20);
  expect(answers(heard).at(-1)).toMatchObject({ tag: 'after', answer: { ok: true } });
  expect(peer.manager.jobs).toBe(0);
  expect(peer.link).toBe('up');
});
