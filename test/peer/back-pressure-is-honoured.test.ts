import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import type { ProtocolName } from '../../transport/index.ts';
import { farSide } from '../support/far-side.ts';
import { everyProtocol, opened, rejection, settled } from '../support/peers.ts';

/** A stream that takes one write and then none until it is let go; what belongs to a greeting it takes at once. */
function stubborn(protocol: ProtocolName): { stream: Duplex; letGo: () => void; written: () => number } {
  let pending: (() => void) | undefined;
  let writes = 0;
  const side = farSide(protocol, (bytes) => stream.push(bytes));
  const stream: Duplex = new Duplex({
    writableHighWaterMark: 1,
    read() {},
    write(chunk: Buffer, _encoding, done) {
      if (side.push(chunk).length === 0) return done();
      writes++;
      pending = done;
    },
  });
  return { stream, letGo: () => pending?.(), written: () => writes };
}

test.each(everyProtocol)(
  'a full stream keeps the send slot, and nothing more is written until it drains ($protocol)',
  async ({ protocol }) => {
    const { stream, letGo, written } = stubborn(protocol);
    const peer = opened({ stream, protocol });
    await peer.ready();
    const calls = Array.from({ length: 5 }, () => peer.call('any', {}).catch((error: { known: string }) => error.known));
    await settled();
    expect(written()).toBe(1);
    expect(peer.slots.send).toEqual({ slots: 1, taken: 1, waiting: 4 });
    letGo();
    await settled();
    expect(written()).toBe(2);
    expect(peer.slots.send).toEqual({ slots: 1, taken: 1, waiting: 3 });
    peer.close();
    expect(await Promise.all(calls)).toEqual(['perhaps-executed', 'perhaps-executed', 'not-sent', 'not-sent', 'not-sent']);
  },
);

test('a cancelled call whose bytes are in the stream holds the slot until the stream took them', async () => {
  const { stream, letGo } = stubborn('jsonrpc-lines');
  const peer = opened({ stream, protocol: 'jsonrpc-lines' });
  await peer.ready();
  const abort = new AbortController();
  const call = rejection(peer.call('any', {}, { signal: abort.signal }));
  await settled();
  abort.abort();
  expect(await call).toMatchObject({ code: 'CANCELLED', known: 'perhaps-executed' });
  expect(peer.slots.send.taken).toBe(1);
  letGo();
  await settled();
  expect(peer.slots.send.taken).toBe(0);
});

test('responses go before requests that waited longer, once the stream drains', async () => {
  const { stream, letGo } = stubborn('jsonrpc-lines');
  const peer = opened({ stream, methods: { ping: () => 'pong' }, protocol: 'jsonrpc-lines' });
  await peer.ready();
  const sent: string[] = [];
  peer.messages$.subscribe(({ direction, message }) => {
    if (direction === 'out') sent.push((message as { type: string }).type);
  });
  for (let i = 0; i < 3; i++) peer.call('any', {}).catch(() => {});
  stream.push('{"jsonrpc":"2.0","id":1,"method":"ping"}\n');
  for (let i = 0; i < 4; i++) {
    await settled();
    letGo();
  }
  expect(sent).toEqual(['request', 'response', 'request', 'request']);
});
