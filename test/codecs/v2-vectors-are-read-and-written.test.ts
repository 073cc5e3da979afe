import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { staleVectors } from '../../scripts/vectors.ts';
import type { DroppedVector, FrameVector } from '../../scripts/vectors/frames.ts';
import type { MessageVector, RefusedVector } from '../../scripts/vectors/messages.ts';
import { encodeFrame, FrameReader, sessionSeed, type Frame } from '../../transport/codecs/virtagent-2-frames.ts';
import { decodeMessage, encodeMessage } from '../../transport/codecs/virtagent-2-messages.ts';
import { v2Limits } from '../../transport/limits.ts';
import type { OutgoingMessage } from '../../transport/messages.ts';
import { readAll, reasonsOf } from './v2-support.ts';

function vectors<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/${file}.json`, import.meta.url), 'utf8')) as T;
}

const { frames, dropped } = vectors<{ frames: FrameVector[]; dropped: DroppedVector[] }>('frames');
const { messages, refused } = vectors<{ messages: MessageVector[]; refused: RefusedVector[] }>('messages');

test('the files are as they are made (npm run vectors)', () => {
  expect(staleVectors()).toEqual([]);
});

function readerIn(from: string | undefined, to: string | undefined): FrameReader {
  const reader = new FrameReader(65_536);
  if (from !== undefined && to !== undefined) reader.seed = sessionSeed(from, to);
  return reader;
}

/** A frame with its bytes as bytes, and with what it does not have. */
function frameOf({ frame }: FrameVector): Frame {
  const bytes = Object.fromEntries(
    ['payload', 'taken'].filter((name) => name in frame).map((name) => [name, Buffer.from(String(frame[name]), 'hex')]),
  );
  const without = frame['kind'] === 'data' ? { number: undefined, total: undefined } : {};
  return { ...without, ...frame, ...bytes } as unknown as Frame;
}

describe('frames', () => {
  test.each(frames)('$name', (vector) => {
    const { from, to, hex } = vector;
    expect(readAll(Buffer.from(hex, 'hex'), [1], readerIn(from, to))).toStrictEqual([frameOf(vector)]);
    const seed = from === undefined || to === undefined ? 0 : sessionSeed(from, to);
    if (vector.readOnly !== true) expect(encodeFrame(frameOf(vector), seed).toString('hex')).toBe(hex);
  });
});

describe('what is dropped', () => {
  test.each(dropped)('$name', ({ from, to, before, hex, reasons }) => {
    const reader = (): FrameReader => {
      const one = readerIn(from, to);
      if (before !== undefined) one.previousSeed = sessionSeed(before, to);
      return one;
    };
    const bytes = Buffer.from(hex, 'hex');
    expect(reasonsOf(readAll(bytes, [1], reader()))).toEqual(reasons);
    const bye = encodeFrame({ kind: 'bye', seen: '', code: 1, text: '' }, 0);
    expect(reasonsOf(readAll(Buffer.concat([bye, bytes, bye]), [Infinity], reader()))).toEqual(['taken', ...reasons, 'taken']);
  });
});

/** A message with its byte strings as bytes. */
function valueOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(valueOf);
  if (typeof value !== 'object' || value === null) return value;
  if ('$hex' in value) return Buffer.from(String(value.$hex), 'hex');
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, valueOf(member)]));
}

describe('messages', () => {
  test.each(messages)('$name', ({ message, bytes, hex, json }) => {
    const sent = valueOf(message) as OutgoingMessage;
    const payload = Buffer.from(hex, 'hex');
    expect(payload.includes(json)).toBe(true);
    expect(encodeMessage(sent, v2Limits)).toEqual({ payload, bytes });
    const number =
      sent.type === 'response' && !sent.answer.ok && sent.answer.error.number === undefined ? { number: expect.any(Number) as number } : {};
    const read =
      sent.type === 'response' && !sent.answer.ok ? { ...sent, answer: { ok: false, error: { ...sent.answer.error, ...number } } } : sent;
    expect(decodeMessage(payload, bytes, v2Limits)).toEqual({ ...read, bytes: payload.length });
  });
});

describe('what is refused', () => {
  test.each(refused)('$name', ({ bytes, hex, outcome, id, error }) => {
    const read = decodeMessage(Buffer.from(hex, 'hex'), bytes, v2Limits);
    if (read instanceof Error) expect({ outcome }).toEqual({ outcome: 'dropped' });
    else if (read.type === 'rejected') expect({ outcome, id, error }).toEqual({ outcome: 'refused', id: read.tag, error: read.error.code });
    else
      expect(read).toMatchObject({ type: outcome === 'fails' ? 'response' : '', tag: id, answer: { error: { code: 'INVALID_RESPONSE' } } });
  });
});
