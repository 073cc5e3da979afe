import { isUtf8 } from 'node:buffer';
import type { Fault } from './damage.ts';

/** Who a side is, and where it stands in the session. Twelve hexadecimal digits each, small ones; zeros are ''. */
export interface Hello {
  readonly version: number;
  /** Whether the sender wants the session to be reliable. */
  readonly reliable: boolean;
  /** Drawn at random for the line. */
  readonly line: string;
  /** The `line` of the receiver's latest hello, or ''. */
  readonly seen: string;
  /** The sender's half of the session. */
  readonly half: string;
  /** The receiver's half as the sender knows it, or ''. */
  readonly other: string;
  /** Numbered frames that the sender has taken in this session. */
  readonly got: number;
  /** Numbered frames that it has sent. */
  readonly sent: number;
  /** Milliseconds of the sender's clock. */
  readonly clock: number;
}

/** What stands before the payload of a DATA frame. */
export interface DataHead {
  /** The count of DATA frames before this one, modulo 16384. */
  readonly seq: number;
  readonly first: boolean;
  readonly last: boolean;
  /** Whether the message has byte strings behind its JSON. */
  readonly bytes: boolean;
  /** Whether the message is given up. */
  readonly drop: boolean;
  /** Which message it is a piece of; undefined where it is first and last at once. */
  readonly number: number | undefined;
  /** The bytes of the whole message; undefined but where it is first and not last. */
  readonly total: number | undefined;
}

/** What a side has taken, grants and has spent: counters of the session, modulo 2^28 (requests) and 2^42 (bytes). */
export interface Status {
  /** Whether the receiver has to send one as well. */
  readonly ask: boolean;
  /** The seq that is taken next. */
  readonly next: number;
  readonly clock: number;
  readonly grantedRequests: number;
  readonly grantedBytes: number;
  readonly spentRequests: number;
  readonly spentBytes: number;
  /** Bit i, the lowest of the first byte being bit 0: seq `next` + 1 + i is taken. */
  readonly taken: Uint8Array;
}

/** The session is over for its sender. */
export interface Bye {
  readonly seen: string;
  /** 1 stopping, 2 a limit was exceeded, 3 the protocol was broken, 4 the version is not spoken. */
  readonly code: number;
  /** For a person; the peer's own words. */
  readonly text: string;
}

/** One frame of virtagent-2. A hello of another version has nothing but its version. */
export type Frame =
  | ({ readonly kind: 'hello' } & Hello)
  | ({ readonly kind: 'data'; readonly payload: Buffer } & DataHead)
  | ({ readonly kind: 'status' } & Status)
  | ({ readonly kind: 'bye' } & Bye);

/** The version of the protocol that is spoken here. */
export const version = 2;

/** The kinds of frames, as they stand in the high four bits of a head. */
export const kinds = Object.freeze({ hello: 1, data: 2, status: 3, bye: 4 });

/** DATA's flags: the low four bits of its head. */
export const flags = Object.freeze({ first: 1, last: 2, bytes: 4, drop: 8 });

/** STATUS's one flag. */
export const askFlag = 1;

/** Whether a frame may begin with that byte: only DATA has all of its flags. */
export function isHead(byte: number): boolean {
  const kind = byte >> 4;
  if (kind === kinds.data) return true;
  return kind === kinds.status ? byte <= ((kinds.status << 4) | askFlag) : byte === kinds.hello << 4 || byte === kinds.bye << 4;
}

/** How many bytes the fields take that every frame of that kind has. */
export const fieldBytes = Object.freeze({ hello: 41, status: 27, bye: 7 });

/** Bytes of a bye's text. It is for a log line. */
export const maxByeText = 256;

/** Bytes of a STATUS's bits: 128 frames are on the way at most. */
export const maxTaken = 16;

/** A session's or a line's nonce as bytes. */
const nonceBytes = 6;

const zeros = '000000000000';

const outOfRange: Fault = { reason: 'bad-header', message: 'a frame with fields out of range' };

/**
 * The frame that begins with `bytes`, with its fields and payload in `bytes[at..end)`; what passed the CRC may still lie. The payload is
 * part of `bytes`.
 */
export function readFields(bytes: Buffer, at: number, end: number): Frame | Fault {
  const head = bytes[0] as number;
  switch (head >> 4) {
    case kinds.hello:
      return readHello(bytes, at, end);
    case kinds.data:
      return readData(head & 0x0f, bytes, at, end);
    case kinds.status:
      return readStatus((head & askFlag) !== 0, bytes, at, end);
    default:
      return readBye(bytes, at, end);
  }
}

