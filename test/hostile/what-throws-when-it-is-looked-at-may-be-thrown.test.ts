/** Anything can be thrown, also what throws itself when it is looked at: even `instanceof` runs a proxy's own code. */
import { expect, test } from 'vitest';
import { outcomeCode } from '../../actors/outcomes.ts';
import { pairOfPeers, rejection } from '../support/peers.ts';

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable(new Error('never read'), {});
  revoke();
  return proxy;
}

/** What its trap throws is the same again. */
function endless(): unknown {
  const throws = (): never => {
    throw proxy;
  };
  const proxy: object = new Proxy(new Error('never read'), { getPrototypeOf: throws, get: throws });
  return proxy;
}

/* oxlint-disable no-throw-literal, typescript/only-throw-error, typescript/prefer-promise-reject-errors -- the subject of this file */
const throwing = (made: () => unknown) => ({
  sync: () => {
    throw made();
  },
  later: () => Promise.reject(made()),
  async *generator() {
    yield 1;
    throw made();
  },
  schema: {
    params: {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: () => {
          throw made();
        },
      },
    },
    handle: () => 1,
  },
  unwritable: () => ({
    toJSON: () => {
      throw made();
    },
  }),
});

test.each([
  ['a proxy that was revoked', revoked],
  ['a proxy whose traps throw it again', endless],
])('%s: its caller is answered, onError is told, the slot is back', async (_, made) => {
  const told: string[] = [];
  const { host, guest } = await pairOfPeers(
    {},
    { executeSlots: 1, methods: throwing(made), onError: (_error, method) => told.push(method) },
  );
  for (const name of ['sync', 'later', 'schema', 'unwritable'])
    expect(await rejection(host.call(name)), name).toMatchObject({ code: 'HANDLER_FAILED', known: 'executed' });
  const stream = host.stream('generator');
  await stream.next();
  expect(await rejection(stream.next())).toMatchObject({ code: 'HANDLER_FAILED', known: 'executed' });
  expect(told).toEqual(['sync', 'later', 'schema', 'unwritable', 'generator']);
  expect(guest.slots).toMatchObject({ execute: { taken: 0, parked: 0 }, server: { count: 0 } });
});

test.each([
  [
    'at once',
    (): never => {
      throw revoked();
    },
  ],
  ['later', () => Promise.reject(revoked())],
])('a schema of results that throws one %s fails its call', async (_, validate) => {
  const result = { '~standard': { version: 1 as const, vendor: 'test', validate } };
  const { host } = await pairOfPeers({ results: { ping: result } }, { methods: { ping: () => 'pong' } });
  expect(await rejection(host.call('ping'))).toMatchObject({ code: 'INVALID_RESPONSE', known: 'executed' });
});

test('parameters that throw one when they are written fail their call, and are not sent', async () => {
  const { host } = await pairOfPeers();
  const evil = {
    toJSON: () => {
      throw endless();
    },
  };
  for (const params of [evil, [Buffer.from('bytes'), evil]])
    expect(await rejection(host.call('any', params))).toMatchObject({ code: 'UNENCODABLE', known: 'not-sent' });
});

test('a call that is given up with one as the reason is cancelled', async () => {
  const { host } = await pairOfPeers({}, { methods: { never: () => new Promise(() => {}) } });
  const aborter = new AbortController();
  const call = host.call('never', undefined, { signal: aborter.signal });
  aborter.abort(revoked());
  expect(await rejection(call)).toMatchObject({ code: 'CANCELLED' });
});

test('a job that came to one is written down all the same', () => {
  expect(outcomeCode({ type: 'error', error: revoked(), known: 'executed' })).toBe('HANDLER_FAILED');
});
