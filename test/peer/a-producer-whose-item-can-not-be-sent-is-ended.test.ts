import { Observable } from 'rxjs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { pairOfPeers, rejection, settled } from '../support/peers.ts';

const protocol = 'virtagent-2' as const;

test.each<[string, unknown, object, object]>([
  [
    'is no JSON',
    10n,
    { code: 'HANDLER_FAILED', message: expect.stringContaining('an item can not be sent: ') as string },
    { cause: { code: 'UNENCODABLE' } },
  ],
  [
    'is larger than a message',
    'x'.repeat(17 * 2 ** 20),
    {
      code: 'MESSAGE_TOO_LARGE',
      message: expect.stringMatching(/an item can not be sent: the message has .*\d+ bytes; the most is \d+/) as string,
    },
    { cause: { code: 'MESSAGE_TOO_LARGE' } },
  ],
  ['does not pass its schema', null, { code: 'HANDLER_FAILED' }, { code: 'INVALID_RESPONSE' }],
])('one whose item %s', async (_, bad, failure, trouble) => {
  const told: unknown[] = [];
  const ended: string[] = [];
  const result = z.union([z.bigint(), z.number(), z.string()]);
  const methods = {
    generator: {
      result,
      async *handle() {
        try {
          yield 1;
          yield bad;
          yield 3;
        } finally {
          ended.push('generator');
        }
      },
    },
    observable: {
      result,
      handle: () =>
        new Observable((to) => {
          to.next(1);
          to.next(bad);
          return () => ended.push('observable');
        }),
    },
  };
  const { host, guest } = await pairOfPeers(
    { protocol },
    { executeSlots: 1, methods, onError: (error, method) => told.push({ error, method }) },
  );
  for (const name of Object.keys(methods)) {
    const stream = host.stream(name);
    expect(await stream.next()).toMatchObject({ value: 1 });
    expect(await rejection(stream.next())).toMatchObject({ ...failure, known: 'executed' });
  }
  expect(told).toMatchObject(Object.keys(methods).map((method) => ({ method, error: trouble })));
  await settled();
  expect(ended).toEqual(['generator', 'observable']);
  expect(guest.slots).toMatchObject({ execute: { taken: 0, parked: 0 }, server: { count: 0 } });
});

test.each<[string, () => unknown]>([
  ['hangs', () => new Promise(() => {})],
  ['rejects', () => Promise.reject(new Error('in return'))],
  [
    'throws',
    () => {
      throw new Error('in return');
    },
  ],
])('the answer does not wait for its end, which %s', async (_, end) => {
  const iterator = { next: () => ({ done: false, value: 10n }), return: end };
  const { host, guest } = await pairOfPeers(
    { protocol },
    { executeSlots: 1, methods: { made: () => ({ [Symbol.asyncIterator]: () => iterator }) } },
  );
  expect(await rejection(host.stream('made').next())).toMatchObject({
    code: 'HANDLER_FAILED',
    remote: { message: expect.stringContaining('an item can not be sent') as string },
  });
  expect(guest.slots.execute.taken).toBe(0);
});