function readHello(bytes: Buffer, at: number, end: number): Frame | Fault {
  if (at === end) return outOfRange;
  const spoken = bytes[at] as number;
  if (spoken !== version) return otherVersion(spoken);
  const numbersAt = at + 2 + 4 * nonceBytes;
  if (end - at !== fieldBytes.hello || !areDigits(bytes, numbersAt, end)) return outOfRange;
  const line = nonceAt(bytes, at + 2);
  const half = nonceAt(bytes, at + 14);
  // Zeros stand for none, and nobody is without these.
  if (line === '' || half === '') return outOfRange;
  return {
    kind: 'hello',
    version: spoken,
    reliable: ((bytes[at + 1] as number) & 1) === 1,
    line,
    seen: nonceAt(bytes, at + 8),
    half,
    other: nonceAt(bytes, at + 20),
    got: digitsAt(bytes, numbersAt, 5),
    sent: digitsAt(bytes, numbersAt + 5, 5),
    clock: digitsAt(bytes, numbersAt + 10, 5),
  };
}

function otherVersion(spoken: number): Frame {
  return { kind: 'hello', version: spoken, reliable: false, line: '', seen: '', half: '', other: '', got: 0, sent: 0, clock: 0 };
}

function readData(bits: number, bytes: Buffer, at: number, end: number): Frame | Fault {
  const first = (bits & flags.first) !== 0;
  const last = (bits & flags.last) !== 0;
  const drop = (bits & flags.drop) !== 0;
  const payloadAt = at + dataFields(first, last);
  if (payloadAt > end || !areDigits(bytes, at, payloadAt)) return outOfRange;
  if (drop && (bits !== flags.drop || payloadAt !== end)) return outOfRange;
  return {
    kind: 'data',
    seq: digitsAt(bytes, at, 2),
    first,
    last,
    bytes: (bits & flags.bytes) !== 0,
    drop,
    number: first && last ? undefined : digitsAt(bytes, at + 2, 2),
    total: first && !last ? digitsAt(bytes, at + 4, 4) : undefined,
    payload: bytes.subarray(payloadAt, end),
  };
}

/** How many bytes the fields of a DATA frame take. */
export function dataFields(first: boolean, last: boolean): number {
  return first ? (last ? 2 : 8) : 4;
}

function readStatus(ask: boolean, bytes: Buffer, at: number, end: number): Frame | Fault {
  const takenAt = at + fieldBytes.status;
  if (takenAt > end || end - takenAt > maxTaken || !areDigits(bytes, at, takenAt)) return outOfRange;
  return {
    kind: 'status',
    ask,
    next: digitsAt(bytes, at, 2),
    clock: digitsAt(bytes, at + 2, 5),
    grantedRequests: digitsAt(bytes, at + 7, 4),
    grantedBytes: digitsAt(bytes, at + 11, 6),
    spentRequests: digitsAt(bytes, at + 17, 4),
    spentBytes: digitsAt(bytes, at + 21, 6),
    taken: copyOf(bytes, takenAt, end),
  };
}

function readBye(bytes: Buffer, at: number, end: number): Frame | Fault {
  const textAt = at + fieldBytes.bye;
  if (textAt > end || end - textAt > maxByeText) return outOfRange;
  if (!isUtf8(bytes.subarray(textAt, end))) return outOfRange;
  return { kind: 'bye', seen: nonceAt(bytes, at), code: bytes[at + nonceBytes] as number, text: bytes.toString('utf8', textAt, end) };
}

function copyOf(bytes: Buffer, from: number, to: number): Buffer {
  const copy = Buffer.allocUnsafe(to - from);
  bytes.copy(copy, 0, from, to);
  return copy;
}

/** Writes a nonce's twelve digits, or zeros for '', and says what is behind it. Throws RangeError for anything else. */
export function putNonce(bytes: Buffer, at: number, nonce: string): number {
  // Writing stops at what is no digit: what was in that memory before must not get onto the line.
  if (bytes.write(nonce === '' ? zeros : nonce, at, 'hex') !== nonceBytes) throw new RangeError(`${nonce} is no nonce`);
  return at + nonceBytes;
}

function nonceAt(bytes: Buffer, at: number): string {
  const text = bytes.toString('hex', at, at + nonceBytes);
  return text === zeros ? '' : text;
}

/** Writes a number in that many digits, modulo what they can hold, and says what is behind it. */
export function putDigits(bytes: Uint8Array, at: number, value: number, count: number): number {
  for (let i = at + count - 1, rest = value; i >= at; i--) {
    bytes[i] = rest % 128;
    rest = Math.floor(rest / 128);
  }
  return at + count;
}

/** The number in `count` bytes that are all digits. Six of them are below 2^53, but not below 2^31. */
export function digitsAt(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) value = value * 128 + (bytes[i] as number);
  return value;
}

/** Whether all of `bytes[from..to)` are digits. */
export function areDigits(bytes: Uint8Array, from: number, to: number): boolean {
  let all = 0;
  for (let at = from; at < to; at++) all |= bytes[at] as number;
  return all < 0x80;
}
