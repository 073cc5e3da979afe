import { expect, test } from 'vitest';
import { SessionPeers } from './session-peers.ts';
import { deferred, settled } from '../support/peers.ts';

test('who wants no items at first, and allows some before the handler has returned, gets them', async () => {
  const gate = deferred();
  const methods = {
    later: async () => {
      await gate.promise;
      return (async function* () {
        yield 1;
        yield 2;
      })();
    },
  };
  const peers = await SessionPeers.up({}, { methods });
  const heard: unknown[] = [];
  peers.left.messages$.subscribe(({ direction, message }) => {
    const { type, tag, value, items } = message as { type: string; tag?: string; value?: unknown; items?: number };
    if (direction === 'in' && tag === 'own') heard.push(type === 'item' ? value : [type, items]);
  });
  const { codec } = peers.left.transport;
  const write = (message: Parameters<typeof codec.encode>[0]): void => peers.left.transport.write(codec.encode(message), () => {});
  write({ type: 'request', tag: 'own', method: 'later', params: null, wants: { items: 0, bytes: 0 } });
  write({ type: 'more', tag: 'own', items: 10, itemBytes: 10_000 });
  await settled();
  gate.resolve();
  await settled(20);
  expect(heard).toEqual([1, 2, ['response', 2]]);
});
