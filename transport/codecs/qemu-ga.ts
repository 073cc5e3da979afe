import { quote, type RemoteProtocolError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Codec, Decoded, IncomingMessage, OutgoingMessage } from '../messages.ts';
import { ByteBuffer, findByte } from './byte-buffer.ts';
import { damaged, type Fault } from './damage.ts';
import { bodyLength, described, frameOf, isBlank, isObject, jsonText, jsonWord, parseJson, shown, unsent } from './json.ts';
import { readError } from './qemu-ga-errors.ts';

const LF = 0x0a;
const CR = 0x0d;
/** Never part of UTF-8: the agent puts it before the answer to `guest-sync-delimited`, so it is where a stream is taken up again. */
const MARK = 0xff;

const cutLine: Fault = { reason: 'truncated', message: 'a line that the end of the stream cut' };
const markedOff: Fault = { reason: 'truncated', message: 'a line that a 0xFF cut' };
const beforeSync: Fault = { reason: 'noise', message: 'what came before the answer to guest-sync-delimited' };

/** How an error of the agent begins. */
const errorHead = Buffer.from('{"error"');

/** An answer to `guest-sync-delimited` that is awaited. */
interface AwaitedSync {
  /** The number that it has to give back. */
  readonly number: number;
  /** Whether what comes before it is dropped. */
  readonly flushes: boolean;
  /** The number of a sync that did not flush and was not answered in time: its answer is told too. */
  readonly before: number | undefined;
  /** A request whose answer is taken nevertheless. */
  readonly tag: string | undefined;
  /** Lines that our own questions cause: for each an error, as its 0xFF is no JSON, and the answers to all but the last. */
  readonly expected: number;
}

/**
 * The client's side of qemu-guest-agent: commands out, answers in, one JSON object a line. The agent asks nothing, so a request
 * that comes in is damage.
 *
 * A response has our tag; the number of a sync, for that sync's answer; or none, as it came.
 */
