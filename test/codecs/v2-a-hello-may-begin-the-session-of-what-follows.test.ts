import { expect, test } from 'vitest';
import { encodeFrame, FrameReader, type Frame } from '../../transport/codecs/virtagent-2-frames.ts';
import { seed, them, us, type Read } from './v2-support.ts';

const hello: Frame = {
  kind: 'hello',
  version: 2,
  reliable: false,
  line: 'a1a2a3a4a5a6',
  seen: 'b1b2b3b4b5b6',
  half: them,
  other: us,
  got: 0,
  sent: 0,
  clock: 5,
};
const status: Frame = {
  kind: 'status',
  ask: true,
  next: 0,
  clock: 6,
  grantedRequests: 64,
  grantedBytes: 2 ** 20,
  spentRequests: 0,
  spentBytes: 0,
  taken: Buffer.alloc(0),
};

test.each([Infinity, 40, 1])(
  'a seed that is set when a HELLO comes is that of the frames behind it in one chunk (pieces of %d)',
  (size) => {
    const stream = Buffer.concat([encodeFrame(hello, 0), encodeFrame(status, seed)]);
    const reader = new FrameReader(65_536);
    const out: Read[] = [];
    const take = (item: Read): void => {
      out.push(item);
      if ('kind' in item && item.kind === 'hello') reader.seed = seed;
    };
    for (let at = 0; at < stream.length; at += Math.min(size, stream.length)) reader.read(stream.subarray(at, at + size), take);
    expect(out).toStrictEqual([hello, status]);
  },
);
