import { once } from 'node:events';
import { expect, test } from 'vitest';
import { createManager, createPeer, type CreatePeerOptions } from '../../actors/index.ts';
import { createInspector } from '../../inspector/index.ts';
import { memoryPair } from '../../transport/index.ts';
import { opened, pairOfPeers } from '../support/peers.ts';

const stream = (): CreatePeerOptions['stream'] => memoryPair()[0];

const peer = createPeer({ stream: memoryPair()[0] });
const handle = (): number => 1;
const schema = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } };
class Inheriting {
  add(): number {
    return 1;
  }
}

test.each<[string, object, RegExp]>([
  ['no stream and no channel', {}, /^stream is .*; it takes a Duplex/],
  ['both', { stream: stream(), channel: { name: 'x' } }, /stream is "given with channel"/],
  ['a stream that is none', { stream: {} }, /stream is .*Node Duplex/],
  [
    'a protocol that does not exist',
    { stream: stream(), protocol: 'soap' },
    /protocol is "soap"; it takes one of virtagent-2, virtagent-v7, jsonrpc-lines, jsonrpc-headers/,
  ],
  ['a protocol named after a property of every object', { stream: stream(), protocol: 'constructor' }, /protocol is "constructor"/],
  ['a role that does not exist', { stream: stream(), role: 'boss' }, /role is "boss"; it takes host or guest/],
  ['a method that is no function', { stream: stream(), methods: { ping: 'pong' } }, /methods\.ping is "pong"/],
  ['a method that is null', { stream: stream(), methods: { ping: null } }, /methods\.ping is null; it takes a function/],
  [
    'a misspelt schema, without which nothing would be checked',
    { stream: stream(), methods: { add: { parms: schema, handle } } },
    /methods\.add is "parms"; it takes the names handle, jsonSchema, params, result/,
  ],
  [
    'parameters that are no schema',
    { stream: stream(), methods: { add: { params: 5, handle } } },
    /methods\.add\.params is 5; .* Standard Schema/,
  ],
  ['a result that is no schema', { stream: stream(), methods: { add: { result: {}, handle } } }, /methods\.add\.result is \{\}; .* Schema/],
  ['a JSON Schema that is none', { stream: stream(), methods: { add: { jsonSchema: 'x', handle } } }, /methods\.add\.jsonSchema is "x"/],
  ['a Map of methods', { stream: stream(), methods: new Map([['a', handle]]) }, /methods is "of class Map"; .* functions by name/],
  ['a list of methods', { stream: stream(), methods: [handle] }, /methods is "of class Array"; .* functions by name/],
  [
    'an instance that inherits all its methods',
    { stream: stream(), methods: new Inheriting() },
    /methods is "of class Inheriting"; .* inherits/,
  ],
  [
    "a method whose name is the protocol's own",
    { stream: stream(), methods: { '$/x': handle } },
    /methods is "\$\/x"; .* do not begin with \$\/.* nobody could call it/,
  ],
  ['slots below one', { stream: stream(), sendSlots: 0 }, /sendSlots is 0; it takes a whole number from 1, or Infinity/],
  ['half a slot', { stream: stream(), executeSlots: 1.5 }, /executeSlots is 1\.5/],
  ['a time that is not a number', { stream: stream(), timeoutMs: Number.NaN }, /timeoutMs is NaN;/],
  ['a number that is too low for a number', { stream: stream(), maxOwedBytes: -Infinity }, /maxOwedBytes is -Infinity;/],
  ['less than nothing', { stream: stream(), maxNestedCalls: -0 }, /maxNestedCalls is -0;/],
  ['limits that are null', { stream: stream(), limits: null }, /^limits is null; it takes an object/],
  ['results that are null', { stream: stream(), results: null }, /^results is null; it takes an object/],
  ['a negative time', { stream: stream(), stallTimeoutMs: -1 }, /stallTimeoutMs is -1/],
  ['an unknown limit', { stream: stream(), limits: { maxBytes: 1 } }, /limits is "maxBytes"; it takes the names/],
  ['a limit of zero', { stream: stream(), limits: { maxDepth: 0 } }, /limits\.maxDepth is 0/],
  [
    'messages too small for virtagent-2',
    { stream: stream(), limits: { maxMessageBytes: 1023 } },
    /limits\.maxMessageBytes is 1023; .* 1024/,
  ],
  [
    'a depth too small for virtagent-2',
    { stream: stream(), limits: { maxDepth: 2 } },
    /limits\.maxDepth is 2; it takes a whole number from 3 with virtagent-2.*another protocol/,
  ],
  ['methods too short for virtagent-2', { stream: stream(), limits: { maxMethodLength: 9 } }, /limits\.maxMethodLength is 9; .* 10 /],
  ['tags too short for virtagent-2', { stream: stream(), limits: { maxTagLength: 63 } }, /limits\.maxTagLength is 63; .* 64 /],
  [
    'what auto could not use if it found virtagent-2',
    { stream: stream(), protocol: 'auto', limits: { maxDepth: 2 } },
    /limits\.maxDepth is 2; it takes a whole number from 3 .* with auto/,
  ],
  ['an inspection by nobody', { stream: stream(), inspect: 5 }, /^inspect is 5; it takes a function, or an observer/],
  ['an inspection that is null', { stream: stream(), inspect: null }, /^inspect is null; it takes a function/],
  ['a misspelt option', { stream: stream(), timeoutMS: 5 }, /options is "timeoutMS"; it takes the names/],
])('%s', (_, options, message) => {
  expect(() => createPeer(options as CreatePeerOptions)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) as string }) as Error,
  );
});

