import { quote } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Codec, Decoded, OutgoingMessage, Tag } from '../messages.ts';
import { ByteBuffer, findByte, numberIn } from './byte-buffer.ts';
import { damaged, type Fault } from './damage.ts';
import { bodyLength, frameOf, parseJson, unsent } from './json.ts';
import { readV7, writeV7Request, writeV7Response } from './v7-bodies.ts';

/** Stands before a frame and, as a flush byte, behind it. It can't occur in UTF-8, nor in a header. */
const mark = 0xff;
const CR = 0x0d;
const LF = 0x0a;
const colon = 0x3a;
const space = 0x20;
const blankLineBytes = 4;
const firstLines = { request: 'POST /RPC2 HTTP/1.1', response: 'HTTP/1.1 200 OK' };

/** As many characters of the first line as the original looks at. */
const starts = { request: Buffer.from('POST'), response: Buffer.from('HTTP') };

const lengthName = Buffer.from('content-length');
const tagName = Buffer.from('x-virtagent-client-tag');

/** As many digits of Content-Length as are taken, and what they can say. */
const lengthDigits = 7;
const largestBody = 9_999_999;

interface Head {
  readonly type: 'request' | 'response';
  readonly tag: string | undefined;
  /** Of the header with its blank line. */
  readonly headerBytes: number;
  readonly bodyBytes: number;
}

/** What follows a frame or begins the stream, up to the next mark. Mostly there is none of it. */
const noise: Fault = { reason: 'noise', message: 'bytes between frames' };
const cutFrame: Fault = { reason: 'truncated', message: 'a frame that was cut' };
const badStart: Fault = { reason: 'bad-header', message: 'a frame that begins with neither POST nor HTTP' };

/**
 * The original virtagent's protocol, version 7 of its series: HTTP-like headers and JSON between 0xFF marks.
 *
 * A mark always begins a new frame, whatever came before; so each piece between two marks is judged by
 * itself, and damage never reaches beyond the next mark. An error is reported there, when its extent is known.
 */
