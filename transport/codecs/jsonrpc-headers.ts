import type { Limits } from '../limits.ts';
import type { Codec, Decoded, OutgoingMessage } from '../messages.ts';
import { ByteBuffer, numberIn } from './byte-buffer.ts';
import { damaged, type Fault } from './damage.ts';
import { bodyLength, frameOf } from './json.ts';
import { readJsonRpc, writeJsonRpc, type Dialect } from './jsonrpc.ts';

const LF = 0x0a;
const CR = 0x0d;
const colon = 0x3a;
const space = 0x20;
const lengthName = Buffer.from('content-length:');
const knownPrefix = 'content-';

/** What a handler returns when it can't go on without more bytes. */
const more = -1;

const noise: Fault = { reason: 'noise', message: 'bytes that are no header' };
const cutMessage: Fault = { reason: 'truncated', message: 'a message that the end of the stream cut' };

/**
 * JSON-RPC 2.0 behind `Content-Length` headers: the base protocol of the Language Server Protocol, with its
 * `$/cancelRequest` and `$/progress`.
 *
 * After damage it looks for the next `Content-Length:`, wherever in a line that is: what breaks such streams
 * is a stray print of the peer's (vscode-languageserver-node #353, pygls #133). One error is reported for the
 * whole of what was dropped, once the next good header is there.
 */
