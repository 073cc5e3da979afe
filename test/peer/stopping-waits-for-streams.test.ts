import { NEVER } from 'rxjs';
import { expect, test } from 'vitest';
import type { HandlerContext } from '../../actors/index.ts';
import { rejection, settled } from '../support/peers.ts';
import { SessionPeers } from './session-peers.ts';

async function streaming(): Promise<{ peers: SessionPeers; signals: AbortSignal[] }> {
  const signals: AbortSignal[] = [];
  const endless = (_: unknown, { signal }: HandlerContext) => (signals.push(signal), NEVER);
  return { peers: await SessionPeers.up({}, { methods: { endless } }), signals };
}

test('while one is read, and no longer', async () => {
  const { peers, signals } = await streaming();
  const stream = peers.left.stream('endless');
  const next = rejection(stream.next());
  await settled();
  let hasStopped = false;
  const stopped = peers.right.stop().then(() => (hasStopped = true));
  await peers.pass(60_000, 1_000);
  expect([hasStopped, signals[0]?.aborted]).toEqual([false, false]);
  await stream.return();
  await peers.until(stopped);
  expect(await next).toMatchObject({ code: 'CANCELLED' });
  expect(signals[0]?.aborted).toBe(true);
});

test('for as long as it is told to, and then aborts their signals', async () => {
  const { peers, signals } = await streaming();
  const end = rejection(peers.left.stream('endless').next());
  await settled();
  const stopped = peers.right.stop({ timeoutMs: 500 });
  await peers.pass(400);
  expect(signals[0]?.aborted).toBe(false);
  await peers.pass(200);
  await stopped;
  expect(signals[0]).toMatchObject({ aborted: true, reason: { code: 'STOPPED' } });
  peers.left.close();
  await end;
});
