import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { memoryPair } from '../../transport/index.ts';
import { FarSide, request } from '../../torture/hostile/far-side.ts';
import { opened, settled } from '../support/peers.ts';

test('a side that takes nothing is sent small frames, one message after the other, and no message that is large', async () => {
  const [ours, line] = memoryPair();
  const far = new FarSide(line, { confirms: 1 });
  const peer = opened({ stream: ours, protocol: 'virtagent-2', clock: new SimulatedClock(), methods: { much: () => 'x'.repeat(5_000) } });
  await far.meet({ frame: 0, message: 0, messages: 0, depth: 0, method: 0, streams: 0, keepMs: 0, heartbeatMs: 0 });
  await expect(peer.call('any', { pad: 'x'.repeat(2_000) })).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE', known: 'not-sent' });
  const calls = [1, 2].map((n) => peer.call('any', { n, pad: 'x'.repeat(700) }).catch(() => {}));
  far.message(request('much', 'much'));
  await settled(20);
  const frames = far.heard.filter((one) => one.kind === 'data');
  // Two requests, an error in place of what is large, and the limits.
  expect(frames.filter(({ first }) => first)).toHaveLength(4);
  expect(frames.filter(({ last }) => last)).toHaveLength(4);
  expect(Math.max(...frames.map(({ payload }) => payload.length))).toBeLessThanOrEqual(256);
  expect(far.messages.find(({ id }) => id === 'much')).toHaveProperty('error');
  expect(peer.link).toBe('up');
  peer.close();
  await Promise.all(calls);
});
