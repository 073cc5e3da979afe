import { Subject } from 'rxjs';
import { expect, test } from 'vitest';
import { opened, pairOfPeers, rejection, settled } from '../support/peers.ts';
import { memoryPair } from '../../transport/index.ts';

const protocol = 'virtagent-2' as const;

function producer() {
  const made = { items: 0 };
  const methods = {
    async *endless({ bytes = 1 }: { bytes?: number }) {
      for (;;) {
        made.items++;
        yield 'x'.repeat(bytes);
      }
    },
    ping: () => 'pong',
  };
  return { made, methods };
}

test('no more items are made than there is room for', async () => {
  const { made, methods } = producer();
  const { host } = await pairOfPeers({ protocol }, { methods });
  const stream = host.stream('endless', {}, { room: { items: 10, bytes: 1_000_000 } });
  await stream.next();
  await settled(50);
  // One was consumed: it is told of with half of the room.
  expect(made.items).toBe(10);
  for (let n = 0; n < 9; n++) await stream.next();
  await settled(50);
  expect(made.items).toBe(20);
  stream.cancel();
});

test('nor more bytes of them, but for those of the last', async () => {
  const { made, methods } = producer();
  const { host } = await pairOfPeers({ protocol }, { methods });
  const stream = host.stream('endless', { bytes: 1_000 }, { room: { items: 1_000, bytes: 10_000 } });
  await stream.next();
  await settled(50);
  expect(made.items).toBeLessThan(12);
  expect(made.items).toBeGreaterThan(8);
  stream.cancel();
});

test('streams that nobody reads hold no execute slot', async () => {
  const { methods } = producer();
  const { host, guest } = await pairOfPeers({ protocol }, { executeSlots: 2, methods });
  const streams = Array.from({ length: 20 }, () => host.stream('endless', {}, { room: { items: 4, bytes: 1_000 } }));
  await Promise.all(streams.map((stream) => stream.next()));
  await settled(20);
  expect(guest.slots.execute).toMatchObject({ taken: 0, parked: 20 });
  expect(await host.call('ping')).toBe('pong');
  for (const stream of streams) stream.cancel();
  await settled(20);
  expect(guest.slots).toMatchObject({ execute: { taken: 0, parked: 0 }, server: { count: 0, bytes: 0 } });
});

test('an observable that is ahead by too much ends its stream', async () => {
  const subject = new Subject<number>();
  const { host } = await pairOfPeers({ protocol }, { methods: { fast: () => subject } });
  const stream = host.stream('fast', undefined, { room: { items: 2, bytes: 1_000 } });
  const first = stream.next();
  await settled();
  for (let n = 0; n < 5_000; n++) subject.next(n);
  expect(await first).toEqual({ done: false, value: 0 });
  const read = async (): Promise<void> => {
    for await (const item of stream) void item;
  };
  expect(await rejection(read())).toMatchObject({ code: 'HANDLER_FAILED' });
  expect(subject.observed).toBe(false);
});

test('a producer that sends more than it may ends its own stream, and no other', async () => {
  const { host, guest } = await pairOfPeers({ protocol }, { methods: { mute: () => new Promise(() => {}), ping: () => 'pong' } });
  let tag = '';
  guest.messages$.subscribe(({ direction, message }) => {
    const request = message as { type: string; tag: string; method: string };
    if (direction === 'in' && request.method === 'mute') tag = request.tag;
  });
  const stream = host.stream('mute', undefined, { room: { items: 2, bytes: 1_000 } });
  const reads = [stream.next(), stream.next(), stream.next(), stream.next()];
  await settled();
  const { codec } = guest.transport;
  for (let n = 0; n < 5; n++) guest.transport.write(codec.encode({ type: 'item', tag, at: n, value: n }), () => {});
  // Readers take what comes at once, so the room is told again after each two: the third is still allowed.
  const results = await Promise.allSettled(reads);
  expect(results.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(2);
  stream.cancel();
  expect(await host.call('ping')).toBe('pong');
});

test('a producer that floods a reader who does not read is given up', async () => {
  const { host, guest } = await pairOfPeers({ protocol }, { methods: { mute: () => new Promise(() => {}), ping: () => 'pong' } });
  let tag = '';
  guest.messages$.subscribe(({ direction, message }) => {
    const request = message as { type: string; tag: string; method: string };
    if (direction === 'in' && request.method === 'mute') tag = request.tag;
  });
  const stream = host.stream('mute', undefined, { room: { items: 4, bytes: 1_000 } });
  const first = stream.next();
  await settled();
  const { codec } = guest.transport;
  for (let n = 0; n < 50; n++) guest.transport.write(codec.encode({ type: 'item', tag, at: n, value: n }), () => {});
  expect(await first).toMatchObject({ value: 0 });
  await settled();
  const read = async (): Promise<void> => {
    for await (const item of stream) void item;
  };
  expect(await rejection(read())).toMatchObject({ code: 'LIMIT_EXCEEDED' });
  expect(host.slots.client.count).toBe(0);
  expect(await host.call('ping')).toBe('pong');
});

test('more streams at once than the other side takes are refused here', async () => {
  const { methods } = producer();
  const { host } = await pairOfPeers({ protocol }, { methods });
  const streams = Array.from({ length: 65 }, () => host.stream('endless', {}, { room: { items: 1, bytes: 100 } }));
  const ends = await Promise.allSettled(streams.map((stream) => stream.next()));
  expect(ends.filter(({ status }) => status === 'rejected')).toMatchObject([{ reason: { code: 'QUEUE_FULL', known: 'not-sent' } }]);
  for (const stream of streams) stream.cancel();
});

test('a line that is lost for good ends a stream with what is known', async () => {
  const [a, b] = memoryPair();
  const { methods } = producer();
  const host = opened({ stream: a, protocol });
  opened({ stream: b, protocol, methods });
  await host.ready();
  const stream = host.stream('endless', {}, { room: { items: 4, bytes: 1_000 } });
  await stream.next();
  b.destroy();
  const read = async (): Promise<void> => {
    for await (const item of stream) void item;
  };
  expect(await rejection(read())).toMatchObject({ code: 'LINE_LOST', known: 'perhaps-executed' });
});
