import { expect, test } from 'vitest';
import { rejection, settled } from '../support/peers.ts';
import { framesOf } from '../support/relay.ts';
import { held, SessionPeers } from './session-peers.ts';

test.each([0, 1] as const)('a line that carries nothing from side %s is given up, and its calls go on with the next', async (mute) => {
  const work = held();
  const peers = await SessionPeers.up({ heartbeatMs: 1_000, methods: work.methods }, { heartbeatMs: 1_000, methods: work.methods });
  const [deaf, reason] = [mute === 0 ? peers.right : peers.left, [] as unknown[]];
  deaf.link$.subscribe((link) => link.state === 'down' && reason.push((link.reason as { code: string } | undefined)?.code));
  const call = deaf.call('held', 1);
  await settled();
  const lines = peers.relay.lines;
  peers.relay.filter = (from, chunk) => (from === mute && peers.relay.lines === lines ? undefined : chunk);
  await peers.pass(1_900);
  expect(reason).toEqual([]);
  await peers.pass(200);
  expect(reason).toEqual(['LINE_SILENT']);
  await peers.pass(500);
  work.release();
  expect(await peers.until(call)).toBe('released');
  expect(work.begun).toEqual([1]);
});

test('an idle line is asked now and then, and a busy one not at all', async () => {
  const peers = await SessionPeers.up({ heartbeatMs: 1_000 }, { methods: { echo: (params: unknown) => params }, heartbeatMs: 1_000 });
  const asked: number[] = [];
  peers.relay.filter = (_, chunk) => {
    asked.push(
      ...framesOf(chunk)
        .filter((frame) => frame[0] === 0x31)
        .map(() => peers.clock.now()),
    );
    return chunk;
  };
  for (let n = 0; n < 100; n++) {
    await peers.left.call('echo', n);
    await peers.pass(100, 100);
  }
  expect(asked).toEqual([]);
  await peers.pass(20_000, 100);
  // Either side hears the other's question and answer: one of them asks each second.
  expect(asked.length).toBeGreaterThan(10);
  expect(asked.length).toBeLessThan(45);
  expect(peers.relay.lines).toBe(1);
  expect(peers.left.counters).toMatchObject({ violations: 0, damaged: 0 });
});

test('a process that did not run for a while looks again before it gives up its line', async () => {
  const peers = await SessionPeers.up({ heartbeatMs: 1_000 }, { heartbeatMs: 1_000, methods: { echo: (params: unknown) => params } });
  // Nothing of what came meanwhile has been read.
  peers.clock.increment(60_000);
  await peers.pass(3_000);
  expect(peers.relay.lines).toBe(1);
  expect(await peers.until(peers.left.call('echo', 1))).toBe(1);
});

test('without a heartbeat nothing is asked, and nothing given up', async () => {
  const peers = await SessionPeers.up({ heartbeatMs: Infinity }, { heartbeatMs: Infinity });
  const call = rejection(peers.left.call('any', 1, { timeoutMs: 90_000 }));
  peers.relay.filter = () => undefined;
  await peers.pass(100_000, 5_000);
  expect(await call).toMatchObject({ code: 'TIMEOUT' });
  expect(peers.relay.lines).toBe(1);
});
