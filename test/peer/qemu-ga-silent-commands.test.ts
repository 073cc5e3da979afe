import { expect, test } from 'vitest';
import { AgentError, GuestAgent } from '../support/guest-agent.ts';
import { opened, rejection, settled, type Loose } from '../support/peers.ts';
import { virtualLine } from '../support/virtual-line.ts';
import { agentSession, commands } from './qemu-ga-support.ts';

const silent = ['guest-shutdown'];
const shutdown = { ...commands, 'guest-shutdown': () => ({}) };
const refuse = (): never => {
  throw new AgentError('GenericError', 'no power');
};

test.each([{ old: false }, { old: true }])(
  'a command that is not answered when it succeeds has succeeded when the agent answers the next (old: $old)',
  async ({ old }) => {
    const { peer, agent, damage } = agentSession({ commands: shutdown, silent, old });
    await peer.ready();
    const asked = agent.count('guest-sync-delimited');
    expect(await Promise.all([peer.call('guest-shutdown', { mode: 'halt' }), peer.call('guest-ping')])).toEqual([undefined, {}]);
    expect(agent.asked).toEqual(['guest-shutdown', 'guest-ping']);
    expect(agent.count('guest-sync-delimited')).toBe(asked + 1);
    expect(damage).toEqual([]);
    expect(peer.remoteMethods).toContain('echo');
    expect(await rejection(peer.call('none'))).toMatchObject({ code: 'METHOD_NOT_FOUND', known: 'not-sent' });
  },
);

test.each([{ old: false }, { old: true }])('its error is its outcome (old: $old)', async ({ old }) => {
  const { peer } = agentSession({ commands: { ...commands, 'guest-shutdown': refuse }, silent, old });
  expect(await rejection(peer.call('guest-shutdown'))).toMatchObject({ code: 'REMOTE_ERROR', known: 'executed', message: 'no power' });
  expect(await peer.call('guest-ping')).toEqual({});
  expect(peer.counters).toMatchObject({ damaged: 0, violations: 0, unclaimed: 0 });
});

test('an agent that gives no list is known by the names of those commands', async () => {
  const { peer } = agentSession({ commands: { ...shutdown, 'guest-info': refuse }, silent });
  expect(await peer.call('guest-shutdown')).toBeUndefined();
  expect(peer.remoteMethods).toBeUndefined();
});

test('an agent that is gone before it answers: perhaps executed', async () => {
  const line = virtualLine();
  const agent = new GuestAgent({ commands: { ...commands, 'guest-shutdown': () => line.cut() }, silent });
  const serve = async (): Promise<void> => void agent.serve(await line.right.open(new AbortController().signal));
  await serve();
  const peer = opened<Loose>({ protocol: 'qemu-ga', channel: line.left, retries: true });
  expect(await rejection(peer.call('guest-shutdown'))).toMatchObject({ code: 'LINE_LOST', known: 'perhaps-executed' });
});

test('an agent that is silent to the sync too costs the deadline, and is synced with before anything else', async () => {
  const { peer, agent, pass } = agentSession({ commands: shutdown, silent });
  await peer.ready();
  agent.hangs = true;
  const call = rejection(peer.call('guest-shutdown', undefined, { timeoutMs: 10_000 }));
  const next = peer.call('guest-ping', {}, { timeoutMs: 100_000 });
  await settled();
  for (let s = 0; s < 10; s++) await pass(1_000);
  expect(await call).toMatchObject({ code: 'TIMEOUT', known: 'perhaps-executed' });
  agent.goOn();
  await settled();
  for (let s = 0; s < 30; s++) await pass(1_000);
  expect(await next).toEqual({});
});

test.each([
  ['with ids', false, 'REMOTE_ERROR'],
  // Its error could be anybody's, and was dropped.
  ['without', true, 'INVALID_RESPONSE'],
] as const)('one that hangs and then fails has not succeeded (%s)', async (_, old, code) => {
  const fail = (): never => {
    throw new AgentError('GenericError', 'no such thing here');
  };
  const { peer, agent, pass } = agentSession({ commands: { ...commands, fail }, silent: ['fail'], old });
  await peer.ready();
  agent.hangs = true;
  const call = rejection(peer.call('fail'));
  await settled();
  await pass(5_000);
  agent.goOn();
  await settled();
  expect((await call).code).toBe(code);
  expect(await peer.call('echo', { n: 1 })).toEqual({ n: 1 });
});

test.each([{ old: false }, { old: true }])('one that never reached the agent whole has not succeeded (old: $old)', async ({ old }) => {
  const { peer, agent, pass } = agentSession({ commands: shutdown, silent, old });
  await peer.ready();
  // It takes the command in, and the sync behind it.
  agent.hear('{"execute": "half');
  const call = rejection(peer.call('guest-shutdown'));
  await settled();
  await pass(5_000);
  expect(await call).toMatchObject({ code: 'INVALID_RESPONSE', known: 'perhaps-executed' });
  expect(agent.asked).toEqual([]);
});

test('one that takes its time has succeeded when the sync behind it is answered', async () => {
  const { peer, agent, damage, pass } = agentSession({ commands: shutdown, silent });
  await peer.ready();
  agent.hangs = true;
  const call = peer.call('guest-shutdown');
  await settled();
  for (let s = 0; s < 10; s++) await pass(1_000);
  agent.goOn();
  expect(await call).toBeUndefined();
  expect(damage).toEqual([]);
});

test('an error that may be in what was dropped before the sync is not taken for success', async () => {
  const { peer, agent, pass } = agentSession({ commands: { ...commands, 'guest-shutdown': refuse }, silent });
  await peer.ready();
  // Half a line, which the error is then the other half of: nobody can read it.
  agent.say('{"retu');
  agent.hangs = true;
  const call = rejection(peer.call('guest-shutdown'));
  await settled();
  await pass(1_000);
  agent.goOn();
  await settled();
  expect(await call).toMatchObject({ code: 'INVALID_RESPONSE', known: 'perhaps-executed' });
});
