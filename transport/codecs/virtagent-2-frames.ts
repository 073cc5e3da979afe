import { crc32 } from 'node:zlib';
import type { RemoteProtocolError } from '../errors.ts';
import { memoryFor, type SpareMemory } from '../spare-memory.ts';
import { ByteBuffer, findByte } from './byte-buffer.ts';
import { damaged, type Fault } from './damage.ts';
import { ESCAPE, escaped, FLAG, isClean, Scratch, unescaped } from './virtagent-2-escapes.ts';
import {
  areDigits,
  askFlag,
  dataFields,
  digitsAt,
  fieldBytes,
  flags,
  isHead,
  kinds,
  maxByeText,
  putDigits,
  putNonce,
  readFields,
  type Bye,
  type DataHead,
  type Frame,
  type Hello,
  type Status,
} from './virtagent-2-fields.ts';

export type { Bye, DataHead, Frame, Hello, Status };

/** A head and three digits before the fields, a CRC behind the payload. */
const headBytes = 4;
const crcBytes = 4;

/** What a frame may have besides its payload, and a little more. */
const slack = 32;

/** A side may send pieces of that size before it knows the limits of the other. */
export const smallestMaxFrame = 256;

/** The most that a frame's three digits of length leave for a payload. */
export const largestPayload = 128 ** 3 - 1 - 8;

/** The CRC of nothing: HELLO and BYE have no key. */
const noKey = 0;

/** What the CRC of DATA and STATUS begins with: of the session's two halves, the sender's first. */
export function sessionSeed(senderHalf: string, receiverHalf: string): number {
  return crc32(Buffer.from(senderHalf + receiverHalf, 'hex'));
}

// ---- Sent

/** The bytes of a frame, with a FLAG before and after. `seed` is the session's, and not looked at for HELLO and BYE. */
export function encodeFrame(frame: Frame, seed: number): Buffer {
  switch (frame.kind) {
    case 'hello':
      return encodeHello(frame);
    case 'data':
      return encodeData(frame, frame.payload, 0, frame.payload.length, seed);
    case 'status':
      return encodeStatus(frame, seed);
    case 'bye':
      return encodeBye(frame);
  }
}

export function encodeHello(hello: Hello): Buffer {
  const frame = begun(kinds.hello << 4, fieldBytes.hello);
  let at = 1 + headBytes;
  frame[at++] = hello.version;
  frame[at++] = hello.reliable ? 1 : 0;
  for (const nonce of [hello.line, hello.seen, hello.half, hello.other]) at = putNonce(frame, at, nonce);
  for (const count of [hello.got, hello.sent, hello.clock]) at = putDigits(frame, at, count, 5);
  return finished(frame, noKey);
}

/**
 * A piece of a message: `payload[from..to)`, which is copied. Throws RangeError where no frame can hold that much. `spare`: where its
 * memory is from, if it is given back once the frame is taken.
 */
export function encodeData(head: DataHead, payload: Uint8Array, from: number, to: number, seed: number, spare?: SpareMemory): Buffer {
  const fields = dataFields(head.first, head.last);
  if (to - from > largestPayload) throw new RangeError(`a frame has at most ${largestPayload} bytes of payload, not ${to - from}`);
  const bits =
    (head.first ? flags.first : 0) | (head.last ? flags.last : 0) | (head.bytes ? flags.bytes : 0) | (head.drop ? flags.drop : 0);
  const frame = begun((kinds.data << 4) | bits, fields + to - from, spare);
  let at = putDigits(frame, 1 + headBytes, head.seq, 2);
  if (fields > 2) at = putDigits(frame, at, head.number ?? 0, 2);
  if (fields > 4) at = putDigits(frame, at, head.total ?? 0, 4);
  frame.set(from === 0 && to === payload.length ? payload : payload.subarray(from, to), at);
  return finished(frame, seed, spare);
}

export function encodeStatus(status: Status, seed: number): Buffer {
  const frame = begun((kinds.status << 4) | (status.ask ? askFlag : 0), fieldBytes.status + status.taken.length);
  let at = putDigits(frame, 1 + headBytes, status.next, 2);
  at = putDigits(frame, at, status.clock, 5);
  at = putDigits(frame, at, status.grantedRequests, 4);
  at = putDigits(frame, at, status.grantedBytes, 6);
  at = putDigits(frame, at, status.spentRequests, 4);
  at = putDigits(frame, at, status.spentBytes, 6);
  frame.set(status.taken, at);
  return finished(frame, seed);
}

