import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { deferred, opened, rejection, settled, type Loose } from '../support/peers.ts';
import { memoryPair, type OutgoingMessage } from '../../transport/index.ts';
import { against, answer, answers, ask, asked } from './support.ts';

const host = { protocol: 'virtagent-v7', role: 'host' } as const;
const refuse = (tag: unknown, number: number): OutgoingMessage => ({
  type: 'response',
  tag: tag as string,
  answer: { ok: false, error: { code: 'REMOTE_ERROR', message: 'no', number } },
});

test('a guest that answers capabilities with a time-out of its own is not asked for ever', async () => {
  const { peer, heard, say } = against({ ...host, clock: new SimulatedClock() });
  say(ask('h', 'hello'));
  await settled();
  for (let i = 0; i < 50; i++) {
    const last = asked(heard).at(-1);
    if (last !== undefined) say(refuse(last.tag, -110));
    await settled(1);
  }
  expect(asked(heard)).toHaveLength(1);
  expect(peer.link).toBe('up');
});

test.each<[string, unknown, string[] | undefined]>([
  ['no list', {}, undefined],
  ['nothing', undefined, undefined],
  ['a list of other things', { methods: [1, null, {}, ['ping'], 'ping', '__proto__'] }, ['ping', '__proto__', 'capabilities']],
  ['an object for a list', { methods: { 0: 'ping', length: 1 } }, undefined],
  ['a text for a list', { methods: 'ping' }, undefined],
  ['an empty list', { methods: [] }, ['capabilities']],
])('capabilities with %s', async (_, value, expected) => {
  const { peer, heard, say } = against({ ...host });
  say(ask('h', 'hello'));
  await settled();
  say(answer(asked(heard)[0]?.tag, value));
  await peer.ready();
  expect(peer.remoteMethods).toEqual(expected);
});

test('a list of a hundred thousand methods is cut', async () => {
  const { peer, heard, say } = against({ ...host });
  say(ask('h', 'hello'));
  await settled();
  say(answer(asked(heard)[0]?.tag, { methods: Array.from({ length: 100_000 }, (_, i) => `m${i}`) }));
  await peer.ready();
  expect(peer.remoteMethods).toHaveLength(1025);
});

test('calls that fill the queue before the greeting do not keep the host from asking what the guest can do', async () => {
  const clock = new SimulatedClock();
  const { peer, heard, say } = against({ ...host, clock, maxClientJobs: 2 });
  const abort = new AbortController();
  const calls = [rejection(peer.call('unlisted', {}, { signal: abort.signal })), rejection(peer.call('unlisted', {}))];
  await settled();
  say(ask('h', 'hello'));
  await settled();
  expect(asked(heard)).toEqual([]);
  expect(peer.link).toBe('greeting');
  abort.abort();
  await settled();
  clock.increment(250);
  await settled();
  expect(asked(heard).map(({ method }) => method)).toEqual(['capabilities']);
  say(answer(asked(heard)[0]?.tag, { methods: ['ping'] }));
  expect(await Promise.all(calls)).toMatchObject([{ code: 'CANCELLED' }, { code: 'METHOD_NOT_FOUND', known: 'not-sent' }]);
});

test('a host whose guest is silent stops at once when nothing waits', async () => {
  const clock = new SimulatedClock();
  const { peer, heard } = against({ ...host, clock });
  await settled();
  clock.increment(250);
  await settled();
  expect(asked(heard)).toHaveLength(1);
  await peer.stop();
  expect(peer.link).toBe('ended');
});

test('one whose calls wait for the greeting goes on asking for them, and stops when they have ended', async () => {
  const clock = new SimulatedClock();
  const { peer, heard, say } = against({ ...host, clock });
  const late = rejection(peer.call('ping', {}, { timeoutMs: 7_000 }));
  const soon = peer.call('ping', {}, { timeoutMs: 60_000 });
  clock.increment(250);
  await settled();
  const stopped = peer.stop();
  for (let s = 0; s < 12; s++) {
    clock.increment(1_000);
    await settled(2);
  }
  expect(await late).toMatchObject({ code: 'TIMEOUT', known: 'not-sent' });
  expect(asked(heard).map(({ method }) => method)).toEqual(['capabilities', 'capabilities', 'capabilities']);
  say(answer(asked(heard)[2]?.tag, { methods: ['ping'] }));
  await settled();
  say(answer(asked(heard)[3]?.tag, { pong: 1 }));
  expect(await soon).toEqual({ pong: 1 });
  await stopped;
});

test('one whose only call ends in the greeting stops then', async () => {
  const clock = new SimulatedClock();
  const { peer } = against({ ...host, clock });
  const call = rejection(peer.call('ping', {}, { timeoutMs: 7_000 }));
  clock.increment(250);
  await settled();
  const stopped = deferred<string>();
  peer.stop().then(() => stopped.resolve('stopped'), stopped.reject);
  for (let s = 0; s < 20; s++) {
    clock.increment(1_000);
    await settled(2);
  }
  expect(await call).toMatchObject({ code: 'TIMEOUT', known: 'not-sent' });
  expect(await Promise.race([stopped.promise, settled(5).then(() => 'still there')])).toBe('stopped');
});

test('a guest whose hello nobody answers stops at once', async () => {
  const { peer, heard } = against({ protocol: 'virtagent-v7', role: 'guest', clock: new SimulatedClock() });
  await peer.ready();
  await settled();
  expect(asked(heard)).toHaveLength(1);
  await peer.stop();
});

test('hello during calls, hello in a flood, and hello of a host: calls go on', async () => {
  const { peer, heard, say } = against({ ...host, methods: {} });
  say(ask('h', 'hello'));
  await settled();
  say(answer(asked(heard)[0]?.tag, { methods: ['ping'] }));
  await peer.ready();
  const call = peer.call('ping');
  await settled();
  say(...Array.from({ length: 500 }, (_, i) => ask(`h${i}`, 'hello')));
  await settled(20);
  say(answer(asked(heard).find(({ method }) => method === 'ping')?.tag, { pong: 1 }));
  expect(await call).toEqual({ pong: 1 });
  expect(answers(heard)).toHaveLength(501);
  expect(peer.slots.client.count).toBe(1);
  const [a, b] = memoryPair();
  const hosts = [opened<Loose>({ ...host, stream: a }), opened<Loose>({ ...host, stream: b })];
  for (const { code } of await Promise.all(hosts.map((one) => rejection(one.call('ping', {}, { timeoutMs: 20 })))))
    expect(code).toBe('TIMEOUT');
});
