import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import type { VirtagentError } from '../../actors/index.ts';
import { memoryPair } from '../../transport/index.ts';
import { GuestAgent } from '../support/guest-agent.ts';
import { opened, rejection, settled, type Loose } from '../support/peers.ts';
import { agentSession, commands } from './qemu-ga-support.ts';

const noise = `{"return": {"old": 1}}\n{"return": {}, "id": "abcdefgh.1"}\n{"error": {"class": "GenericError", "desc": "stray"}}\n{"retu`;

test('what earlier hosts are owed is never taken for an answer to us', async () => {
  const { peer, damage } = agentSession({}, {}, `${noise}\xff{"return": 5}\n{"return": {"half`);
  expect(await peer.call('add', { a: 1, b: 2 })).toBe(3);
  // At once, and not each: the one error that our own 0xFF causes is none.
  expect(damage).toEqual([expect.stringMatching(/^noise \d+$/)]);
  expect(peer.counters).toMatchObject({ violations: 0, unclaimed: 0 });
});

test.each([
  ['a deadline', 'TIMEOUT'],
  ['a cancel', 'CANCELLED'],
])('after %s nothing is sent before a sync is answered, and the late answer is dropped', async (how, code) => {
  const { peer, agent, links, pass } = agentSession();
  await peer.ready();
  agent.hangs = true;
  const abort = new AbortController();
  const given = rejection(peer.call('echo', { late: 1 }, { timeoutMs: 1_000, signal: abort.signal }));
  const next = peer.call('echo', { next: 1 }, { timeoutMs: 30_000 });
  await settled();
  if (how === 'a cancel') abort.abort();
  await pass(1_000);
  expect(await given).toMatchObject({ code, known: 'perhaps-executed' });
  expect(links.at(-1)).toBe('greeting');
  await pass(3_000);
  agent.goOn();
  expect(await next).toEqual({ next: 1 });
  expect(links.slice(-2)).toEqual(['greeting', 'up']);
  expect(agent.asked).toEqual(['echo', 'echo']);
  expect(peer.counters).toMatchObject({ violations: 0, unclaimed: 0 });
});

test('a sync that is not answered is asked again, ever more slowly, and one answer to the last is enough', async () => {
  const { peer, agent, pass } = agentSession({}, { random: () => 0 });
  agent.hangs = true;
  const call = peer.call('guest-ping', {}, { timeoutMs: 600_000 });
  await settled();
  // At 0, 1, 3, 7, 15, 31 s, then each 30 s.
  for (let s = 0; s < 100; s++) await pass(1_000);
  agent.goOn();
  expect(await call).toEqual({});
  expect(agent.count('guest-sync-delimited')).toBe(8);
  expect(agent.count('guest-info')).toBe(1);
  expect(peer.counters).toMatchObject({ damaged: 0 });
});

test('calls that wait for a sync end at their own deadlines, unsent', async () => {
  const { peer, agent, pass } = agentSession();
  await peer.ready();
  agent.hangs = true;
  const calls = [1, 2, 3].map((s) => rejection(peer.call('echo', { s }, { timeoutMs: s * 1_000 })));
  const ended: number[] = [];
  calls.forEach((call, i) => void call.then(() => ended.push(i)));
  for (let ms = 0; ms < 3_000; ms += 500) await pass(500);
  expect(ended).toEqual([0, 1, 2]);
  expect((await Promise.all(calls)).map(({ known }) => known)).toEqual(['perhaps-executed', 'not-sent', 'not-sent']);
});

test('a command whose answer comes before the sync’s is answered, whatever the agent complained of', async () => {
  const { peer, agent } = agentSession();
  await peer.ready();
  agent.hangs = true;
  const call = peer.call('echo', { mine: 1 });
  await settled();
  agent.say('{"error": {"class": "GenericError", "desc": "JSON parse error, stray \'\\u0000\'"}}\n'.repeat(3));
  await settled();
  agent.goOn();
  expect(await call).toEqual({ mine: 1 });
  expect(await peer.call('add', { a: 1, b: 1 })).toBe(2);
});

