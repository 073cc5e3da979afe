import { expect, test } from 'vitest';
import { memoryPair } from '../../transport/index.ts';
import { actorWatch } from '../support/actors.ts';
import { rejection, settled } from '../support/peers.ts';
import { AgentError, GuestAgent } from '../support/guest-agent.ts';
import { agentSession, commands } from './qemu-ga-support.ts';

test('a line begins with a sync, the list of commands comes next, then the calls in their order, one at a time', async () => {
  const { peer, agent, links } = agentSession();
  expect(await Promise.all([peer.call('echo', { n: 1 }), peer.call('add', { a: 2, b: 3 }), peer.call('guest-ping')])).toEqual([
    { n: 1 },
    5,
    {},
  ]);
  expect(agent.executed.map(({ execute }) => execute)).toEqual(['guest-sync-delimited', 'guest-info', 'echo', 'add', 'guest-ping']);
  expect(links).toEqual(['connecting', 'greeting', 'up']);
  expect(peer.counters).toMatchObject({ damaged: 0, violations: 0, unclaimed: 0 });
  expect(peer.remoteMethods).toContain('add');
});

test('a command is sent only when the one before it was answered', async () => {
  const { peer, agent } = agentSession();
  await peer.ready();
  agent.hangs = true;
  const calls = Array.from({ length: 10 }, (_, i) => peer.call('echo', { i }));
  await settled();
  expect(peer.slots.send.waiting).toBe(9);
  agent.goOn();
  expect(await Promise.all(calls)).toEqual(Array.from({ length: 10 }, (_, i) => ({ i })));
});

test.each<[string, AgentError, object]>([
  [
    'a command that was taken away meanwhile',
    new AgentError('CommandNotFound', 'The command x has not been found'),
    { code: 'METHOD_NOT_FOUND', known: 'refused', data: { class: 'CommandNotFound' } },
  ],
  [
    'a missing parameter',
    new AgentError('GenericError', "Parameter 'path' is missing"),
    { code: 'INVALID_PARAMS', known: 'refused', data: { class: 'GenericError' } },
  ],
  ['one too many', new AgentError('GenericError', "Parameter 'x' is unexpected"), { code: 'INVALID_PARAMS', known: 'refused' }],
  [
    'one of another type',
    new AgentError('GenericError', "Invalid parameter type for 'pid', expected: integer"),
    { code: 'INVALID_PARAMS', known: 'refused' },
  ],
  [
    'a value that the command itself does not like',
    new AgentError('GenericError', "Invalid parameter 'pid'"),
    { code: 'REMOTE_ERROR', known: 'executed', message: "Invalid parameter 'pid'" },
  ],
  ['a class of another age', new AgentError('DeviceLocked', 'no'), { code: 'REMOTE_ERROR', data: { class: 'DeviceLocked' } }],
])('the error of %s', async (_, error, expected) => {
  const fail = (): never => {
    throw error;
  };
  const { peer } = agentSession({ commands: { ...commands, fail } });
  expect(await rejection(peer.call('fail'))).toMatchObject({ method: 'fail', ...expected });
  expect(await peer.call('add', { a: 1, b: 1 })).toBe(2);
});

test('parameters that are no object are refused before anything is sent', async () => {
  const { peer, agent } = agentSession();
  for (const params of [[1], 5, 'x', null])
    expect(await rejection(peer.call('echo', params))).toMatchObject({ code: 'INVALID_PARAMS', known: 'not-sent' });
  expect(agent.asked).toEqual([]);
  expect(await rejection(peer.notify('echo', {}))).toMatchObject({ code: 'UNSUPPORTED', known: 'not-sent' });
});

test('a sync of the caller’s own is a call like any other', async () => {
  const { peer } = agentSession();
  expect([await peer.call('guest-sync', { id: 5 }), await peer.call('guest-sync-delimited', { id: 6 })]).toEqual([5, 6]);
  expect(peer.counters).toMatchObject({ damaged: 0, violations: 0, unclaimed: 0 });
});

test.each<[string, object, string]>([
  ['a role of guest', { role: 'guest' }, 'role is "guest"; it takes host'],
  ['methods', { methods: { ping: () => undefined } }, 'methods is {"ping":"…"}; it takes no method with the protocol qemu-ga'],
  ['a larger window', { window: 2 }, 'window is 2; it takes 1 with the protocol qemu-ga'],
])('%s is refused, with the reason', (_, options, message) => {
  expect(() => agentSession({}, options)).toThrow(message);
});

test('its chart is an actor under the peer, and ends with it', async () => {
  const watch = actorWatch();
  const states: unknown[] = [];
  const { peer } = agentSession(
    {},
    {
      inspect: (event) => {
        watch.inspect(event);
        const of = event.actorRef as { id?: string } | undefined;
        if (event.type === '@xstate.snapshot' && of?.id === 'qemu-ga') states.push((event.snapshot as { value?: unknown }).value);
      },
    },
  );
  await peer.call('guest-ping');
  expect(states).toEqual(['closed', 'syncing', 'listing', 'ready']);
  expect(watch.active()).toContain('qemu-ga');
  peer.close();
  expect(watch.active()).toEqual([]);
});

test('an agent that is not there costs a call its deadline, and no more', async () => {
  const { peer, agent, pass } = agentSession();
  agent.hangs = true;
  const call = rejection(peer.call('guest-ping', {}, { timeoutMs: 1_000 }));
  await pass(999);
  const early = await Promise.race([call, settled().then(() => 'waits')]);
  expect(early).toBe('waits');
  await pass(1);
  expect(await call).toMatchObject({ code: 'TIMEOUT', known: 'not-sent' });
});

test('the scripted agent keeps half a command in its parser, as the real one does', async () => {
  const [a, b] = memoryPair();
  const agent = new GuestAgent().serve(b);
  let heard = '';
  a.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
  a.write('{"execute":"guest-p');
  await settled();
  a.write(Buffer.from('\xff{"execute":"guest-ping","id":1}', 'latin1'));
  await settled();
  expect(heard).toBe('{"error":{"class":"GenericError","desc":"JSON parse error, stray \'\\\\uFFFD\'"}}\n{"return":{},"id":1}\n');
  expect(agent.asked).toEqual(['guest-ping']);
});
