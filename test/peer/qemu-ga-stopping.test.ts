import { expect, test } from 'vitest';
import { rejection, settled } from '../support/peers.ts';
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
