import { expect, test } from 'vitest';
import { pairOfPeers, rejection } from '../support/peers.ts';

const boom = (): never => {
  throw new Error('boom');
};

const broken: Record<string, () => unknown> = {
  'a web stream that somebody else reads': () => {
    const stream = new ReadableStream();
    stream.getReader();
    return stream;
  },
  'an iterable whose iterator throws': () => ({ [Symbol.asyncIterator]: boom }),
  'an iterable that throws when it is looked at': () => Object.defineProperty({}, Symbol.asyncIterator, { get: boom }),
  'an iterable without an iterator': () => ({ [Symbol.asyncIterator]: () => null }),
  'an iterator that can not be asked': () => ({ [Symbol.asyncIterator]: () => ({}) }),
  'an iterator that gives a number': () => ({ [Symbol.asyncIterator]: () => ({ next: () => 5 }) }),
  'an iterator that gives null, later': () => ({ [Symbol.asyncIterator]: () => ({ next: async () => null }) }),
  'an iterator that gives nothing': () => ({ [Symbol.asyncIterator]: () => ({ next: () => undefined }) }),
  'an observable that can not be subscribed to': () => ({ subscribe: boom }),
  'an observable that throws when it is looked at': () => Object.defineProperty({}, 'subscribe', { get: boom }),
};

test.each(Object.entries(broken))('%s: the caller is answered, onError is told, the slot is back', async (_, made) => {
  const told: string[] = [];
  const methods = {
    sync: () => made(),
    later: async () => made(),
    checked: { result: { '~standard': { version: 1 as const, vendor: 'test', validate: (value: unknown) => ({ value }) } }, handle: made },
  };
  const { host, guest } = await pairOfPeers(
    { protocol: 'virtagent-2' },
    { executeSlots: 1, methods, onError: (_error, method) => told.push(method) },
  );
  for (const name of Object.keys(methods))
    expect(await rejection(host.stream(name).next()), name).toMatchObject({ code: 'HANDLER_FAILED', known: 'executed' });
  expect(told).toEqual(Object.keys(methods));
  expect(guest.slots).toMatchObject({ execute: { taken: 0, parked: 0 }, server: { count: 0 } });
});
