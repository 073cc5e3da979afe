import { expect, test } from 'vitest';
import { agentSession, commands } from '../peer/qemu-ga-support.ts';
import { AgentError } from '../support/guest-agent.ts';
import { rejection, settled } from '../support/peers.ts';

const error = '{"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}\n';

test('a hundred thousand errors while nothing is asked are counted, and calls go on', async () => {
  const { peer, agent, damage } = agentSession();
  await peer.ready();
  agent.say(error.repeat(100_000));
  for (let turn = 0; peer.counters.unclaimed < 100_000 && turn < 1_000; turn++) await settled(1);
  expect(await peer.call('echo', { n: 1 })).toEqual({ n: 1 });
  expect(peer.counters.unclaimed).toBe(100_000);
  expect(damage).toEqual([]);
  expect(agent.count('guest-sync-delimited')).toBe(1);
});

test('a hundred thousand errors in the face of a command are one sync, one outcome and one piece of damage', async () => {
  const { peer, agent, damage } = agentSession({
    commands: { ...commands, storm: () => agent.say(error.repeat(100_000)) },
    silent: ['storm'],
  });
  await peer.ready();
  expect(await rejection(peer.call('storm'))).toMatchObject({ code: 'PARSE_ERROR', known: 'refused' });
  expect(await peer.call('echo', { n: 1 })).toEqual({ n: 1 });
  expect(damage.length).toBeLessThanOrEqual(1);
  expect(agent.count('guest-sync-delimited')).toBeLessThanOrEqual(3);
});

test('one that does not understand the question for its list is not asked for ever', async () => {
  const { peer, agent } = agentSession({
    commands: { ...commands, 'guest-info': () => agent.say(error) },
    silent: ['guest-info'],
  });
  expect(await peer.call('echo', { n: 1 })).toEqual({ n: 1 });
  expect(agent.count('guest-info')).toBe(4);
});

test.each([
  ['with ids', false],
  ['without', true],
] as const)('a list that comes behind what could not be understood is never taken for the answer to a call (%s)', async (_, old) => {
  const { peer, agent } = agentSession({
    commands: {
      ...commands,
      'guest-info': () => {
        agent.say(error);
        return { supported_commands: [{ name: 'echo', enabled: true }] };
      },
    },
    old,
  });
  expect(await peer.call('echo', { n: 1 })).toEqual({ n: 1 });
  expect(await peer.call('echo', { n: 2 })).toEqual({ n: 2 });
});

test('without ids an error of the parser ends the command that is out, and no answer moves on to the next', async () => {
  const { peer, agent } = agentSession({ old: true });
  await peer.ready();
  agent.hangs = true;
  const calls = [rejection(peer.call('echo', { n: 1 })), peer.call('echo', { n: 2 }), peer.call('echo', { n: 3 })];
  await settled();
  agent.say(error + '{"error": {"class": "GenericError", "desc": "QMP input member \'id\' is unexpected"}}\n'.repeat(100));
  await settled();
  agent.goOn();
  expect(await calls[0]).toMatchObject({ code: 'PARSE_ERROR', known: 'perhaps-executed' });
  expect(await Promise.all(calls.slice(1))).toEqual([{ n: 2 }, { n: 3 }]);
  expect(agent.count('guest-sync-delimited')).toBe(3);
});

test('a list of a hundred thousand commands is cut, and names of every object are only names', async () => {
  const listed = Array.from({ length: 100_000 }, (_, i) => ({ name: `m${i}`, enabled: true }));
  const odd = [null, 5, 'x', {}, { name: 5 }, { name: 'x'.repeat(1_000) }, { name: '__proto__' }, { name: 'constructor' }];
  const { peer } = agentSession({ commands: { ...commands, 'guest-info': () => ({ supported_commands: [...odd, ...listed] }) } });
  await peer.ready();
  expect(peer.remoteMethods).toHaveLength(1024 - odd.length + 2);
  expect(peer.remoteMethods?.slice(0, 2)).toEqual(['__proto__', 'constructor']);
  for (const name of ['toString', 'hasOwnProperty', 'echo'])
    expect(await rejection(peer.call(name))).toMatchObject({ code: 'METHOD_NOT_FOUND', known: 'not-sent' });
});

test('a line without an end is held up to the limit, and its call ends at its deadline', async () => {
  const { peer, agent, damage, pass } = agentSession(
    { commands: { ...commands, endless: () => agent.say('x'.repeat(3_000_000)) }, silent: ['endless'] },
    { limits: { maxMessageBytes: 100_000 } },
  );
  await peer.ready();
  const call = rejection(peer.call('endless', {}, { timeoutMs: 500 }));
  await settled();
  await pass(500);
  expect(await call).toBeInstanceOf(Error);
  expect(await peer.call('echo', { n: 1 })).toEqual({ n: 1 });
  expect(damage.length).toBeLessThanOrEqual(2);
  expect(peer.transport.codec.buffered).toBeLessThan(100_002);
});

test('commands of its own are damage, and nobody answers them', async () => {
  const { peer, agent, damage } = agentSession();
  await peer.ready();
  agent.say('{"execute": "guest-ping", "id": "x"}\n{"jsonrpc": "2.0", "method": "ping", "id": 1}\n');
  await settled();
  expect(damage).toHaveLength(2);
  expect(peer.slots.server.count).toBe(0);
  expect(agent.asked).toEqual([]);
});

test('answers to commands of its own imagination change nothing', async () => {
  const { peer, agent } = agentSession();
  await peer.ready();
  agent.hangs = true;
  const call = peer.call('echo', { n: 1 });
  await settled();
  agent.say(Array.from({ length: 1_000 }, (_, i) => `{"return": "forged", "id": "aaaaaaaa.${i.toString(36)}"}\n`).join(''));
  agent.say('\xff{"return": 1}\n'.repeat(1_000));
  await settled();
  agent.goOn();
  expect(await call).toEqual({ n: 1 });
});

test('a text of the agent’s reaches a log on one line', async () => {
  const { peer } = agentSession({
    commands: {
      ...commands,
      lie: () => {
        throw new AgentError('GenericError', 'a\nvirtagent: all is well\u001b[2J');
      },
    },
  });
  const { message } = await rejection(peer.call('lie'));
  expect(message).toBe('a\\u000avirtagent: all is well\\u001b[2J');
});