test('one that the agent refused unread is known not to have been executed', async () => {
  const { peer, agent } = agentSession({
    commands: {
      // Its answer is what a parser says.
      unreadable: () => {
        agent.say('{"error": {"class": "GenericError", "desc": "JSON token size limit exceeded"}}\n');
      },
    },
    silent: ['unreadable'],
  });
  await peer.ready();
  expect(await rejection(peer.call('unreadable'))).toMatchObject({
    code: 'PARSE_ERROR',
    known: 'refused',
    message: 'the agent did not understand what reached it: JSON token size limit exceeded',
  });
  expect(await peer.call('guest-ping')).toEqual({});
});

test.each([
  ['is no JSON', '{"return": {"a": \n'],
  ['is longer than the limit', `{"return": "${'x'.repeat(2_000)}"}\n`],
  ['is cut by a 0xFF', '{"return": \xff\n'],
  ['is another’s', '{"return": 1, "id": 77}\n'],
])('an answer that %s ends its call at once: it was perhaps executed', async (_, text) => {
  const { peer, agent } = agentSession(
    { commands: { ...commands, bad: () => agent.say(text) }, silent: ['bad'] },
    { limits: { maxMessageBytes: 1_000 } },
  );
  await peer.ready();
  expect(await rejection(peer.call('bad'))).toMatchObject({ code: 'INVALID_RESPONSE', known: 'perhaps-executed' });
  expect(await peer.call('add', { a: 1, b: 1 })).toBe(2);
});

test('answers without an id are nobody’s, and nobody waits longer for them', async () => {
  const { peer, agent } = agentSession();
  await peer.ready();
  agent.say('{"return": {"forged": 1}}\n{"error": {"class": "GenericError", "desc": "no"}}\n');
  await settled();
  expect(peer.link).toBe('up');
  agent.hangs = true;
  const call = peer.call('echo', { mine: 1 });
  await settled();
  agent.say('{"return": {"forged": 2}}\n');
  await settled();
  agent.goOn();
  expect(await call).toEqual({ mine: 1 });
  expect(peer.counters.unclaimed).toBe(3);
});

test('a line that somebody wants greeted anew is synced and listed anew', async () => {
  const { peer, agent } = agentSession();
  await peer.ready();
  peer.transport.resync();
  expect(await peer.call('guest-ping')).toEqual({});
  expect([agent.count('guest-sync-delimited'), agent.count('guest-info')]).toEqual([2, 2]);
});

test.each([
  ['with ids', false],
  ['without', true],
] as const)('a command that is out when somebody wants the line greeted anew never has a result that is none (%s)', async (_, old) => {
  const { peer, agent } = agentSession({ old });
  await peer.ready();
  agent.hangs = true;
  const call = peer.call('echo', { mine: 1 }).catch(({ code, known }: VirtagentError) => [code, known]);
  await settled();
  peer.transport.resync();
  await settled();
  agent.goOn();
  expect(await call).toEqual(old ? ['INVALID_RESPONSE', 'perhaps-executed'] : { mine: 1 });
  expect(await peer.call('add', { a: 1, b: 1 })).toBe(2);
});

test('an agent that does not even read is sent no more syncs than the stream takes, and is of use when it reads', async () => {
  const [ours, theirs] = memoryPair({ highWaterMark: 100 });
  const clock = new SimulatedClock();
  const peer = opened<Loose>({ protocol: 'qemu-ga', stream: ours, clock });
  const call = peer.call('add', { a: 1, b: 2 }, { timeoutMs: Infinity });
  await settled();
  for (let s = 0; s < 1_000; s++) {
    clock.increment(1_000);
    await settled(1);
  }
  const { messagesOut } = peer.counters;
  expect(messagesOut).toBeLessThan(6);
  const agent = new GuestAgent({ commands }).serve(theirs);
  for (let s = 0; s < 60; s++) {
    clock.increment(1_000);
    await settled(2);
  }
  expect(await call).toBe(3);
  expect(agent.count('guest-sync-delimited')).toBeGreaterThanOrEqual(messagesOut);
});
