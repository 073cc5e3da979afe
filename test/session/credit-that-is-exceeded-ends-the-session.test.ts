import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { memoryPair } from '../../transport/index.ts';
import type { Frame } from '../../transport/codecs/virtagent-2-frames.ts';
import { REQUEST_CHARGE } from '../../transport/session/allowance.ts';
import { opened, settled } from '../support/peers.ts';
import { SessionEnd } from '../support/session-end.ts';

const largest = 10_000;

test('requests that wait may go one message beyond the bytes that were granted, and no further', async () => {
  const [ours, theirs] = memoryPair();
  const peer = opened({
    stream: ours,
    protocol: 'virtagent-2',
    clock: new SimulatedClock(),
    maxServerBytes: 400_000,
    executeSlots: 1,
    limits: { maxMessageBytes: largest },
    methods: { never: () => new Promise(() => {}) },
  });
  const far = new SessionEnd(theirs);
  await far.greet();
  await peer.ready();
  await settled();
  const granted = (): Extract<Frame, { kind: 'status' }> =>
    far.frames.findLast((frame): frame is Extract<Frame, { kind: 'status' }> => frame.kind === 'status') as never;
  let [requests, bytes] = [0, 0];
  const say = async (): Promise<void> => {
    const request = JSON.stringify({ id: `t${requests++}`, method: 'never', params: 'x'.repeat(8_000) });
    bytes += request.length + REQUEST_CHARGE;
    far.message(request);
    await settled();
  };
  while (bytes < granted().grantedBytes + largest + REQUEST_CHARGE) {
    await say();
    expect(peer.link).toBe('up');
  }
  expect(bytes).toBeGreaterThan(200_000);
  // It is the bytes: of requests there is plenty.
  expect(requests).toBeLessThan(granted().grantedRequests / 2);
  await say();
  expect(far.frames.at(-1)).toMatchObject({ kind: 'bye', code: 2 });
  expect(peer.link).toBe('ended');
});