export class JsonRpcHeadersCodec implements Codec {
  readonly #dialect: Dialect;
  readonly #limits: Limits;
  readonly #held = new ByteBuffer();
  readonly #decode = (bytes: Buffer, from: number, to: number): number => this.#frames(bytes, from, to);
  #out: Decoded[] = [];
  #state: 'header' | 'body' | 'seek' | 'skip' = 'header';
  /** Bytes from the current position on that are known to be whole, good header lines or part of one. */
  #scanned = 0;
  #headerBytes = 0;
  /** Of the body, or still to be skipped of one that is too large. */
  #bodyBytes = 0;
  /** Why we are out of step, and what that has cost up to now. */
  #damage: Fault | undefined;
  #dropped = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#dialect = { limits, extensions: true };
  }

  get buffered(): number {
    return this.#held.length;
  }

  push(chunk: Uint8Array): Decoded[] {
    this.#held.feed(chunk, this.#decode);
    return this.#taken();
  }

  end(): Decoded[] {
    const cut = this.#held.length;
    if (cut > 0) this.#damage ??= cutMessage;
    this.#dropped += cut;
    this.#reportDamage();
    this.#held.clear();
    this.#next('header');
    return this.#taken();
  }

  encode(message: OutgoingMessage): Uint8Array {
    const text = writeJsonRpc(message, this.#dialect);
    const length = bodyLength(text, this.#limits.maxMessageBytes);
    return frameOf(`Content-Length: ${length}\r\n\r\n`, text, length, '');
  }

  #taken(): Decoded[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  #frames(bytes: Buffer, from: number, to: number): number {
    for (let at = from; ;) {
      const next = this.#step(bytes, at, to);
      if (next === more) return at;
      at = next;
    }
  }

  #step(bytes: Buffer, at: number, to: number): number {
    switch (this.#state) {
      case 'header':
        return this.#header(bytes, at, to);
      case 'body':
        return this.#body(bytes, at, to);
      case 'seek':
        return this.#seek(bytes, at, to);
      case 'skip':
        return this.#skip(bytes, at, to);
    }
  }

  #next(state: 'header' | 'body' | 'skip'): void {
    this.#state = state;
    this.#scanned = 0;
  }

  #header(bytes: Buffer, at: number, to: number): number {
    const stop = Math.min(to, at + this.#limits.maxHeaderBytes);
    for (let i = at + this.#scanned; i < stop; i++) {
      const byte = bytes[i] as number;
      const afterCr = i > at && bytes[i - 1] === CR;
      if (byte === LF && afterCr) {
        if (i - at >= 3 && bytes[i - 2] === LF) return this.#block(bytes, at, i + 1);
      } else if (afterCr || byte === LF) return this.#brokenAt(bytes, at, afterCr ? i - 1 : i, 'a line break that is not CR LF');
      else if (byte !== CR && (byte < 0x20 || byte > 0x7e)) return this.#brokenAt(bytes, at, i, 'a byte that is no printable ASCII');
    }
    this.#scanned = stop - at;
    if (this.#scanned < this.#limits.maxHeaderBytes) return more;
    // The next good header may begin within what was scanned, so only its first byte goes.
    return this.#lose(bytes, at, at + 1, stop, {
      reason: 'header-too-large',
      message: `a header of more than ${this.#limits.maxHeaderBytes} bytes`,
    });
  }

  /** Every header that begins before the broken byte has that byte in it, so the search goes on behind it. */
  #brokenAt(bytes: Buffer, at: number, broken: number, message: string): number {
    this.#scanned = 0;
    // Log lines have colons as well ("INFO: ready"), so here a header is only what begins like one that we know.
    const known = bytes.toString('latin1', at, Math.min(broken, at + knownPrefix.length)).toLowerCase() === knownPrefix;
    return this.#lose(bytes, at, broken + 1, broken, known ? { reason: 'bad-header', message: `a header with ${message}` } : noise);
  }

  #block(bytes: Buffer, at: number, end: number): number {
    const length = readLength(bytes, at, end - 2);
    if (typeof length === 'number') return this.#accept(at, end, length);
    // A print without a line break may stand before the name. The last place is tried, not every one: the last length counts, and a block costs two looks at most.
    const last = lastLengthName(bytes, at + 1, end);
    const behind = last < 0 ? length : readLength(bytes, last, end - 2);
    this.#scanned = 0;
    if (typeof behind !== 'number') return this.#lose(bytes, at, end, end, length);
    this.#lose(bytes, at, last, last, length);
    return this.#accept(last, end, behind);
  }

  #accept(at: number, end: number, length: number): number {
    this.#reportDamage();
    this.#bodyBytes = length;
    if (length <= this.#limits.maxMessageBytes) {
      this.#headerBytes = end - at;
      this.#next('body');
      return at;
    }
    this.#damage = { reason: 'message-too-large', message: `a message of ${length} bytes; the most is ${this.#limits.maxMessageBytes}` };
    this.#next('skip');
    return this.#drop(at, end);
  }

  #body(bytes: Buffer, at: number, to: number): number {
    const size = this.#headerBytes + this.#bodyBytes;
    const end = Math.min(to, at + size);
    const next = innerHeader(bytes, Math.max(at + this.#headerBytes, at + this.#scanned - maxInnerHeader), end);
    if (next >= 0) {
      this.#damage ??= interrupted;
      this.#next('header');
      return this.#drop(at, next);
    }
    this.#scanned = end - at;
    if (to - at < size) return more;
    this.#out.push(readJsonRpc(bytes, at + this.#headerBytes, at + size, size, this.#dialect));
    this.#next('header');
    return at + size;
  }

  /** Drops `bytes[at..end)`. What begins like a header was meant as one; anything else is noise. */
  #lose(bytes: Buffer, at: number, end: number, readTo: number, fault: Fault): number {
    this.#damage ??= beginsLikeHeader(bytes, at, readTo) ? fault : noise;
    this.#state = 'seek';
    return this.#drop(at, end);
  }

  #drop(at: number, end: number): number {
    this.#dropped += end - at;
    this.#scanned = Math.max(0, this.#scanned - (end - at));
    return end;
  }

  #seek(bytes: Buffer, at: number, to: number): number {
    const found = nextLengthName(bytes, at, to);
    if (found >= 0) {
      this.#state = 'header';
      return this.#drop(at, found);
    }
    // The name may have begun in the last bytes.
    const kept = lengthName.length - 1;
    return to - at > kept ? this.#drop(at, to - kept) : more;
  }

  #skip(bytes: Buffer, at: number, to: number): number {
    const end = at + Math.min(this.#bodyBytes, to - at);
    const next = innerHeader(bytes, at, end);
    if (next >= 0) {
      this.#next('header');
      return this.#drop(at, next);
    }
    const isOver = end - at === this.#bodyBytes;
    // A header may have begun in the last bytes.
    const skipped = isOver ? end - at : Math.max(0, end - at - maxInnerHeader);
    this.#bodyBytes -= skipped;
    this.#drop(at, at + skipped);
    if (!isOver) return skipped > 0 ? at + skipped : more;
    this.#reportDamage();
    this.#next('header');
    return end;
  }

  #reportDamage(): void {
    if (this.#damage !== undefined) this.#out.push(damaged(this.#damage, this.#dropped));
    this.#damage = undefined;
    this.#dropped = 0;
  }
}

