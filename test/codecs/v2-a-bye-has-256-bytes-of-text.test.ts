import { expect, test } from 'vitest';
import { encodeFrame } from '../../transport/codecs/virtagent-2-frames.ts';
import { readAll, seed } from './v2-support.ts';

const bye = (text: string) => ({ kind: 'bye', seen: 'a1a2a3a4a5a6', code: 3, text }) as const;
const read = (text: string): unknown => readAll(encodeFrame(bye(text), seed));

test('a text of 256 bytes is sent whole, and a longer one is cut', () => {
  expect(read('x'.repeat(256))).toEqual([bye('x'.repeat(256))]);
  expect(read('x'.repeat(257))).toEqual([bye('x'.repeat(256))]);
  expect(read('x'.repeat(100_000))).toEqual([bye('x'.repeat(256))]);
});

test('not within a character', () => {
  expect(read(`${'x'.repeat(255)}ü`)).toEqual([bye('x'.repeat(255))]);
  expect(read(`${'x'.repeat(253)}😀`)).toEqual([bye('x'.repeat(253))]);
  expect(read(`${'x'.repeat(252)}😀y`)).toEqual([bye(`${'x'.repeat(252)}😀`)]);
});

test('half of a character is sent as the sign for what can not be read', () => {
  expect(read('\ud83d')).toEqual([bye('\ufffd')]);
});
