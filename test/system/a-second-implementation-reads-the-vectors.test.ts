import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { DroppedVector, FrameVector } from '../../scripts/vectors/frames.ts';
import type { MessageVector, RefusedVector } from '../../scripts/vectors/messages.ts';
import { text } from '../channels/support.ts';
import { runPython } from './support/python.ts';

// test/system/python is written from docs/protocol.md alone: what it reads otherwise is an error in one of the three.
const vectors = {
  ...read<{ frames: FrameVector[]; dropped: DroppedVector[] }>('frames'),
  ...read<{ messages: MessageVector[]; refused: RefusedVector[] }>('messages'),
};

function read<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/${file}.json`, import.meta.url), 'utf8')) as T;
}

interface Said {
  readonly frames: readonly { readonly read: unknown[]; readonly hex: string }[];
  /** What was taken of a BYE, the bytes of the vector, and a BYE. */
  readonly dropped: readonly string[][];
  readonly messages: readonly unknown[];
  readonly refused: readonly unknown[];
}

let said: Said;

beforeAll(async () => {
  const python = runPython('vectors');
  python.stdin?.end(JSON.stringify(vectors));
  said = JSON.parse(await text(python.stdout as NodeJS.ReadableStream as never)) as Said;
});

/** Each with its place, by which the answer is found. */
const placed = <Vector>(list: readonly Vector[]) => list.map((vector, at) => ({ ...vector, at }));

describe('frames', () => {
  test.each(placed(vectors.frames))('$name', ({ at, frame, hex, readOnly }) => {
    const own = said.frames[at];
    if (readOnly === true) return expect(own?.read).toMatchObject([{ kind: frame['kind'], version: frame['version'] }]);
    expect(own).toEqual({ read: [frame], hex });
  });
});

describe('what is dropped', () => {
  test.each(placed(vectors.dropped))('$name', ({ at, reasons }) => {
    expect(said.dropped[at]).toEqual(['bye', ...reasons.map(() => 'dropped'), 'bye']);
  });
});

describe('messages', () => {
  test.each(placed(vectors.messages))('$name', ({ at, message, json, hex, bytes }) => {
    expect(said.messages[at]).toEqual({ message: withStrings(JSON.parse(json) as Json, message as Json), hex, bytes });
  });
});

describe('what is refused', () => {
  test.each(placed(vectors.refused))('$name', ({ at, outcome, id, error }) => {
    expect(said.refused[at]).toEqual({ outcome, ...(outcome === 'dropped' ? {} : { id }), ...(error === undefined ? {} : { error }) });
  });
});

type Json = Record<string, unknown>;

/** The JSON of a message with its byte strings where the vector has them. */
function withStrings(written: Json, message: Json): Json {
  const json = { ...written };
  delete json['bytes'];
  const { answer } = message as { answer?: { ok: boolean; value?: unknown; error?: { data?: unknown } } };
  if ('result' in json) return { ...json, result: answer?.value };
  if ('error' in json)
    return answer?.error?.data === undefined ? json : { ...json, error: { ...(json['error'] as Json), data: answer.error.data } };
  if ('value' in message) return { ...json, params: { ...(json['params'] as Json), value: message['value'] } };
  return 'params' in message ? { ...json, params: message['params'] } : json;
}