/** How far before its end a header within a body is looked for. */
const maxInnerHeader = 256;
const headerEnd = Buffer.from('\r\n\r\n');
const interrupted: Fault = { reason: 'truncated', message: 'a message in which another begins: its Content-Length was too large' };

/**
 * Where a whole header begins within a body; -1 if there is none.
 *
 * No JSON has one: line breaks within its strings are escaped. So a length that was damaged, and may be of gigabytes, costs what is up to
 * the next message and not all that follows.
 */
function innerHeader(bytes: Buffer, from: number, to: number): number {
  const body = bytes.subarray(from, to);
  for (let end = body.indexOf(headerEnd); end >= 0; end = body.indexOf(headerEnd, end + 1)) {
    const name = lastLengthName(body, Math.max(0, end - maxInnerHeader), end);
    if (name >= 0 && typeof readLength(body, name, end + 2) === 'number') return from + name;
  }
  return -1;
}

/** The length that the header lines in `bytes[from..end)` give; the last counts, as in the v7 codec. */
function readLength(bytes: Buffer, from: number, end: number): number | Fault {
  let length: number | undefined;
  for (let line = from, stop = 0; line < end; line = stop + 2) {
    stop = endOf(bytes, CR, line, end);
    const split = endOf(bytes, colon, line, stop);
    if (split === line || split === stop) return { reason: 'bad-header', message: 'a header line without a name' };
    if (split - line === lengthName.length - 1 && endsLengthName(bytes, split)) length = readDigits(bytes, split + 1, stop);
  }
  if (length !== undefined && length >= 0) return length;
  return { reason: 'bad-length', message: `a header with ${length === undefined ? 'no' : 'a bad'} Content-Length` };
}

/** Where `byte` is in `bytes[from..to)`, else `to`. */
function endOf(bytes: Buffer, byte: number, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at] !== byte) at++;
  return at;
}

/** One to ten digits, with spaces around them; -1 for anything else. */
function readDigits(bytes: Buffer, from: number, to: number): number {
  let at = from;
  let stop = to;
  while (at < stop && bytes[at] === space) at++;
  while (at < stop && bytes[stop - 1] === space) stop--;
  return at < stop && stop - at <= 10 ? numberIn(bytes, at, stop) : -1;
}

function beginsLikeHeader(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number;
    if (byte === colon) return at > from;
    if (byte <= 0x20 || byte > 0x7e) return false;
  }
  return false;
}

/** Where `Content-Length:` begins next, in any letter case; -1 if it does not within `bytes[from..to)`. */
function nextLengthName(bytes: Buffer, from: number, to: number): number {
  for (let at = from + lengthName.length - 1; at < to; at++)
    if (bytes[at] === colon && endsLengthName(bytes, at)) return at + 1 - lengthName.length;
  return -1;
}

function lastLengthName(bytes: Buffer, from: number, to: number): number {
  for (let at = to - 1; at >= from + lengthName.length - 1; at--)
    if (bytes[at] === colon && endsLengthName(bytes, at)) return at + 1 - lengthName.length;
  return -1;
}

function endsLengthName(bytes: Buffer, end: number): boolean {
  // 0x20 makes ASCII letters small. It also lets a carriage return pass for the hyphen, which is refused once the header is read.
  for (let i = 0; i < lengthName.length - 1; i++)
    if (((bytes[end - lengthName.length + 1 + i] as number) | 0x20) !== lengthName[i]) return false;
  return true;
}
