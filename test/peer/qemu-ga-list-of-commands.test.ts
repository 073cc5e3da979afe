import { expect, test } from 'vitest';
import { AgentError, GuestAgent } from '../support/guest-agent.ts';
import { opened, rejection, settled, type Loose } from '../support/peers.ts';
import { virtualLine } from '../support/virtual-line.ts';
import { agentSession, commands } from './qemu-ga-support.ts';

test('a command that is disabled or not there fails here, at once, and says which', async () => {
  const { peer, agent } = agentSession({ disabled: ['guest-exec'] });
  await peer.ready();
  agent.hangs = true;
  void peer.call('echo', {}).catch(() => {});
  expect(await rejection(peer.call('guest-exec', { path: '/bin/sh' }))).toMatchObject({
    code: 'METHOD_NOT_FOUND',
    known: 'not-sent',
    message: 'the agent has the command "guest-exec", and it is disabled there',
  });
  expect(await rejection(peer.call('guest-exce'))).toMatchObject({
    code: 'METHOD_NOT_FOUND',
    known: 'not-sent',
    message: 'the agent has no command "guest-exce"',
  });
  expect(peer.remoteMethods).toEqual(['guest-ping', 'guest-info', 'guest-sync', 'guest-sync-delimited', 'echo', 'add']);
});

test('one that was called before there was a list fails when there is one, unsent', async () => {
  const { peer, agent } = agentSession({ disabled: ['guest-exec'] });
  expect(await rejection(peer.call('guest-exec'))).toMatchObject({ code: 'METHOD_NOT_FOUND', known: 'not-sent' });
  expect(agent.asked).toEqual([]);
});

test('a freeze and a thaw change the list, so it is asked for before the next command', async () => {
  const disabled: string[] = [];
  const frozen = { 'guest-fsfreeze-freeze': () => disabled.push('echo'), 'guest-fsfreeze-thaw': () => disabled.splice(0).length };
  const { peer, agent } = agentSession({ commands: { ...commands, ...frozen }, disabled });
  const before = peer.call('guest-fsfreeze-freeze');
  const after = rejection(peer.call('echo', {}));
  expect(await before).toBe(1);
  expect(await after).toMatchObject({ code: 'METHOD_NOT_FOUND', known: 'not-sent' });
  expect(await Promise.all([peer.call('guest-fsfreeze-thaw'), peer.call('echo', { n: 1 })])).toEqual([1, { n: 1 }]);
  expect(agent.count('guest-info')).toBe(3);
});

test.each<[string, unknown]>([
  ['no list', {}],
  ['null', null],
  ['a text', 'guest-ping'],
  ['an object for a list', { supported_commands: { 0: { name: 'x' }, length: 1 } }],
])('an agent that lists %s may be asked anything', async (_, info) => {
  const { peer } = agentSession({ commands: { ...commands, 'guest-info': () => info } });
  expect(await peer.call('echo', { n: 1 })).toEqual({ n: 1 });
  expect(peer.remoteMethods).toBeUndefined();
  expect(await rejection(peer.call('none'))).toMatchObject({ code: 'METHOD_NOT_FOUND', known: 'refused' });
});

test('the list of one line is not that of the next', async () => {
  const line = virtualLine();
  const disabled = ['echo'];
  const agent = new GuestAgent({ commands, disabled });
  const serve = async (): Promise<void> => void agent.serve(await line.right.open(new AbortController().signal));
  await serve();
  const peer = opened<Loose>({ protocol: 'qemu-ga', channel: line.left });
  expect(await rejection(peer.call('echo'))).toMatchObject({ code: 'METHOD_NOT_FOUND' });
  disabled.length = 0;
  line.cut();
  await settled();
  const call = peer.call('echo', { n: 1 });
  await serve();
  expect(await call).toEqual({ n: 1 });
});

test('an agent of before QEMU 4.0, which takes no ids, is asked without', async () => {
  const fail = (): never => {
    throw new AgentError('GenericError', 'no');
  };
  const { peer, agent } = agentSession({ old: true, commands: { ...commands, fail } });
  expect(await Promise.all([peer.call('echo', { n: 1 }), peer.call('add', { a: 1, b: 2 })])).toEqual([{ n: 1 }, 3]);
  expect(await rejection(peer.call('fail'))).toMatchObject({ code: 'REMOTE_ERROR', known: 'executed', message: 'no' });
  expect(agent.executed.filter(({ id }) => id !== undefined)).toEqual([]);
  expect(peer.counters).toMatchObject({ damaged: 0, violations: 0, unclaimed: 0 });
});

test('without ids too a late answer is nobody’s', async () => {
  const { peer, agent, pass } = agentSession({ old: true });
  await peer.ready();
  agent.hangs = true;
  const late = rejection(peer.call('echo', { late: 1 }, { timeoutMs: 1_000 }));
  const next = peer.call('echo', { next: 1 });
  await settled();
  await pass(1_000);
  expect(await late).toMatchObject({ code: 'TIMEOUT' });
  agent.goOn();
  expect(await next).toEqual({ next: 1 });
});

test('calls that fill the queue keep the list from being asked for until there is room', async () => {
  const { peer, agent, clock, pass } = agentSession({}, { maxClientJobs: 2 });
  const abort = new AbortController();
  const calls = [rejection(peer.call('echo', {}, { signal: abort.signal })), peer.call('echo', { n: 2 })];
  await settled();
  expect(agent.count('guest-info')).toBe(0);
  abort.abort();
  clock.increment(0);
  await pass(250);
  expect(await calls[0]).toMatchObject({ code: 'CANCELLED', known: 'not-sent' });
  expect(await calls[1]).toEqual({ n: 2 });
});

test('a name that is not in the list may have been damaged in it: a list that is not new is asked for anew', async () => {
  const known: Record<string, (args: Record<string, unknown>) => unknown> = { ...commands };
  const { peer, agent, pass } = agentSession({ commands: known });
  await peer.ready();
  known['more'] = () => 1;
  expect(await rejection(peer.call('more'))).toMatchObject({ code: 'METHOD_NOT_FOUND' });
  await pass(10_000);
  expect(agent.count('guest-info')).toBe(1);
  expect(await rejection(peer.call('more'))).toMatchObject({ code: 'METHOD_NOT_FOUND' });
  expect(await peer.call('more')).toBe(1);
  for (let i = 0; i < 3; i++) expect(await rejection(peer.call('none'))).toMatchObject({ code: 'METHOD_NOT_FOUND' });
  expect(agent.count('guest-info')).toBe(2);
});
