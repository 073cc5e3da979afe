import { describe, expect, test } from 'vitest';
import { RemoteProtocolError } from '../../transport/errors.ts';
import type { Decoded } from '../../transport/messages.ts';
import { damagedFrames, smallLimits, tokens, validFrames } from './arbitraries.ts';
import { codecOf, exact, codecNames, type CodecName } from './support.ts';

// The contract: whatever comes, a decoder yields messages or a RemoteProtocolError, never throws, and holds
// no more than its limits allow. Own numbers instead of fast-check's, as 10^5 inputs have to take seconds.

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
const inputs = 40_000;

/** mulberry32: small, and good enough for this. Gives whole numbers from 0 to `below`. */
function numbers(from: number): (below: number) => number {
  let state = from >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

type Random = (below: number) => number;
const pick = <T>(from: readonly T[], random: Random): T => from[random(from.length)] as T;

function randomBytes(random: Random): Buffer {
  return Buffer.from(Array.from({ length: random(120) }, () => random(256)));
}

function mutated(name: CodecName, random: Random): Buffer {
  const frames = Array.from({ length: 1 + random(4) }, () => pick(random(3) === 0 ? damagedFrames[name] : validFrames[name], random));
  let stream = Buffer.concat(frames);
  for (let left = random(5); left > 0; left--) stream = mutate(stream, name, random);
  return stream;
}

function mutate(stream: Buffer, name: CodecName, random: Random): Buffer<ArrayBuffer> {
  const at = random(stream.length + 1);
  const end = Math.min(stream.length, at + random(30));
  const [before, middle, after] = [stream.subarray(0, at), stream.subarray(at, end), stream.subarray(end)];
  switch (random(6)) {
    case 0:
      return Buffer.concat([before, after]);
    case 1:
      return Buffer.concat([before, middle, middle, after]);
    case 2:
      return Buffer.concat([before, pick(tokens[name], random), middle, after]);
    case 3:
      return Buffer.concat([before, Uint8Array.from(middle, (byte) => byte ^ (1 << random(8))), after]);
    case 4:
      return Buffer.from(before);
    default:
      return Buffer.concat([after, pick(validFrames[name], random), before]);
  }
}

const types = new Set(['request', 'notification', 'response', 'cancel', 'progress', 'rejected']);
const reasons = new Set([
  'noise',
  'truncated',
  'bad-header',
  'bad-length',
  'header-too-large',
  'message-too-large',
  'bad-body',
  'not-a-message',
]);

function isSound(item: Decoded): boolean {
  if (!(item instanceof Error)) return types.has(item.type) && item.bytes > 0;
  // A peer's bytes reach a log only quoted.
  return (
    item instanceof RemoteProtocolError &&
    reasons.has(item.reason) &&
    item.dropped > 0 &&
    /^[^\p{Cc}\u2028-\u202e\u2060-\u206f\ufeff]{1,200}$/u.test(item.message)
  );
}

/** The bytes that `said` accounts for. */
function counted(said: readonly Decoded[]): number {
  return said.reduce((sum, item) => sum + (item instanceof Error ? item.dropped : item.bytes), 0);
}

// What may be held: one frame of the limits, with room for a line ending.
const most = smallLimits.maxHeaderBytes + smallLimits.maxMessageBytes + 4;

function run(name: CodecName, stream: Buffer, random: Random): void {
  const codec = codecOf(name, smallLimits);
  const said: Decoded[] = [];
  for (let at = 0; at < stream.length;) {
    const size = 1 + random(random(2) === 0 ? 8 : 400);
    said.push(...codec.push(stream.subarray(at, at + size)));
    at += size;
    if (codec.buffered > most) throw new Error(`holds ${codec.buffered} bytes`);
  }
  said.push(...codec.end());
  if (!said.every(isSound)) throw new Error(`said ${exact(said).join(' | ')}`);
  // In v7 a frame counts its second mark also where that turns out to be the next frame's.
  const extra = name === 'virtagent-v7' ? said.length : 0;
  if (counted(said) > stream.length + extra)
    throw new Error(`accounts for ${counted(said)} of ${stream.length} bytes: ${exact(said).join(' | ')}`);
  if (name === 'jsonrpc-headers' && counted(said) !== stream.length) throw new Error(`lost count: ${exact(said).join(' | ')}`);
}

describe.each(codecNames)('%s', (name) => {
  test.each([
    ['random bytes', (random: Random) => randomBytes(random)],
    ['streams that were tampered with', (random: Random) => mutated(name, random)],
  ])('%s yield messages or errors, in bounded memory', (_what, make) => {
    for (let i = 0; i < inputs / 2; i++) {
      const random = numbers(seed + i);
      const stream = make(random);
      try {
        run(name, stream, random);
      } catch (error) {
        throw new Error(`SEED=${seed} input ${i}, ${JSON.stringify(stream.toString('latin1'))}`, { cause: error });
      }
    }
    expect(codecOf(name, smallLimits).end()).toEqual([]);
  });
});
