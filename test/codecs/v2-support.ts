import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { RemoteProtocolError } from '../../transport/errors.ts';
import { sessionSeed, FrameReader, type Frame } from '../../transport/codecs/virtagent-2-frames.ts';

/** The halves of the session that the tests are in: what is read was sent by `them`. */
export const us = '0123456789ab';
export const them = 'fedcba987654';
export const seed = sessionSeed(them, us);

/** The seeds of other sessions: one that ended, one that is not known, and our own frames that come back. */
export const otherSeeds = {
  previous: sessionSeed(them, '00112233aabb'),
  unknown: sessionSeed('aaaaaaaaaaaa', us),
  echo: sessionSeed(us, them),
};

export type Read = Frame | RemoteProtocolError;

export function readerOf(maxFrame = 65_536): FrameReader {
  const reader = new FrameReader(maxFrame);
  reader.seed = seed;
  return reader;
}

/** What a stream says, in pieces of those sizes, over and over (whole if none are named), and its end. */
export function readAll(stream: Uint8Array, sizes: readonly number[] = [Infinity], reader: FrameReader = readerOf()): Read[] {
  const out: Read[] = [];
  for (let at = 0, i = 0; at < stream.length; i++) {
    const size = Math.min(sizes[i % sizes.length] as number, stream.length - at);
    // One memory for every chunk, as a caller may have it: what is kept of one has to be a copy.
    const chunk = Buffer.from(stream.subarray(at, at + size));
    out.push(...reader.push(chunk));
    chunk.fill(0x7b);
    at += size;
  }
  out.push(...reader.end());
  return out;
}

/** What was read, in a form to compare: errors as `reason dropped`. */
export function plainly(read: readonly Read[]): unknown[] {
  return read.map((item) => (item instanceof RemoteProtocolError ? `${item.reason} ${item.dropped}` : item));
}

/** The reasons alone; 'taken' for a frame. */
export function reasonsOf(read: readonly Read[]): string[] {
  return read.map((item) => (item instanceof RemoteProtocolError ? item.reason : 'taken'));
}

/**
 * A frame with any content and a right checksum, between FLAGs: made as docs/protocol.md says it, without the encoder.
 *
 * `key`: hexadecimal digits; none for HELLO and BYE.
 */
export function sealed(content: Uint8Array, key = them + us): Buffer {
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(Buffer.concat([Buffer.from(key, 'hex'), content])));
  const escaped = [...content, ...crc].flatMap((byte) => (byte === 0xff ? [0xfe, 1] : byte === 0xfe ? [0xfe, 0] : [byte]));
  return Buffer.from([0xff, ...escaped, 0xff]);
}

/** The same with a right length behind its head. */
export function sealedOf(head: number, fields: Uint8Array, key?: string): Buffer {
  const { length } = fields;
  return sealed(Buffer.concat([Buffer.from([head, length >> 14, (length >> 7) & 0x7f, length & 0x7f]), fields]), key);
}

// ---- Arbitraries

const record = <T extends object>(members: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record<T>(members, { noNullPrototype: true });
const digits = (count: number) => {
  const max = 128 ** count - 1;
  return fc.oneof(
    fc.integer({ min: 0, max: 127 }),
    fc.maxSafeInteger().map((n) => Math.abs(n) % 128 ** count),
    fc.constantFrom(max, 0, 127, 128 % (max + 1)),
  );
};

/** Bytes with much in them that has to be escaped. */
export const anyBytes = fc
  .oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.array(fc.constantFrom(0xff, 0xfe, 0, 1, 0x41), { maxLength: 300 }).map((bytes) => Uint8Array.from(bytes)),
    fc.integer({ min: 0, max: 3000 }).map((length) => new Uint8Array(length).fill(0x41)),
  )
  .map((bytes) => Buffer.from(bytes));

const nonce = fc.uint8Array({ minLength: 6, maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const someNonce = nonce.filter((digits) => !/^0*$/.test(digits));
const anyNonce = fc.oneof(fc.constant(''), someNonce);

const hello = record<Extract<Frame, { kind: 'hello' }>>({
  kind: fc.constant('hello'),
  version: fc.constant(2),
  reliable: fc.boolean(),
  line: someNonce,
  seen: anyNonce,
  half: someNonce,
  other: anyNonce,
  got: digits(5),
  sent: digits(5),
  clock: digits(5),
});

const shape = fc.constantFrom(
  { first: true, last: true, drop: false },
  { first: true, last: false, drop: false },
  { first: false, last: true, drop: false },
  { first: false, last: false, drop: false },
  { first: false, last: false, drop: true },
);

/** A frame of DATA. */
export const dataFrame = fc
  .tuple(shape, fc.boolean(), digits(2), digits(2), digits(4), anyBytes)
  .map(([{ first, last, drop }, bytes, seq, number, total, payload]): Extract<Frame, { kind: 'data' }> => ({
    kind: 'data',
    seq,
    first,
    last,
    bytes: bytes && !drop,
    drop,
    number: first && last ? undefined : number,
    total: first && !last ? total : undefined,
    payload: drop ? Buffer.alloc(0) : payload,
  }));

const status = record<Extract<Frame, { kind: 'status' }>>({
  kind: fc.constant('status'),
  ask: fc.boolean(),
  next: digits(2),
  clock: digits(5),
  grantedRequests: digits(4),
  grantedBytes: digits(6),
  spentRequests: digits(4),
  spentBytes: digits(6),
  taken: fc.uint8Array({ maxLength: 16 }).map((bytes) => Buffer.from(bytes)),
});

const bye = record<Extract<Frame, { kind: 'bye' }>>({
  kind: fc.constant('bye'),
  seen: anyNonce,
  code: fc.integer({ min: 0, max: 255 }),
  text: fc.string({ unit: 'grapheme', maxLength: 20 }),
});

/** Any frame that can be sent. */
export const anyFrame: fc.Arbitrary<Frame> = fc.oneof(hello, dataFrame, dataFrame, status, bye);
