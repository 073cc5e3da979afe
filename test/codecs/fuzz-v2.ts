import { encodeFrame, type Frame } from '../../transport/codecs/virtagent-2-frames.ts';
import { encodeMessage } from '../../transport/codecs/virtagent-2-messages.ts';
import { v2Limits } from '../../transport/limits.ts';
import type { OutgoingMessage } from '../../transport/messages.ts';
import { bytesOf, mutate, pick, type Random } from './random.ts';
import { withStrings } from './v2-messages.ts';
import { otherSeeds, sealed, sealedOf, seed, them, us } from './v2-support.ts';

// ---- Frames

const piece = { kind: 'data', seq: 7, first: true, last: true, bytes: false, drop: false, number: undefined, total: undefined } as const;
const payload = Buffer.from('{"method":"m"}');
const nonces = { line: 'a1a2a3a4a5a6', seen: 'fffefdfcfbfa', half: them, other: us };
const counts = { grantedRequests: 70, grantedBytes: 2 ** 41, spentRequests: 69, spentBytes: 2 ** 40 };

const frames: readonly Frame[] = [
  { kind: 'hello', version: 2, reliable: true, ...nonces, got: 5, sent: 2 ** 34, clock: 5000 },
  { ...piece, payload },
  { ...piece, first: false, last: false, number: 5, payload: Buffer.from([0xff, 0xfe, 0, 1]) },
  { ...piece, last: false, bytes: true, number: 5, total: 2 ** 27, payload },
  { ...piece, first: false, last: false, drop: true, number: 5, payload: Buffer.alloc(0) },
  { kind: 'status', ask: true, next: 16_383, clock: 6000, ...counts, taken: Buffer.from([0xff, 0xfe]) },
  { kind: 'bye', seen: nonces.line, code: 2, text: 'zu groß' },
];

const valid = frames.flatMap((frame) => [encodeFrame(frame, seed), encodeFrame(frame, otherSeeds.previous)]);
const marks = [
  '\xff',
  '\xfe',
  '\xfe\x00',
  '\xfe\x01',
  '\xff\xff',
  '\x10\x00\x00\x29',
  '\x23\x00\x00\x02',
  '\x00\x00\x00\x00',
  '\x7f\x7f\x7f',
].map((text) => Buffer.from(text, 'latin1'));

/** Some frames in a row, tampered with. */
export function tamperedFrames(random: Random): Buffer {
  let stream = Buffer.concat(Array.from({ length: 1 + random(4) }, () => (random(3) === 0 ? lie(random) : pick(valid, random))));
  for (let left = random(5); left > 0; left--) stream = mutate(stream, marks, valid, random) as Buffer<ArrayBuffer>;
  return stream;
}

/** Frames whose checksum is right, and nothing else for sure. */
export function lyingFrames(random: Random): Buffer {
  return Buffer.concat(Array.from({ length: 1 + random(4) }, () => lie(random)));
}

function lie(random: Random): Buffer {
  const head = random(4) === 0 ? random(256) : ((1 + random(4)) << 4) | random(16);
  const key = head >> 4 === 1 || head >> 4 === 4 ? '' : them + us;
  // Near the sizes that are right, and of digits as often as not.
  const digits = random(2) === 0 ? 128 : 256;
  const fields = Buffer.from(
    Array.from({ length: random(8) === 0 ? random(700) : pick([2, 4, 7, 8, 27, 41, 43], random) + random(3) }, () => random(digits)),
  );
  if (random(3) === 0) fields[0] = 2;
  return random(6) === 0
    ? sealed(Buffer.concat([Buffer.from([head, random(2), random(4), random(128)]), fields]), key)
    : sealedOf(head, fields, key);
}

// ---- Messages

const blob = Buffer.from([0xff, 0, 0xfe]);
const sound: readonly OutgoingMessage[] = [
  { type: 'request', tag: 'a.1', method: 'm', params: { a: [1, blob], 'b/~': blob, c: 'ü' }, deadline: 5, urgency: 0, nested: true },
  { type: 'request', tag: 'a.2', method: 'm', params: null, wants: { items: 5, bytes: 6 } },
  { type: 'request', tag: 'a.3', method: 'm', params: blob, wants: 'progress' },
  { type: 'notification', method: 'm', params: [1] },
  { type: 'response', tag: 'a.4', answer: { ok: true, value: blob } },
  { type: 'response', tag: 'a.5', answer: { ok: false, error: { code: 'BUSY', message: 'no', data: [blob] } } },
  { type: 'cancel', tag: 'a.6' },
  { type: 'progress', token: 'a.7', value: 5 },
  { type: 'item', tag: 'a.8', at: 3, value: { blob } },
  { type: 'more', tag: 'a.9', items: 5, itemBytes: 6 },
  { type: 'status', tag: 'b.1', of: 'a.1' },
  { type: 'limits', limits: { frame: 4096, depth: 7 } },
];
const encoded = sound.map((message) => encodeMessage(message, v2Limits));
const payloads = encoded.map(({ payload }) => payload);
const words = ['{', '}', '[', ']', '"', '\\', ',', ':', 'null', '{}', '"id":"a"', '"method":"$/item"', '"bytes":[["/params",3]]', '["/params/a/1",3]', '"__proto__"', '\0\0\0\x02', '\x7f', '\xff'].map((text) => Buffer.from(text, 'latin1')); // prettier-ignore

