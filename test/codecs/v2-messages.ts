import fc from 'fast-check';
import { RemoteProtocolError, VirtagentError } from '../../transport/errors.ts';
import { decodeMessage, encodeMessage } from '../../transport/codecs/virtagent-2-messages.ts';
import { sessionLimits, v2Limits, type Limits } from '../../transport/limits.ts';
import type { Decoded, OutgoingMessage } from '../../transport/messages.ts';
import { json, knownError } from './arbitraries.ts';

/** What a text says, with byte strings behind it where any are given. */
export function readText(text: string, strings?: Uint8Array, own: Partial<Limits> = {}): Decoded {
  const limits = { ...v2Limits, ...own };
  return strings === undefined ? decodeMessage(Buffer.from(text), false, limits) : decodeMessage(withStrings(text, strings), true, limits);
}

/** The payload of a message with byte strings: as docs/protocol.md says it, without the encoder. */
export function withStrings(text: string | Buffer, strings: Uint8Array): Buffer {
  const json = Buffer.from(text);
  const { length } = json;
  return Buffer.concat([Buffer.from([length >> 21, (length >> 14) & 0x7f, (length >> 7) & 0x7f, length & 0x7f]), json, strings]);
}

/** A message after it was sent and received. */
export function sent(message: OutgoingMessage, own: Partial<Limits> = {}): Decoded {
  const { payload, bytes } = encodeMessage(message, { ...v2Limits, ...own });
  return decodeMessage(payload, bytes, v2Limits);
}

/** What was read, in few words: its type, with the code of its error; the reason of damage. */
export function gist(read: Decoded): string {
  if (read instanceof RemoteProtocolError) return read.reason;
  if (read.type === 'rejected') return `rejected ${read.error.code} ${String(read.tag)}`;
  if (read.type === 'response' && !read.answer.ok) return `response ${read.answer.error.code} ${String(read.tag)}`;
  return read.type;
}

/** The code with which a message is refused, or 'taken'. */
export function refusalOf(message: OutgoingMessage, own: Partial<Limits> = {}): string {
  try {
    encodeMessage(message, { ...v2Limits, ...own });
  } catch (error) {
    if (error instanceof VirtagentError && error.known === 'not-sent') return error.code;
    throw error;
  }
  return 'taken';
}

// ---- Arbitraries

const record = <T extends object>(members: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record<T>(members, { noNullPrototype: true });
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const whole = fc.maxSafeInteger().map(Math.abs);
const tag = fc.oneof(text, fc.string({ minLength: 60, maxLength: 64 }));
const method = text.filter((name) => !name.startsWith('$/'));
const blob = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const key = fc.oneof(text, fc.constantFrom('', '/', '~', '~1', 'a/b~c', '0', '-', 'length', '__proto__', 'constructor'));

/** A JSON value with byte strings in it. */
export const anyValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    json,
    blob,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((members) => Object.fromEntries(members) as unknown),
  ),
})).value;

const wants = fc.oneof(fc.constant('progress' as const), record({ items: whole, bytes: whole }));
const request = fc
  .tuple(
    tag,
    method,
    fc.oneof(fc.constant(undefined), anyValue),
    fc.record(
      { deadline: whole, urgency: fc.constantFrom(0 as const, 2 as const), wants, nested: fc.constant(true) },
      { requiredKeys: [], noNullPrototype: true },
    ),
  )
  .map(([tag, method, params, options]): OutgoingMessage => ({ type: 'request', tag, method, params, ...options }));

const ownError = record({
  code: fc.constant('REMOTE_ERROR' as const),
  number: fc.constantFrom(-32_601, -32_010, -32_800, 0, 5),
  message: text,
});
const failure = fc
  .tuple(fc.oneof(knownError('jsonrpc'), ownError), fc.option(anyValue, { nil: undefined }))
  .map(([error, data]) => (data === undefined ? error : { ...error, data }));
const limits = fc.dictionary(fc.constantFrom(...Object.keys(sessionLimits)), whole, { noNullPrototype: true });

/** Any message that can be sent, and comes out of the decoder as it is. */
export const anyMessage: fc.Arbitrary<OutgoingMessage> = fc.oneof(
  request,
  record({ type: fc.constant('notification' as const), method, params: fc.oneof(fc.constant(undefined), anyValue) }),
  record({
    type: fc.constant('response' as const),
    tag,
    answer: fc.oneof(
      record({ ok: fc.constant(true as const), value: anyValue }),
      record({ ok: fc.constant(false as const), error: failure }),
    ),
  }),
  record({ type: fc.constant('cancel' as const), tag }),
  record({ type: fc.constant('progress' as const), token: tag, value: anyValue }),
  record({ type: fc.constant('item' as const), tag, at: whole, value: anyValue }),
  record({ type: fc.constant('more' as const), tag, items: whole, itemBytes: whole }),
  record({ type: fc.constant('status' as const), tag, of: tag }),
  record({ type: fc.constant('limits' as const), limits }),
);
