import { expect, test } from 'vitest';
import { actorWatch } from '../support/actors.ts';
import { opened, rejection, settled } from '../support/peers.ts';
import { agentSession } from './qemu-ga-support.ts';

test('a peer that stops while nobody answers its sync, and for whom nothing waits, stops at once', async () => {
  const { peer, agent } = agentSession();
  agent.hangs = true;
  await settled();
  await peer.stop();
  expect(peer.link).toBe('ended');
});

test('one with calls that wait goes on until they have ended', async () => {
  const { peer, agent, pass } = agentSession();
  agent.hangs = true;
  const late = rejection(peer.call('echo', { n: 1 }, { timeoutMs: 2_000 }));
  const soon = peer.call('echo', { n: 2 }, { timeoutMs: 60_000 });
  const stopped = peer.stop();
  for (let s = 0; s < 4; s++) await pass(1_000);
  expect(await late).toMatchObject({ code: 'TIMEOUT', known: 'not-sent' });
  agent.goOn();
  expect(await soon).toEqual({ n: 2 });
  await stopped;
});

test.each(['syncing', 'listing', 'on the line', 'settling'])('close ends the calls of a session that is %s', async (where) => {
  const { peer, agent } = agentSession({ silent: ['add'] });
  if (where === 'syncing' || where === 'on the line') agent.hangs = where === 'syncing';
  if (where === 'on the line' || where === 'settling') await peer.ready();
  agent.hangs ||= where !== 'listing';
  const call = rejection(peer.call(where === 'settling' ? 'add' : 'echo', {}));
  await settled(where === 'listing' ? 0 : 5);
  peer.close();
  expect(await call).toMatchObject({ code: 'STOPPED' });
  agent.goOn();
  await settled();
  expect(peer.counters.violations).toBe(0);
});

test('an observer that closes the peer in the middle of a resync leaves no timer behind', async () => {
  const { peer, agent } = agentSession();
  await peer.ready();
  agent.hangs = true;
  const abort = new AbortController();
  const call = rejection(peer.call('echo', {}, { signal: abort.signal }));
  await settled();
  peer.link$.subscribe(({ state }) => state === 'greeting' && peer.close());
  abort.abort();
  expect(await call).toMatchObject({ known: 'perhaps-executed' });
  expect(peer.manager.timers.size).toBe(0);
  agent.goOn();
  await settled();
  expect(agent.count('guest-sync-delimited')).toBe(1);
});

test('a peer that never had a line leaves nothing behind', () => {
  const watch = actorWatch();
  const never = { name: 'never', reopens: false, open: () => new Promise<never>(() => {}), close: async () => {} };
  const peer = opened({ protocol: 'qemu-ga', channel: never, inspect: watch.inspect });
  peer.close();
  expect(watch.active()).toEqual([]);
});