export class QemuGaCodec implements Codec {
  readonly #limits: Limits;
  readonly #most: number;
  readonly #held = new ByteBuffer();
  readonly #decode = (bytes: Buffer, from: number, to: number): number => this.#lines(bytes, from, to);
  #out: Decoded[] = [];
  /** Bytes of the unfinished line in which there is neither a line break nor a mark. */
  #scanned = 0;
  /** Bytes dropped of a line that is too long, while in one. */
  #dropped: number | undefined;
  /** Whether the line began behind a mark: 1, which is its byte. */
  #mark: 0 | 1 = 0;
  #sync: AwaitedSync | undefined;
  /** Bytes dropped while a sync is awaited. */
  #skipped = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#most = limits.maxMessageBytes;
  }

  get buffered(): number {
    return this.#held.length;
  }

  push(chunk: Uint8Array): Decoded[] {
    this.#held.feed(chunk, this.#decode);
    return this.#taken();
  }

  end(): Decoded[] {
    if (this.#dropped !== undefined) this.#tooLong(this.#dropped + this.#mark);
    else if (this.#held.length > 0) this.#lose(cutLine, this.#held.length + this.#mark);
    this.#reportSkipped();
    this.#held.clear();
    this.#scanned = this.#mark = 0;
    this.#dropped = this.#sync = undefined;
    return this.#taken();
  }

  encode(message: OutgoingMessage): Uint8Array {
    if (message.type !== 'request') throw unsent('UNSUPPORTED', `a qemu-guest-agent takes commands, and no ${message.type}`);
    const { method, tag } = message;
    if (typeof method !== 'string') throw unsent('UNENCODABLE', `a command's name is a string, not ${quote(method)}`);
    if (typeof tag !== 'string' || tag.length > this.#limits.maxTagLength)
      throw unsent('UNENCODABLE', `${quote(tag)} can not be an id; a string of at most ${this.#limits.maxTagLength} characters can`);
    const text = `{"execute":${jsonWord(method)}${writeArguments(message.params)}${idMember(tag)}}`;
    return frameOf('', text, bodyLength(text, this.#most), '\n');
  }

  /** The frame of an encoded request for an agent that takes no `id` (QEMU before 4.0). */
  withoutId(frame: Uint8Array, tag: string): Uint8Array {
    const text = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
    const end = Buffer.byteLength(idMember(tag)) + 2;
    return Buffer.concat([text.subarray(0, text.length - end), text.subarray(text.length - 2)]);
  }

  /**
   * The frame of `guest-sync-delimited`, whose answer is awaited from now on: a response with `number` for its tag.
   *
   * With `flushes` it begins with a 0xFF, which ends what the agent holds of an earlier command, and everything up to its answer
   * is dropped but an answer to the request `tag`. Without, the agent is known to be in step, and what comes is taken as always.
   */
  sync(number: number, flushes: boolean, tag?: string): Uint8Array {
    const expected = this.#sync === undefined ? 1 : this.#sync.expected + 2;
    const before = this.#sync?.flushes === false ? this.#sync.number : this.#sync?.before;
    this.#sync = { number, flushes, before, tag, expected: flushes ? expected : 0 };
    return frameOf(flushes ? '\xff' : '', ...sized(`{"execute":"guest-sync-delimited","arguments":{"id":${number}}}`), '\n');
  }

  #taken(): Decoded[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  #lines(bytes: Buffer, from: number, to: number): number {
    let at = from;
    // Looked for once a line, however many marks are before it.
    let feed = findByte(bytes, LF, at + this.#scanned, to);
    for (;;) {
      const mark = findByte(bytes, MARK, at + this.#scanned, feed < 0 ? to : feed);
      if (mark < 0 && feed < 0) return this.#unfinished(at, to);
      const end = mark < 0 ? feed : mark;
      if (mark < 0) this.#line(bytes, at, feed);
      else this.#cut(bytes, at, mark);
      this.#mark = mark < 0 ? 0 : 1;
      this.#scanned = 0;
      this.#dropped = undefined;
      at = end + 1;
      if (mark < 0) feed = findByte(bytes, LF, at, to);
    }
  }

  #unfinished(at: number, to: number): number {
    const size = to - at;
    // One more than the most may still be a carriage return.
    if (this.#dropped === undefined && size <= this.#most + 1) {
      this.#scanned = size;
      return at;
    }
    this.#dropped = (this.#dropped ?? 0) + size;
    this.#scanned = 0;
    return to;
  }

  /** What a mark ends is not whole. */
  #cut(bytes: Buffer, at: number, mark: number): void {
    const size = mark - at + this.#mark;
    if (this.#dropped !== undefined || mark - at > this.#most + 1) this.#tooLong((this.#dropped ?? 0) + size);
    else if (!isBlank(bytes, at, mark)) this.#lose(markedOff, size);
  }

  #line(bytes: Buffer, at: number, end: number): void {
    const size = end + 1 - at + this.#mark;
    const stop = end > at && bytes[end - 1] === CR ? end - 1 : end;
    if (this.#dropped !== undefined || stop - at > this.#most) this.#tooLong((this.#dropped ?? 0) + size);
    else if (isBlank(bytes, at, stop)) return;
    else if (this.#sync?.flushes === true) this.#beforeSync(bytes, at, stop, size, this.#sync);
    else this.#out.push(this.#read(bytes, at, stop, size));
  }

  /** A line while everything but the answer to a sync is dropped: most are not even parsed. */
  #beforeSync(bytes: Buffer, at: number, stop: number, size: number, { tag, expected }: AwaitedSync): void {
    const isOurs = tag !== undefined && bytes.subarray(at, stop).includes(jsonWord(tag));
    if (isOurs || this.#mark === 1) {
      const read = this.#read(bytes, at, stop, size);
      const found = 'tag' in read ? read.tag : undefined;
      if (typeof found === 'number' || (found !== undefined && found === tag)) this.#out.push(read);
      if (this.#sync === undefined || (found !== undefined && found === tag)) return;
    }
    const isExpected = this.#mark === 1 || bytes.subarray(at, at + errorHead.length).equals(errorHead);
    if (isExpected && expected > 0) this.#sync = { ...(this.#sync as AwaitedSync), expected: expected - 1 };
    else this.#skipped += size;
  }

  #read(bytes: Buffer, at: number, stop: number, size: number): Decoded {
    const parsed = parseJson(bytes, at, stop, this.#limits.maxDepth);
    if (!parsed.ok) return notAMessage(`a line that is ${described(parsed)}`, size);
    const answer = parsed.value;
    if (!isObject(answer)) return notAMessage(`${shown(answer)}, where an answer is an object`, size);
    const { id: tag, error, return: value } = answer;
    if (error === undefined && value === undefined && answer['execute'] !== undefined)
      return notAMessage('a command, and an agent gives none', size);
    if (tag === undefined && this.#mark === 1) {
      // Without an id it must never pass for the answer to a command.
      if (typeof value === 'number' && value === this.#sync?.before) return response(value, { ok: true, value }, size);
      if (this.#sync === undefined || value !== this.#sync.number) return notAMessage('the answer to a sync that nobody awaits', size);
      return this.#synced(size);
    }
    if (tag !== undefined && (typeof tag !== 'string' || tag.length > this.#limits.maxTagLength))
      return notAMessage('an answer under an id that is none of ours', size);
    if (error !== undefined) return response(tag, { ok: false, error: readError(error) }, size);
    if (value !== undefined) return response(tag, { ok: true, value }, size);
    if (tag === undefined) return notAMessage('an object that is no answer', size);
    const nothing = { code: 'INVALID_RESPONSE', message: 'The answer has neither return nor error' } as const;
    return response(tag, { ok: false, error: nothing }, size);
  }

  #synced(size: number): Decoded {
    const { number } = this.#sync as AwaitedSync;
    this.#reportSkipped();
    this.#sync = undefined;
    return response(number, { ok: true, value: number }, size);
  }

  #reportSkipped(): void {
    if (this.#skipped > 0) this.#out.push(damaged(beforeSync, this.#skipped));
    this.#skipped = 0;
  }

  #tooLong(dropped: number): void {
    this.#lose({ reason: 'message-too-large', message: `a line of more than ${this.#most}` }, dropped);
  }

  #lose(fault: Fault, dropped: number): void {
    if (this.#sync?.flushes === true) this.#skipped += dropped;
    else this.#out.push(damaged(fault, dropped));
  }
}

function idMember(tag: string): string {
  return `,"id":${jsonWord(tag)}`;
}

function writeArguments(params: unknown): string {
  if (params === undefined) return '';
  const text = typeof params === 'object' && params !== null ? jsonText(params, 'the arguments') : undefined;
  // Asked of the text, as a toJSON can turn an object into anything.
  if (text?.[0] !== '{') throw unsent('INVALID_PARAMS', 'a qemu-guest-agent takes arguments that are an object');
  return `,"arguments":${text}`;
}

function sized(text: string): [string, number] {
  return [text, text.length];
}

function response(
  tag: string | number | undefined,
  answer: Extract<IncomingMessage, { type: 'response' }>['answer'],
  bytes: number,
): IncomingMessage {
  return { type: 'response', tag, answer, bytes };
}

function notAMessage(what: string, bytes: number): RemoteProtocolError {
  return damaged({ reason: 'not-a-message', message: what }, bytes);
}