export class VirtagentV7Codec implements Codec {
  readonly #limits: Limits;
  readonly #largestBody: number;
  readonly #held = new ByteBuffer();
  readonly #decode = (bytes: Buffer, from: number, to: number): number => this.#stream(bytes, from, to);
  #out: Decoded[] = [];
  /** Why bytes up to the next mark are dropped; undefined within a frame. */
  #gap: Fault | undefined = noise;
  #dropped = 0;
  #afterFrame = false;
  /** Whether the mark before this frame came right behind another frame, and so may be a flush byte only. */
  #flush = false;
  #head: Head | undefined;
  /** Bytes of this frame in which there is no mark and, while the head is unknown, no end of one. */
  #scanned = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#largestBody = Math.min(limits.maxMessageBytes, largestBody);
  }

  get buffered(): number {
    return this.#held.length;
  }

  push(chunk: Uint8Array): Decoded[] {
    this.#held.feed(chunk, this.#decode);
    return this.#taken();
  }

  end(): Decoded[] {
    // As at a mark: what is unfinished was cut.
    this.#held.feed(Buffer.of(mark), this.#decode);
    this.#drop(noise, 0);
    return this.#taken();
  }

  encode(message: OutgoingMessage): Uint8Array {
    if (message.type === 'request') return this.#frame('request', tagText(message.tag, ownTag, this.#limits), writeV7Request(message));
    if (message.type === 'response')
      return this.#frame('response', tagText(message.tag, anyTag, this.#limits), writeV7Response(message.answer));
    throw unsent('UNSUPPORTED', `virtagent v7 has no message for a ${message.type}`);
  }

  #taken(): Decoded[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  #stream(bytes: Buffer, from: number, to: number): number {
    for (let at = from; ;) {
      const next = this.#gap === undefined ? this.#inFrame(bytes, at, to) : this.#inGap(this.#gap, bytes, at, to);
      if (next < 0) return at;
      at = next;
    }
  }

  /** The position behind the next mark, or behind everything; -1 when there is nothing. */
  #inGap(gap: Fault, bytes: Buffer, at: number, to: number): number {
    const found = findByte(bytes, mark, at, to);
    const stop = found < 0 ? to : found;
    this.#dropped += stop - at;
    if (found < 0) return stop > at ? stop : -1;
    if (this.#dropped > 0) this.#out.push(damaged(gap, this.#dropped));
    this.#begin(this.#afterFrame && this.#dropped === 0);
    return found + 1;
  }

  #drop(gap: Fault, dropped: number, afterFrame = false): void {
    this.#gap = gap;
    this.#dropped = dropped;
    this.#afterFrame = afterFrame;
  }

  #begin(flush: boolean): void {
    this.#gap = undefined;
    this.#flush = flush;
    this.#head = undefined;
    this.#scanned = 0;
  }

  /** The position behind a frame or a stray mark, `at` after a refusal, -1 when more bytes are needed. */
  #inFrame(bytes: Buffer, at: number, to: number): number {
    const found = findByte(bytes, mark, at + this.#scanned, to);
    const stop = found < 0 ? to : found;
    if (found === at) {
      this.#begin(false);
      return at + 1;
    }
    const fault = this.#readHead(bytes, at, stop, found >= 0);
    if (fault !== undefined) return this.#refuse(fault, at);
    const head = this.#head;
    if (head !== undefined && stop - at >= head.headerBytes + head.bodyBytes) return this.#message(head, bytes, at);
    if (found >= 0) return this.#refuse(cutFrame, at);
    this.#scanned = stop - at;
    return -1;
  }

  /** From here on the frame is dropped, with the mark before it unless that belonged to the frame before. */
  #refuse(fault: Fault, at: number): number {
    this.#drop(fault, fault === noise ? 0 : 1);
    return at;
  }

  /** Reads the head if it is there and was not; says what is wrong with it or with what there is of it. */
  #readHead(bytes: Buffer, at: number, stop: number, cut: boolean): Fault | undefined {
    if (this.#head !== undefined) return undefined;
    const most = this.#limits.maxHeaderBytes;
    const searchedTo = Math.min(stop, at + most);
    const type = typeOf(bytes, at, searchedTo);
    if (type === undefined) return this.#flush ? noise : badStart;
    const end = endOfHead(bytes, at + Math.max(0, this.#scanned - blankLineBytes + 1), searchedTo);
    if (end < 0) return cut || stop - at >= most ? unfinished(bytes.toString('latin1', at, searchedTo), stop - at >= most) : undefined;
    const head = readHead(bytes, at, end, type, this.#limits);
    if ('reason' in head) return head;
    this.#head = head;
    return undefined;
  }

  #message(head: Head, bytes: Buffer, at: number): number {
    const bodyAt = at + head.headerBytes;
    const end = bodyAt + head.bodyBytes;
    // Counted with both its marks, though the second may turn out to be the next frame's.
    const body = parseJson(bytes, bodyAt, end, this.#limits.maxDepth);
    this.#out.push(readV7(head.type, head.tag, body, end - at + 2, this.#limits));
    this.#drop(noise, 0, true);
    return end;
  }

  #frame(type: 'request' | 'response', tag: string | undefined, body: string): Uint8Array {
    const length = bodyLength(body, this.#largestBody);
    const tagLine = tag === undefined ? '' : `X-Virtagent-Client-Tag: ${tag}\r\n`;
    const head = `\xff${firstLines[type]}\r\nContent-Type: text/xml\r\nContent-Length: ${length}\r\n${tagLine}\r\n`;
    return frameOf(head, body, length, '\xff');
  }
}

/** Request or response, as far as the bytes that are there tell; undefined if neither. */
function typeOf(bytes: Buffer, at: number, stop: number): Head['type'] | undefined {
  if (begins(bytes, at, stop, starts.request)) return 'request';
  return begins(bytes, at, stop, starts.response) ? 'response' : undefined;
}

function begins(bytes: Buffer, at: number, stop: number, start: Buffer): boolean {
  for (let i = 0; i < start.length && at + i < stop; i++) if (bytes[at + i] !== start[i]) return false;
  return true;
}

/** The position behind the first blank line in `bytes[from..to)`, or -1. */
function endOfHead(bytes: Buffer, from: number, to: number): number {
  for (let at = from + blankLineBytes - 1; at < to;) {
    const byte = bytes[at];
    // Neither half of a line break: none of the four is before it. A CR may be the third, a LF the second.
    if (byte !== LF) at += byte === CR ? 1 : blankLineBytes;
    else if (bytes[at - 1] === CR && bytes[at - 2] === LF && bytes[at - 3] === CR) return at + 1;
    else at += 2;
  }
  return -1;
}

/** A carriage return or line feed that is not half of a pair; the pair's first half at the end may still be completed. */
const brokenLineBreak = /(?<!\r)\n|\r(?!\n|$)/;
const lineBreakFault: Fault = { reason: 'bad-header', message: 'a header with a line break that is not CR LF' };

function unfinished(header: string, tooLarge: boolean): Fault {
  if (brokenLineBreak.test(header)) return lineBreakFault;
  return tooLarge ? { reason: 'header-too-large', message: 'a header that is too large' } : cutFrame;
}

/** Reads the header in `bytes[at..end)`. Nothing carries over from another frame's. */
function readHead(bytes: Buffer, at: number, end: number, type: Head['type'], limits: Limits): Head | Fault {
  let nameless = false;
  let lengthAt = -1;
  let lengthEnd = -1;
  let tagAt = -1;
  let tagEnd = -1;
  // The first line has been looked at, and the last is blank.
  for (let line = at, stop = at; line < end - 2; line = stop + 2) {
    stop = endOfLine(bytes, line, end);
    if (stop < 0) return lineBreakFault;
    if (line === at) continue;
    let split = line;
    while (split < stop && bytes[split] !== colon) split++;
    if (split === line || split === stop) nameless = true;
    // One space belongs to the layout; anything more belongs to the value, as a tag is echoed exactly.
    const value = bytes[split + 1] === space ? split + 2 : split + 1;
    if (isName(bytes, line, split, lengthName)) {
      lengthAt = value;
      lengthEnd = stop;
    } else if (isName(bytes, line, split, tagName)) {
      tagAt = value;
      tagEnd = stop;
    }
  }
  if (nameless) return { reason: 'bad-header', message: 'a header line without a name' };
  if (tagEnd - tagAt > limits.maxTagLength)
    return { reason: 'bad-header', message: `a tag of ${tagEnd - tagAt} characters; the most is ${limits.maxTagLength}` };
  if (lengthAt < 0) return { reason: 'bad-length', message: 'a header without a Content-Length' };
  const digits = lengthEnd - lengthAt;
  const bodyBytes = digits > 0 && digits <= lengthDigits ? numberIn(bytes, lengthAt, lengthEnd) : -1;
  if (bodyBytes < 0)
    return { reason: 'bad-length', message: `a Content-Length of ${quote(bytes.toString('latin1', lengthAt, lengthEnd))}` };
  if (bodyBytes > limits.maxMessageBytes)
    return { reason: 'message-too-large', message: `a body of ${bodyBytes} bytes; the most is ${limits.maxMessageBytes}` };
  const tag = tagAt < 0 ? undefined : bytes.toString('latin1', tagAt, tagEnd);
  return { type, tag, headerBytes: end - at, bodyBytes };
}

/** Where the line break is that ends the line; -1 if the first is not CR LF. There is one in `bytes[from..to)`. */
function endOfLine(bytes: Buffer, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    if (bytes[at] === LF) return -1;
    if (bytes[at] === CR) return bytes[at + 1] === LF ? at : -1;
  }
  return -1;
}

function isName(bytes: Buffer, from: number, to: number, name: Buffer): boolean {
  if (to - from !== name.length) return false;
  // 0x20 makes ASCII letters small. It would also make the hyphen of a CR, which a line does not have.
  for (let i = 0; i < name.length; i++) if (((bytes[from + i] as number) | 0x20) !== name[i]) return false;
  return true;
}

/** Our own tags stay in what every receiver takes; a peer's goes back as it came, byte for byte. */
const ownTag = /^[\x20-\x7e]*$/;
const anyTag = /^[^\r\n\xff\u0100-\uffff]*$/;

function tagText(tag: Tag, allowed: RegExp, limits: Limits): string | undefined {
  if (tag === undefined) return undefined;
  if (typeof tag === 'string' && tag.length <= limits.maxTagLength && allowed.test(tag)) return tag;
  throw unsent('UNENCODABLE', `${quote(tag)} can not be a tag; a string of at most ${limits.maxTagLength} printable ASCII characters can`);
}