test.each<[string, () => unknown]>([
  ['a peer of nothing', () => (createPeer as (options?: unknown) => unknown)()],
  ['a peer of null', () => createPeer(null as never)],
  ['a manager of null', () => createManager(null as never)],
  ['an inspector of nothing', () => (createInspector as (options?: unknown) => unknown)()],
  ['a pair of null', () => memoryPair(null as never)],
  ['the end of a peer', () => peer.stop(null as never)],
  ['a question for a call', () => peer.statusOf('1', null as never)],
  ['a call', () => peer.call('m', {}, null as never)],
  ['a stream', () => peer.stream('m', {}, null as never)],
])('what is no object is no options: %s', async (_, use) => {
  await expect((async () => await use())()).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringMatching(/^options is (null|undefined); it takes an object/) as string,
  });
});

test('a definition may be the instance of a class, with members for itself', async () => {
  class Counter {
    count = 0;
    handle(): number {
      return ++this.count;
    }
  }
  const { host } = await pairOfPeers({}, { methods: { count: new Counter() } });
  expect([await host.call('count'), await host.call('count')]).toEqual([1, 2]);
});

test('what only virtagent-2 keeps for itself other protocols call', async () => {
  const { host } = await pairOfPeers({ protocol: 'jsonrpc-lines' }, { methods: { '$/x': handle } });
  expect(await host.call('$/x')).toBe(1);
});

test('a stream has one peer, and the first keeps it', async () => {
  const [a, b] = memoryPair();
  opened({ stream: b, methods: { ping: () => 'pong' } });
  const first = opened({ stream: a });
  expect(() => createPeer({ stream: a })).toThrow(/^stream is "in use by another peer"/);
  expect(await first.call('ping')).toBe('pong');
  expect(() => createPeer({ stream: a })).toThrow(/^stream is "in use by another peer"/);
  first.close();
  await once(a, 'close');
  // It is closed now, and no peer's: what can be said of it is that.
  expect(await createPeer({ stream: a }).ended()).toMatchObject({ code: 'CHANNEL_UNUSABLE' });
});

test('other protocols than virtagent-2 take less', () => {
  const limits = { maxMessageBytes: 100, maxDepth: 1, maxMethodLength: 4, maxTagLength: 10 };
  const peer = createPeer({ stream: memoryPair()[0], protocol: 'jsonrpc-lines', limits });
  peer.close();
});

test('a manager checks its own', () => {
  expect(() => createManager({ maxBypass: -1 })).toThrow(/maxBypass is -1/);
  expect(() => createManager({ inspect: {} })).toThrow(/inspect is \{\}; it takes a function, or an observer/);
  expect(() => createManager().add('forwarder', { tag: 'x', operations: {} })).toThrow(
    /kind is "forwarder"; it takes one of server, client/,
  );
  expect(() => createManager().addClient({ tag: 'x', operations: {}, urgency: 3 as never })).toThrow(/urgency is 3; it takes 0, 1 or 2/);
});
