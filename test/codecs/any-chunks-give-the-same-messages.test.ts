import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Decoded } from '../../transport/messages.ts';
import { cuts, smallLimits, streams } from './arbitraries.ts';
import { capture, codecOf, decode, exact, mutualNames, codecNames, type CodecName } from './support.ts';
import { runs } from '../property.ts';

function inPieces(name: CodecName, stream: Buffer, sizes: readonly number[]): Decoded[] {
  const codec = codecOf(name, smallLimits);
  const out: Decoded[] = [];
  for (let at = 0, i = 0; at < stream.length; i++) {
    const size = sizes[i % sizes.length] as number;
    // One buffer for all chunks, as a caller may: what is kept of a chunk has to be a copy.
    const chunk = Buffer.from(stream.subarray(at, at + size));
    out.push(...codec.push(chunk));
    chunk.fill(0x7b);
    at += size;
  }
  out.push(...codec.end());
  return out;
}

describe.each(codecNames)('%s', (name) => {
  test('a stream says the same in whole and in any pieces, errors and their counts included', () => {
    fc.assert(
      fc.property(streams(name), cuts, (stream, sizes) => {
        const whole = exact(decode(codecOf(name, smallLimits), stream));
        expect(exact(inPieces(name, stream, sizes))).toEqual(whole);
        expect(exact(inPieces(name, stream, [1]))).toEqual(whole);
      }),
      runs(2000),
    );
  });

  test('so it does under any limits, however small', () => {
    const limit = (max: number) => fc.integer({ min: 1, max });
    const limits = fc.record({
      maxHeaderBytes: limit(140),
      maxMessageBytes: limit(220),
      maxDepth: limit(5),
      maxTagLength: limit(5),
      maxMethodLength: limit(5),
    });
    fc.assert(
      fc.property(streams(name), limits, (stream, own) => {
        expect(exact(decode(codecOf(name, own), stream, 1))).toEqual(exact(decode(codecOf(name, own), stream)));
      }),
      runs(1000),
    );
  });

  test('what is said of a stream does not depend on what came before its beginning', () => {
    fc.assert(
      fc.property(streams(name), streams(name), (before, stream) => {
        const codec = codecOf(name, smallLimits);
        decode(codec, before);
        expect(codec.buffered).toBe(0);
        expect(exact(decode(codec, stream))).toEqual(exact(decode(codecOf(name, smallLimits), stream)));
      }),
      runs(300),
    );
  });

  test('plain Uint8Arrays are taken, also as part of larger memory', () => {
    fc.assert(
      fc.property(streams(name), (stream) => {
        const memory = new Uint8Array(stream.length + 20).fill(0xff);
        memory.set(stream, 7);
        const codec = codecOf(name, smallLimits);
        const said = [...codec.push(memory.subarray(7, 7 + stream.length)), ...codec.end()];
        expect(exact(said)).toEqual(exact(decode(codecOf(name, smallLimits), stream)));
      }),
      runs(300),
    );
  });
});

test('a message of 64 KiB and more in one-byte chunks is put together', () => {
  const message = { type: 'request', tag: 't', method: 'm', params: { text: 'x'.repeat(2_000_000) } } as const;
  for (const name of mutualNames) {
    const codec = codecOf(name);
    const frame = codec.encode(message);
    // A quadratic decoder would be at this for an hour.
    expect(decode(codec, frame, 1)).toEqual([{ ...message, bytes: frame.length }]);
  }
});

test('an empty chunk is nothing', () => {
  for (const name of codecNames) expect(codecOf(name).push(new Uint8Array(0))).toEqual([]);
  expect(decode(codecOf('virtagent-v7'), capture('01-start-hello.guest-out'), 7)).toHaveLength(1);
});
