import { quote } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Answer, OutgoingMessage, RequestMessage, Tag, WireError } from '../messages.ts';
import { memoryFor, type SpareMemory } from '../spare-memory.ts';
import { bodyLength, frameOf, jsonWord, unsent } from './json.ts';
import { writeAnswer, writeValue } from './jsonrpc.ts';
import { withoutBytes, type ByteString } from './virtagent-2-byte-strings.ts';
import { putDigits } from './virtagent-2-fields.ts';
import { isTag, lengthBytes, own } from './virtagent-2-words.ts';

export { beyondLimits, decodeMessage } from './virtagent-2-decode.ts';

/** A message's bytes, and whether some of them are byte strings. */
export interface EncodedMessage {
  readonly payload: Buffer;
  /** The flag BYTES of its frames. */
  readonly bytes: boolean;
}

/**
 * A message as the payload of its frames. A Uint8Array anywhere in a value is sent as a byte string.
 *
 * `limits` are the other side's, where those are less: what goes beyond them would end the session, or be dropped. `spare`: where the payload's memory is from, if it is given back.
 * Throws VirtagentError MESSAGE_TOO_LARGE or UNENCODABLE.
 */
export function encodeMessage(message: OutgoingMessage, limits: Limits, spare?: SpareMemory): EncodedMessage {
  const strings: ByteString[] = [];
  const members = new Writer(limits, strings).members(message);
  if (strings.length > 0) return withStrings(members, strings, limits.maxMessageBytes, spare);
  const text = `{${members}}`;
  return { payload: frameOf('', text, bodyLength(text, limits.maxMessageBytes), '', spare), bytes: false };
}

/** Lengths are asked for only now: until the last `toJSON` has run, they may still change. */
function withStrings(members: string, strings: readonly ByteString[], most: number, spare?: SpareMemory): EncodedMessage {
  const list = strings.map(({ pointer, bytes }) => `[${JSON.stringify(pointer)},${bytes.length}]`);
  const text = `{${members},"bytes":[${list.join(',')}]}`;
  const length = bodyLength(text, most);
  let size = lengthBytes + length;
  for (const { bytes } of strings) size += bytes.length;
  if (size > most) throw unsent('MESSAGE_TOO_LARGE', `the message has ${size} bytes; the most is ${most}`);
  const payload = memoryFor(size, spare);
  let at = putDigits(payload, 0, length, lengthBytes);
  at += payload.write(text, at, 'utf8');
  try {
    for (const { bytes } of strings) {
      payload.set(bytes, at);
      at += bytes.length;
    }
  } catch (cause) {
    throw unsent('UNENCODABLE', 'the memory of a byte string was transferred', cause);
  }
  return { payload, bytes: true };
}

class Writer {
  readonly #limits: Limits;
  readonly #strings: ByteString[];

  constructor(limits: Limits, strings: ByteString[]) {
    this.#limits = limits;
    this.#strings = strings;
  }

  members(message: OutgoingMessage): string {
    switch (message.type) {
      case 'request':
        return `"id":${this.#tag(message.tag)},${this.#call(message.method, message.params)}${options(message)}`;
      case 'notification':
        return this.#call(message.method, message.params);
      case 'response':
        return `"id":${this.#tag(message.tag)},${writeAnswer(this.#answer(message.answer), marks)}${count(message.items)}`;
      case 'cancel':
        return `"method":"${own.cancel}","params":{"id":${this.#tag(message.tag)}}`;
      case 'progress':
        return `"method":"${own.progress}","params":{"id":${this.#tag(message.token)},"value":${this.#value(message.value)}}`;
      case 'item':
        return `"method":"${own.item}","params":{"id":${this.#tag(message.tag)},"at":${message.at},"value":${this.#value(message.value)}}`;
      case 'more':
        return `"method":"${own.more}","params":{"id":${this.#tag(message.tag)},"items":${message.items},"bytes":${message.itemBytes}}`;
      case 'status':
        return `"id":${this.#tag(message.tag)},"method":"${own.status}","params":{"id":${this.#tag(message.of)}}`;
      case 'limits':
        return `"method":"${own.limits}","params":${JSON.stringify(message.limits)}`;
    }
  }

  #tag(tag: Tag): string {
    if (isTag(tag, this.#limits)) return jsonWord(tag);
    throw unsent('UNENCODABLE', `${quote(tag)} can not be a tag; a string of at most ${this.#limits.maxTagLength} characters can`);
  }

  #call(method: unknown, params: unknown): string {
    if (typeof method !== 'string' || method.length > this.#limits.maxMethodLength)
      throw unsent(
        'UNENCODABLE',
        `a method's name is a string of at most ${this.#limits.maxMethodLength} characters, not ${quote(method)}`,
      );
    if (method.startsWith(own.prefix)) throw unsent('UNENCODABLE', `methods that begin with ${own.prefix} are the protocol's own`);
    const name = `"method":${jsonWord(method)}`;
    return params === undefined ? name : `${name},"params":${writeValue(this.#strip(params, '/params', 1, 'params'), 'params')}`;
  }

  #value(value: unknown): string {
    return writeValue(this.#strip(value, '/params/value', 2, 'The value'), 'The value');
  }

  #answer(answer: Answer): Answer {
    if (answer.ok) return { ok: true, value: this.#strip(answer.value, '/result', 1, 'The result') };
    const { error } = answer;
    if (error.data === undefined) return answer;
    return { ok: false, error: { ...error, data: this.#strip(error.data, '/error/data', 2, 'The data of the error') } };
  }

  #strip(value: unknown, pointer: string, depth: number, what: string): unknown {
    return withoutBytes(value, pointer, this.#limits.maxDepth - depth, this.#strings, what);
  }
}

/** Whatever the number of a method's own error says elsewhere, here it says nothing of what became of the request; others say too little. */
function marks({ code, known }: WireError): string {
  if (code === 'REMOTE_ERROR') return ',"own":true';
  return known === 'refused' ? ',"refused":true' : '';
}

function count(items: number | undefined): string {
  return items === undefined ? '' : `,"items":${items}`;
}

function options({ deadline, urgency, wants, nested }: RequestMessage): string {
  let text = deadline === undefined ? '' : `,"deadline":${deadline}`;
  if (urgency !== undefined && urgency !== 1) text += `,"urgency":${urgency}`;
  if (wants === 'progress') text += ',"wants":"progress"';
  else if (wants !== undefined) text += `,"wants":{"items":${wants.items},"bytes":${wants.bytes}}`;
  return nested === true ? `${text},"nested":true` : text;
}