/** The text is cut to what a bye can hold. */
export function encodeBye(bye: Bye): Buffer {
  const text = cutUtf8(Buffer.from(bye.text), maxByeText);
  const frame = begun(kinds.bye << 4, fieldBytes.bye + text.length);
  const at = putNonce(frame, 1 + headBytes, bye.seen);
  frame[at] = bye.code;
  frame.set(text, at + 1);
  return finished(frame, noKey);
}

function cutUtf8(text: Buffer, most: number): Buffer {
  let end = Math.min(text.length, most);
  // Not within a character: those bytes of it that are not its first begin with the bits 10.
  while (end > 0 && end < text.length && ((text[end] as number) & 0xc0) === 0x80) end--;
  return text.subarray(0, end);
}

function begun(head: number, length: number, spare?: SpareMemory): Buffer {
  const frame = memoryFor(length + headBytes + crcBytes + 2, spare);
  frame[0] = FLAG;
  frame[1] = head;
  putDigits(frame, 2, length, 3);
  return frame;
}

function finished(frame: Buffer, seed: number, spare?: SpareMemory): Buffer {
  const crcAt = frame.length - 1 - crcBytes;
  frame.writeUInt32BE(crc32(frame.subarray(1, crcAt), seed), crcAt);
  frame[frame.length - 1] = FLAG;
  if (isClean(frame)) return frame;
  const whole = escaped(frame, spare);
  spare?.give(frame);
  return whole;
}

// ---- Received

const beforeFirstFlag: Fault = { reason: 'noise', message: 'bytes before the first frame' };
const noFrame: Fault = { reason: 'noise', message: 'bytes that are no frame' };
const cutFrame: Fault = { reason: 'truncated', message: 'a frame that was cut' };
const longFrame: Fault = { reason: 'bad-length', message: 'a frame that is longer than it says' };
const badEscape: Fault = { reason: 'bad-checksum', message: 'a frame with an escape of nothing' };
const badCrc: Fault = { reason: 'bad-checksum', message: 'a frame whose checksum is wrong' };
const noSession: Fault = { reason: 'other-session', message: 'a frame that came before a session' };
const otherSession: Fault = { reason: 'other-session', message: 'a frame of an earlier session' };

/**
 * The frames of one line. After damage it goes on with the next FLAG: a damaged frame costs itself, and the one behind it
 * if the FLAGs between them were hit.
 */
export class FrameReader {
  /** Of the other side's DATA and STATUS; undefined while no session is agreed: then both are dropped. */
  seed: number | undefined;
  /** Of an earlier session, to tell its frames from damaged ones. */
  previousSeed: number | undefined;
  readonly #maxFrame: number;
  /** Every byte of a frame may have been escaped. */
  readonly #most: number;
  readonly #held = new ByteBuffer();
  /** Where escapes are taken out. */
  readonly #unescaped = new Scratch();
  readonly #decode = (bytes: Buffer, from: number, to: number): number => this.#frames(bytes, from, to);
  #take: (item: Frame | RemoteProtocolError) => void = () => {};
  /** Bytes of the unfinished frame in which there is no FLAG. */
  #scanned = 0;
  /** Why everything is dropped up to the next FLAG, and what that has cost up to now. */
  #skipping: Fault | undefined = beforeFirstFlag;
  #dropped = 0;
  /**
   * Bytes between FLAGs that are too few for a frame, and what is wrong with the first of them. Of a run of them one error is made when
   * it is over: 32,768 of them fit in a chunk, and an error costs fifty times as much as to read one.
   */
  #scraps = 0;
  #scrap = noFrame;

  /** `maxFrame`: the bytes of payload that a frame may have. What every side may send at first is taken in any case. */
  constructor(maxFrame: number) {
    this.#maxFrame = Math.max(maxFrame, smallestMaxFrame);
    this.#most = 2 * (this.#maxFrame + slack);
  }

  /** Bytes of an unfinished frame that are held, as they came. */
  get buffered(): number {
    return this.#held.length;
  }

  /** Takes the next bytes of the line; the chunk may be reused by the caller afterwards. */
  push(chunk: Uint8Array): (Frame | RemoteProtocolError)[] {
    const out: (Frame | RemoteProtocolError)[] = [];
    this.read(chunk, (item) => out.push('kind' in item && item.kind === 'data' ? { ...item, payload: Buffer.from(item.payload) } : item));
    return out;
  }

