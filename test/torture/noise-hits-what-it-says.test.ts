import { expect, test } from 'vitest';
import { encodeFrame } from '../../transport/codecs/virtagent-2-frames.ts';
import { FramesHit } from '../../torture/noise/frames-hit.ts';
import { Noise } from '../../torture/noise/noise.ts';
import { Random } from '../../torture/random.ts';

const bytes = new Random(5).bytes(200_000);

test('as often as its rate, the same in every run of a seed, whatever the chunks', () => {
  const run = (size: number): { arrived: Buffer; hits: number } => {
    const noise = new Noise(new Random(7), 1e-3);
    const chunks: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(Buffer.from(noise.pass(bytes.subarray(at, at + size))));
    return { arrived: Buffer.concat(chunks), hits: noise.hits };
  };
  const whole = run(bytes.length);
  expect(whole.hits).toBeGreaterThan(150);
  expect(whole.hits).toBeLessThan(250);
  expect(whole.arrived.equals(bytes)).toBe(false);
  for (const size of [1, 7, 4096]) expect(run(size)).toEqual(whole);
});

test('nothing, when it has no rate or is over', () => {
  const noise = new Noise(new Random(7), 1e-2);
  expect(new Noise(new Random(7), 0).pass(bytes)).toEqual(bytes);
  noise.stop();
  expect(noise.pass(bytes)).toEqual(bytes);
});

const whole = { kind: 'data', first: true, last: true, bytes: false, drop: false, number: undefined, total: undefined } as const;
const frame = encodeFrame({ ...whole, seq: 0, payload: Buffer.from('{}') }, 5);
const status = {
  kind: 'status',
  ask: false,
  next: 0,
  clock: 0,
  grantedRequests: 0,
  grantedBytes: 0,
  spentRequests: 0,
  spentBytes: 0,
} as const;
const other = encodeFrame({ ...status, taken: Buffer.alloc(0) }, 5);

test.each([
  ['a byte in the middle of a frame', frame.length + 3, 1],
  ['its last FLAG', 2 * frame.length - 1, 1],
  ['the first FLAG of the next', 2 * frame.length, 1],
  ['a frame without a message', 3 * frame.length + 3, 0],
])('%s is a hit of so many frames with messages', (_what, at, count) => {
  const frames = new FramesHit();
  frames.hit(at, at + 1);
  frames.sent(Buffer.concat([frame, frame, frame, other, frame]));
  expect(frames.data).toBe(count);
});
