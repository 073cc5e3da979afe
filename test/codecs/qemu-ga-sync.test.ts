import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { QemuGaCodec } from '../../transport/index.ts';
import { cuts, smallLimits, streams } from './arbitraries.ts';
import { codecOf, exact, plain, raw } from './support.ts';
import { runs } from '../property.ts';

const number = 2_813_308_004;
const answer = `\xff{"return": ${number}}\n`;
const synced = { type: 'response', tag: number, answer: { ok: true, value: number } };
const stray = `{"error": {"class": "GenericError", "desc": "JSON parse error, stray '\\\\uFFFD'"}}\n`;

function awaiting(tag?: string, limits = {}): QemuGaCodec {
  const codec = codecOf('qemu-ga', limits) as QemuGaCodec;
  codec.sync(number, true, tag);
  return codec;
}

const hear = (codec: QemuGaCodec, text: string): unknown[] => plain(codec.push(raw(text)));

test('everything up to the answer is dropped and told of once, the error that the 0xFF causes not at all', () => {
  const codec = awaiting();
  expect(hear(codec, `{"return": 1}\n{"return": 2, "id": "old.1"}\n${stray}nonsense\n{"ret`)).toEqual([]);
  expect(hear(codec, answer)).toEqual([`noise ${14 + 29 + 9 + 5}`, synced]);
  expect(hear(codec, '{"return": 3, "id": "a"}\n')).toMatchObject([{ tag: 'a' }]);
});

test('an agent in order costs no damage', () => {
  expect(hear(awaiting(), stray + answer)).toEqual([synced]);
});

test('answers to other syncs are no answer', () => {
  const codec = awaiting();
  const others = `\xff{"return": 1}\n\xff{"return": "${number}"}\n\xff{"return": ${number}, "id": "x"}\n{"return": ${number}}\n\xff{"error": {"class": "GenericError", "desc": "x"}}\n`;
  expect(hear(codec, others)).toEqual([]);
  expect(hear(codec, answer)).toEqual([expect.stringMatching(/^noise/), synced]);
  expect(hear(codec, answer)).toEqual([`not-a-message ${answer.length}`]);
});

test('the answer to a command of ours is taken, and no other’s', () => {
  const codec = awaiting('abc.7');
  expect(hear(codec, `{"return": 1, "id": "abc.6"}\n{"return": "\\"abc.7\\"", "id": "x"}\n{"return": {"id": "abc.7"}}\n`)).toEqual([]);
  expect(hear(codec, '{"return": 2, "id": "abc.7"}\n')).toMatchObject([{ tag: 'abc.7', answer: { ok: true, value: 2 } }]);
});

test('asked again, it is the last that counts, and what the others cause is no damage', () => {
  const codec = awaiting();
  codec.sync(number + 1, true);
  codec.sync(number + 2, true);
  const said = [0, 1, 2].map((i) => `${stray}\xff{"return": ${number + i}}\n`).join('');
  expect(hear(codec, said)).toEqual([{ ...synced, tag: number + 2, answer: { ok: true, value: number + 2 } }]);
});

test('an agent in step is asked without a 0xFF, and nothing is dropped', () => {
  const codec = codecOf('qemu-ga') as QemuGaCodec;
  codec.sync(number, false);
  expect(hear(codec, `{"error": {"class": "GenericError", "desc": "no"}}\n${answer}`)).toEqual([
    expect.objectContaining({ tag: undefined }),
    synced,
  ]);
});

test('a hundred thousand errors before the answer are one piece of damage', () => {
  const line = '{"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}\n';
  const codec = awaiting('abc.7');
  const storm = raw(line.repeat(1_000));
  for (let i = 0; i < 100; i++) expect(codec.push(storm)).toEqual([]);
  expect(codec.buffered).toBe(0);
  expect(hear(codec, answer)).toEqual([`noise ${line.length * 99_999}`, synced]);
});

test('a line without an end is held up to the limit, and the answer behind it is found', () => {
  const codec = awaiting(undefined, { maxMessageBytes: 1_000 });
  const bytes = raw('x'.repeat(100_000));
  for (let i = 0; i < 50; i++) {
    expect(codec.push(bytes)).toEqual([]);
    expect(codec.buffered).toBeLessThanOrEqual(1_001);
  }
  expect(hear(codec, answer)).toEqual(['noise 5000000', synced]);
});

test('a million marks are read in a moment, each once', () => {
  const codec = awaiting();
  expect(codec.push(Buffer.alloc(1_000_000, 0xff))).toEqual([]);
  expect(hear(codec, answer)).toEqual([synced]);
});

test('whatever came before, in whatever pieces, the answer is found, and the same is said', () => {
  fc.assert(
    fc.property(streams('qemu-ga'), cuts, fc.boolean(), (before, sizes, isKept) => {
      const stream = Buffer.concat([before, raw(answer)]);
      const tag = isKept ? 'a.1' : undefined;
      const whole = awaiting(tag, smallLimits).push(stream);
      expect(plain(whole).at(-1)).toEqual(synced);
      const codec = awaiting(tag, smallLimits);
      const pieces = [];
      for (let at = 0, i = 0; at < stream.length; at += sizes[i++ % sizes.length] as number)
        pieces.push(...codec.push(stream.subarray(at, at + (sizes[i % sizes.length] as number))));
      expect(exact(pieces)).toEqual(exact(whole));
      const counted = whole.reduce((sum, item) => sum + (item instanceof Error ? item.dropped : item.bytes), 0);
      expect(counted).toBeLessThanOrEqual(stream.length);
    }),
    runs(2000),
  );
});
