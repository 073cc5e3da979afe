import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { memoryPair } from '../../transport/index.ts';
import { virtualLine } from '../support/virtual-line.ts';
import { deferred, opened, pairOfPeers, rejection, settled } from '../support/peers.ts';

const protocol = 'virtagent-2' as const;

test('a call is unsent, then queued, running, answered', async () => {
  const gate = deferred<string>();
  const { host, guest } = await pairOfPeers({ protocol }, { executeSlots: 1, methods: { wait: () => gate.promise } });
  host.manager.gate('none');
  const first = host.call('wait');
  expect(await host.statusOf(first)).toBe('unsent');
  host.manager.gate('all');
  const second = host.call('wait');
  await settled();
  expect(await host.statusOf(first)).toBe('running');
  expect(await host.statusOf(second)).toBe('queued');
  gate.resolve('done');
  expect(await Promise.all([first, second])).toEqual(['done', 'done']);
  expect(await host.statusOf(first)).toBe('answered');
  expect(await host.statusOf('never.1')).toBe('unknown');
  expect(guest.counters.violations).toBe(0);
});

test.each([
  ['at once', (params: unknown) => params],
  ['later', async (params: unknown) => params],
])('a call whose handler returned %s is answered', async (_when, echo) => {
  const { host } = await pairOfPeers({ protocol }, { methods: { echo } });
  const call = host.call('echo', 1);
  expect(await call).toBe(1);
  expect(await host.statusOf(call)).toBe('answered');
});

test('it can be asked of a call that ended without an answer', async () => {
  const clock = new SimulatedClock();
  const { host } = await pairOfPeers({ protocol, clock }, { clock, methods: { hang: () => new Promise(() => {}) } });
  const call = host.call('hang', undefined, { timeoutMs: 20 });
  const failure = rejection(call);
  // It is executed there before its deadline passes.
  await settled();
  clock.increment(20);
  const { code, known } = await failure;
  expect([code, known]).toEqual(['TIMEOUT', 'perhaps-executed']);
  // Its deadline is the other side's as well.
  expect(await host.statusOf(call)).toBe('answered');
});

test('a side that was restarted does not know the calls of before', async () => {
  const line = virtualLine();
  const host = opened({ channel: line.left, protocol });
  const guest = opened({ channel: line.right, protocol, methods: { hang: () => new Promise(() => {}) } });
  await Promise.all([host.ready(), guest.ready()]);
  const call = host.call('hang');
  await settled();
  expect(await host.statusOf(call)).toBe('running');
  guest.close();
  line.cut();
  opened({ channel: line.right, protocol, methods: { hang: () => new Promise(() => {}) } });
  expect(await rejection(call)).toMatchObject({ code: 'LINE_LOST', known: 'perhaps-executed' });
  expect(await host.statusOf(call)).toBe('unknown');
});

test('the question passes a full queue and full execute slots', async () => {
  const { host } = await pairOfPeers({ protocol }, { executeSlots: 1, maxServerJobs: 4, methods: { hang: () => new Promise(() => {}) } });
  const calls = Array.from({ length: 12 }, () => host.call('hang', undefined, { timeoutMs: 60_000 }));
  for (const call of calls) call.catch(() => {});
  await settled();
  const states = await Promise.all(calls.map((call) => host.statusOf(call)));
  expect(states[0]).toBe('running');
  expect(states.filter((state) => state === 'queued').length).toBeGreaterThan(0);
});

test('protocols that can not ask say so, and what is no call of this peer is a mistake', async () => {
  const { host } = await pairOfPeers({ protocol: 'jsonrpc-lines' }, { methods: { ping: () => 'pong' } });
  expect(() => host.statusOf(Promise.resolve())).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  expect(await rejection(host.statusOf('some.1'))).toMatchObject({ code: 'UNSUPPORTED', known: 'not-sent' });
});

test('who asks as soon as the line is lost, or before there is one, is answered on the next', async () => {
  const line = virtualLine();
  const host = opened({ channel: line.left, protocol, retries: true, keepMs: 0 });
  const early = host.statusOf('never.1');
  const methods = { hang: () => new Promise(() => {}) };
  const guest = opened({ channel: line.right, protocol, retries: true, keepMs: 0, methods });
  expect(await early).toBe('unknown');
  const call = host.call('hang');
  await settled();
  const asked: Promise<unknown>[] = [];
  let isCut = false;
  // At every moment from then on.
  host.link$.subscribe(() => isCut && asked.push(host.statusOf(call)));
  isCut = true;
  line.cut();
  expect(await rejection(call)).toMatchObject({ code: 'LINE_LOST' });
  asked.push(host.statusOf(call));
  await host.ready();
  isCut = false;
  expect(asked.length).toBeGreaterThan(3);
  for (const answer of asked) expect(['unknown', 'running', 'answered']).toContain(await answer);
  guest.close();
});

test('who asks before it is known what is spoken is answered when it is', async () => {
  const [ours, theirs] = memoryPair();
  const host = opened({ stream: ours, protocol: 'auto' });
  const asked = host.statusOf('never.1');
  opened({ stream: theirs, protocol });
  expect(await asked).toBe('unknown');
});
