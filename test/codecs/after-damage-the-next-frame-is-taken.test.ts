import fc from 'fast-check';
import { expect, test } from 'vitest';
import { damagedFrames, smallLimits, streams, validFrames } from './arbitraries.ts';
import { codecOf, decode, headed, withoutBytes } from './support.ts';
import { runs } from '../property.ts';

const last = (name: 'virtagent-v7' | 'jsonrpc-lines' | 'jsonrpc-headers', stream: Uint8Array) => {
  const item = decode(codecOf(name, smallLimits), stream).at(-1);
  return item === undefined || item instanceof Error ? item : withoutBytes(item);
};

test('virtagent-v7: a frame behind anything at all is delivered', () => {
  const [frame] = validFrames['virtagent-v7'] as [Buffer];
  fc.assert(
    fc.property(fc.oneof(streams('virtagent-v7'), fc.uint8Array({ maxLength: 300 })), (before) => {
      expect(last('virtagent-v7', Buffer.concat([before, frame]))).toStrictEqual({
        type: 'request',
        tag: '1.1',
        method: 'ping',
        params: undefined,
      });
    }),
    runs(3000),
  );
});

test('jsonrpc-lines: a line behind anything at all and a line feed is delivered', () => {
  const [frame] = validFrames['jsonrpc-lines'] as [Buffer];
  fc.assert(
    fc.property(fc.oneof(streams('jsonrpc-lines'), fc.uint8Array({ maxLength: 300 })), (before) => {
      expect(last('jsonrpc-lines', Buffer.concat([before, Buffer.from('\n'), frame]))).toStrictEqual({
        type: 'notification',
        method: 'm',
        params: undefined,
      });
    }),
    runs(3000),
  );
});

test('jsonrpc-headers: behind damage a frame is delivered at the latest when what a length promised is over', () => {
  const frame = headed('{"jsonrpc":"2.0","method":"last"}');
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...damagedFrames['jsonrpc-headers']), { maxLength: 6 }), (before) => {
      // No length in these damaged frames is above 300, so no more than 300 bytes of good frames are swallowed.
      const frames = Array.from({ length: 8 }, () => frame);
      expect(last('jsonrpc-headers', Buffer.concat([...before, ...frames]))).toStrictEqual({
        type: 'notification',
        method: 'last',
        params: undefined,
      });
    }),
    runs(2000),
  );
});