  /**
   * The same, but each frame is given to `take` before the one behind it is looked at: a HELLO may begin the session whose `seed`
   * the next one has. `take` must neither throw nor push. The payload of a DATA frame is only lent to it: what is to be kept, it copies.
   */
  read(chunk: Uint8Array, take: (item: Frame | RemoteProtocolError) => void): void {
    this.#take = take;
    this.#held.feed(chunk, this.#decode);
  }

  /** The line has ended: reports what was cut. */
  end(): (Frame | RemoteProtocolError)[] {
    const out: (Frame | RemoteProtocolError)[] = [];
    this.#take = (item) => out.push(item);
    this.#loseScraps();
    if (this.#skipping !== undefined) this.#skipped();
    else if (this.#held.length > 0) this.#lose(cutFrame, this.#held.length);
    this.#held.clear();
    this.#scanned = 0;
    this.#skipping = beforeFirstFlag;
    return out;
  }

  #frames(bytes: Buffer, from: number, to: number): number {
    for (let at = from; ;) {
      const end = findByte(bytes, FLAG, at + this.#scanned, to);
      if (end < 0) return this.#unfinished(at, to);
      this.#scanned = 0;
      if (this.#skipping !== undefined) {
        this.#dropped += end - at;
        this.#skipped();
      } else if (end > at) this.#frame(bytes.subarray(at, end));
      at = end + 1;
    }
  }

  #unfinished(at: number, to: number): number {
    const size = to - at;
    if (this.#skipping === undefined && size > this.#most) this.#skipping = this.#tooLarge();
    if (this.#skipping === undefined) {
      this.#scanned = size;
      return at;
    }
    this.#scanned = 0;
    this.#dropped += size;
    return to;
  }

  #skipped(): void {
    if (this.#dropped > 0) this.#lose(this.#skipping as Fault, this.#dropped);
    this.#skipping = undefined;
    this.#dropped = 0;
  }

  #lose(fault: Fault, dropped: number): void {
    this.#loseScraps();
    this.#take(damaged(fault, dropped));
  }

  #loseScraps(): void {
    const dropped = this.#scraps;
    if (dropped === 0) return;
    this.#scraps = 0;
    this.#take(damaged(this.#scrap, dropped));
  }

  #frame(frame: Buffer): void {
    if (frame.length < headBytes + crcBytes) {
      if (this.#scraps === 0) this.#scrap = isHead(frame[0] as number) ? cutFrame : noFrame;
      this.#scraps += frame.length;
      return;
    }
    this.#loseScraps();
    const read = frame.length > this.#most ? this.#tooLarge() : this.#unescape(frame);
    if ('kind' in read) this.#take(read);
    else this.#lose(read, frame.length);
  }

  #unescape(frame: Buffer): Frame | Fault {
    if (!frame.includes(ESCAPE)) return this.#read(frame);
    const whole = unescaped(frame, this.#unescaped);
    return whole === undefined ? badEscape : this.#read(whole);
  }

  #read(frame: Buffer): Frame | Fault {
    const head = frame[0] as number;
    if (!isHead(head)) return noFrame;
    const size = frame.length - headBytes - crcBytes;
    // Looked at before the CRC, as it says what has happened to the frame; nothing is done with it.
    const said = areDigits(frame, 1, headBytes) ? digitsAt(frame, 1, 3) : -1;
    if (size !== said) return size < said ? cutFrame : longFrame;
    const fault = this.#fault(head >> 4, frame);
    if (fault !== undefined) return fault;
    if (size > this.#maxFrame + slack) return this.#tooLarge();
    const read = readFields(frame, headBytes, frame.length - crcBytes);
    return 'kind' in read && read.kind === 'data' && read.payload.length > this.#maxFrame ? this.#tooLarge() : read;
  }

  /** What is wrong with the CRC, if anything is. */
  #fault(kind: number, frame: Buffer): Fault | undefined {
    const crcAt = frame.length - crcBytes;
    const crc = frame.readUInt32BE(crcAt);
    const covered = frame.subarray(0, crcAt);
    if (kind === kinds.hello || kind === kinds.bye) return crc32(covered, noKey) === crc ? undefined : badCrc;
    if (this.seed !== undefined && crc32(covered, this.seed) === crc) return undefined;
    if (this.previousSeed !== undefined && crc32(covered, this.previousSeed) === crc) return otherSession;
    return this.seed === undefined ? noSession : badCrc;
  }

  #tooLarge(): Fault {
    return { reason: 'message-too-large', message: `a frame of more than ${this.#maxFrame}` };
  }
}
