import { expect, test } from 'vitest';
import { settled } from '../support/peers.ts';
import { framesOf, kindOf, onLine } from '../support/relay.ts';
import { SessionPeers } from './session-peers.ts';

test('answers that are more than a side may leave unread are all sent to one who reads', async () => {
  const peers = await SessionPeers.up(
    {},
    { methods: { big: (n: number) => `${n}${'x'.repeat(1_000_000)}` }, maxOwedBytes: 2_000_000, executeSlots: 16 },
  );
  const states: string[] = [];
  peers.right.link$.subscribe(({ state }) => states.push(state));
  const calls = Promise.all(Array.from({ length: 40 }, (_, n) => peers.left.call('big', n)));
  await settled(400);
  const answers = (await peers.until(calls)) as string[];
  expect(answers.map((text) => text.length)).toEqual(Array.from({ length: 40 }, (_, n) => 1_000_000 + String(n).length));
  expect(states).toEqual(['up']);
});

test('who does not read them gains nothing by a line that comes back', async () => {
  let executed = 0;
  const big = (): string => {
    executed++;
    return 'x'.repeat(100_000);
  };
  const never = { heartbeatMs: Infinity };
  const peers = await SessionPeers.up(never, { ...never, methods: { big }, maxOwedBytes: 1_000_000, stallTimeoutMs: 1_000 });
  const calls = Array.from({ length: 600 }, () => peers.left.call('big').catch(() => {}));
  const withoutData = (from: 0 | 1, chunk: Buffer): Buffer =>
    from === 0 ? chunk : onLine(framesOf(chunk).filter((frame) => kindOf(frame) !== 'data'));
  peers.relay.filter = withoutData;
  await peers.pass(500);
  expect(executed).toBeGreaterThan(9);
  expect(executed).toBeLessThan(40);
  const lines = peers.relay.lines;
  await peers.pass(6_000);
  expect(peers.relay.lines).toBeGreaterThan(lines + 2);
  expect(executed).toBeLessThan(40);
  // Who reads again gets all of them.
  peers.relay.filter = (_, chunk) => chunk;
  await peers.pass(5_000);
  await Promise.all(calls);
  expect(executed).toBe(600);
});