/** The payload of a message, and its flag. */
export interface Payload {
  readonly payload: Buffer;
  readonly bytes: boolean;
}

/** A payload that was tampered with, or its JSON alone, with byte strings behind it that fit as before. */
export function tamperedMessage(random: Random): Payload {
  const { payload: whole, bytes } = pick(encoded, random);
  const end = bytes && random(2) === 0 ? 4 + ((whole[2] as number) << 7) + (whole[3] as number) : 0;
  let payload = end > 0 ? whole.subarray(4, end) : whole;
  for (let left = 1 + random(4); left > 0; left--) payload = mutate(payload, words, payloads, random);
  if (end > 0) return { payload: withStrings(payload, whole.subarray(end)), bytes };
  return { payload, bytes: random(8) === 0 ? !bytes : bytes };
}

export function randomMessage(random: Random): Payload {
  return { payload: bytesOf(random, 120), bytes: random(2) === 0 };
}

const tags = ['"a"', '""', '5', 'null', '{}', `"${'t'.repeat(65)}"`, '"a.1"'];
const values = ['null', '{}', '[]', '5', '-1', '1.5', '1e300', '"progress"', 'true', '[null]', '{"a":null}', '{"id":"a","value":null,"items":5,"bytes":6}', '{"items":5,"bytes":6}', '{"code":5,"message":"no","data":null}', '{"code":"x"}', '[[[[[[[[[]]]]]]]]]', '{"__proto__":null}', '{"id":"a"}', '{"frame":-1,"depth":5}']; // prettier-ignore
const methods = [
  '"m"',
  '"$/item"',
  '"$/more"',
  '"$/cancel"',
  '"$/progress"',
  '"$/status"',
  '"$/limits"',
  '"$/new"',
  '5',
  'null',
  `"${'m'.repeat(257)}"`,
];
const pointers = ['"/params"', '"/params"', '"/result"', '"/params/a"', '"/params/a"', '"/params/0"', '"/result"', '"/error/data"', '"/params/value"', '"/params/__proto__"', '"/__proto__"', '"/__proto__/__proto__"', '"/id"', '"/method"', '"/error"', '"/bytes/0"', '"/bytes/0/0"', '"/params/a/0"', '""', '"/"', '"x"', '"/~2"', '"////////////"', '5', 'null']; // prettier-ignore
const lengths = ['0', '1', '2', '3', '1', '2', '3', '-1', '1.5', '"1"', '1e300', 'null', '4'];

/** JSON of the right words in the wrong places, with byte strings that fit or do not. */
export function lyingMessage(random: Random): Payload {
  const members: string[] = [];
  const put = (name: string, from: readonly string[], often: number): void => {
    if (random(often) === 0) members.push(`"${name}":${pick(from, random)}`);
  };
  put('id', tags, 1 + random(2));
  put('method', methods, 2);
  put('params', values, 2);
  put('result', values, 4);
  put('error', values, 4);
  for (const name of ['deadline', 'urgency', 'wants', 'nested']) put(name, values, 8);
  const bytes = random(3) > 0;
  const { text: entries, size } = list(random);
  if (bytes && random(10) > 0) members.push(`"bytes":${entries}`);
  const text = `{${members.join(',')}}`;
  if (!bytes) return { payload: Buffer.from(text), bytes };
  return { payload: withStrings(text, random(4) > 0 ? Buffer.alloc(size, 0xff) : bytesOf(random, 6)), bytes };
}

/** A list of byte strings, and how many bytes it speaks of. */
function list(random: Random): { text: string; size: number } {
  if (random(12) === 0) return { text: pick(values, random), size: 0 };
  let size = 0;
  const entries = Array.from({ length: random(4) }, () => {
    if (random(12) === 0) return pick(values, random);
    const length = pick(lengths, random);
    size += /^\d$/.test(length) ? Number(length) : 0;
    return `[${pick(pointers, random)},${length}]`;
  });
  return { text: `[${entries.join(',')}]`, size };
}
