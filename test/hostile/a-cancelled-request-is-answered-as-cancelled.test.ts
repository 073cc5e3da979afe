/** Rule 5: a cancel that the peer asks for aborts the handler, and the job is answered with the protocol's cancelled error. */
import { expect, test } from 'vitest';
import { deferred, settled } from '../support/peers.ts';
import { against, answers, ask } from './support.ts';

test('also when the handler returns before that answer could be sent', async () => {
  const gate = deferred<string>();
  const { peer, say, heard, listen, raw } = against(
    { protocol: 'jsonrpc-headers', methods: { big: () => 'x'.repeat(5_000), slow: () => gate.promise } },
    { deaf: true, highWaterMark: 64 },
  );
  const traced: unknown[] = [];
  peer.messages$.subscribe(({ direction, message }) => direction === 'out' && traced.push(message));
  say(ask(1, 'big'));
  await settled();
  expect(peer.slots.send.taken).toBe(1);
  say(ask(2, 'slow'));
  await settled();
  say({ type: 'cancel', tag: 2 });
  await settled();
  gate.resolve('too late');
  await settled();
  listen();
  raw('');
  await settled(20);
  const [, second] = answers(heard);
  expect(second).toMatchObject({ tag: 2, answer: { ok: false, error: { code: 'CANCELLED' } } });
  expect(traced.at(-1)).toMatchObject({ tag: 2, answer: { ok: false, error: { code: 'CANCELLED' } } });
  expect(peer.slots.server).toEqual({ count: 0, bytes: 0 });
});
