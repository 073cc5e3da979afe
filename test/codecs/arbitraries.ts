import fc from 'fast-check';
import { errorTable, type ErrorCode } from '../../transport/errors.ts';
import type { Limits } from '../../transport/limits.ts';
import type { OutgoingMessage } from '../../transport/messages.ts';
import { codecOf, headed, raw, v7Frame, type CodecName } from './support.ts';

/** Small enough that what is generated meets them. */
export const smallLimits: Limits = { maxHeaderBytes: 128, maxMessageBytes: 200, maxDepth: 6, maxMethodLength: 16, maxTagLength: 16 };

const record = <T extends object>(members: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record<T>(members, { noNullPrototype: true });
/** A JSON value as it comes out of a parser. */
export const json = fc.jsonValue({ maxDepth: 3 }).map((value): unknown => JSON.parse(JSON.stringify(value)));
const object = fc.dictionary(fc.string(), json, { maxKeys: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as object);
const array = fc.array(json, { maxLength: 3 });
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 60 });
const id = fc.oneof(text, fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true, noInteger: true }));
const idOrNull = fc.oneof(id, fc.constant(null));

/** Errors of ours that arrive under the same code, as the protocol has a number for them. */
export function knownError(protocol: 'errnum' | 'jsonrpc') {
  const numbers = Object.entries(errorTable).flatMap(([code, kind]) => {
    const number = (kind as Partial<Record<string, unknown>>)[protocol];
    return typeof number === 'number' ? [{ code: code as ErrorCode, number }] : [];
  });
  const known = fc.constantFrom(...numbers);
  const own = fc
    .integer({ min: -1_000_000, max: -1000 })
    .filter((number) => !numbers.some((known) => known.number === number))
    .map((number) => ({ code: 'REMOTE_ERROR' as ErrorCode, number }));
  return fc.tuple(fc.oneof(known, own), text).map(([error, message]) => ({ ...error, message }));
}

const v7Message: fc.Arbitrary<OutgoingMessage> = fc.oneof(
  record({ type: fc.constant('request' as const), tag: ascii, method: text, params: fc.option(object, { nil: undefined }) }),
  record({
    type: fc.constant('response' as const),
    tag: fc.option(
      fc.string({
        unit: fc
          .integer({ min: 0, max: 0xfe })
          .filter((c) => c !== 10 && c !== 13)
          .map((c) => String.fromCharCode(c)),
        maxLength: 62,
      }),
      { nil: undefined },
    ),
    answer: fc.oneof(
      record({ ok: fc.constant(true as const), value: fc.option(object, { nil: undefined }) }),
      record({ ok: fc.constant(false as const), error: knownError('errnum') }),
    ),
  }),
);

const method = text.filter((name) => !name.startsWith('$/'));
const params = fc.oneof(fc.constant(undefined), object, array);

const jsonRpcMessage: fc.Arbitrary<OutgoingMessage> = fc.oneof(
  record({ type: fc.constant('request' as const), tag: idOrNull, method, params }),
  record({ type: fc.constant('notification' as const), method, params }),
  record({
    type: fc.constant('response' as const),
    tag: idOrNull,
    answer: fc.oneof(
      record({ ok: fc.constant(true as const), value: json }),
      record({ ok: fc.constant(false as const), error: knownError('jsonrpc') }),
      record({
        ok: fc.constant(false as const),
        error: fc.tuple(knownError('jsonrpc'), json).map(([error, data]) => ({ ...error, data })),
      }),
    ),
  }),
);

const headersMessage: fc.Arbitrary<OutgoingMessage> = fc.oneof(
  jsonRpcMessage,
  record({ type: fc.constant('cancel' as const), tag: idOrNull }),
  record({ type: fc.constant('progress' as const), token: id, value: json }),
);

/** What we send to a guest agent; what it sends is another thing. */
const command: fc.Arbitrary<OutgoingMessage> = record({
  type: fc.constant('request' as const),
  tag: text,
  method: text,
  params: fc.option(object, { nil: undefined }),
});

/** Messages that come out of a decoder as they went into the encoder, where both sides speak alike. */
export const messages: Record<CodecName, fc.Arbitrary<OutgoingMessage>> = {
  'virtagent-v7': v7Message,
  'jsonrpc-lines': jsonRpcMessage,
  'jsonrpc-headers': headersMessage,
  'qemu-ga': command,
};

const note = '{"jsonrpc":"2.0","method":"m"}';
const call = '{"jsonrpc":"2.0","id":"a","method":"m","params":[1]}';

/** Short valid frames, below the small limits. */
export const validFrames: Record<CodecName, readonly Buffer[]> = {
  'virtagent-v7': [
    v7Frame(['POST /RPC2 HTTP/1.1', 'Content-Type: text/xml', 'Content-Length: 18', 'X-Virtagent-Client-Tag: 1.1'], '{"method": "ping"}'),
    v7Frame(['HTTP/1.1 200 OK', 'Content-Length: 31', 'X-Virtagent-Client-Tag: 2'], '{"errnum": -22, "errstr": "ä"}'),
    v7Frame(['POST', 'Content-Length: 18'], '{"method": "ping"}').subarray(0, -1),
  ],
  'jsonrpc-lines': [raw(`${note}\n`), raw(`${call}\r\n`), Buffer.from('{"jsonrpc":"2.0","id":"a","result":"ä"}\n')],
  'jsonrpc-headers': [
    headed(note),
    headed(call),
    raw(`content-type: x\r\ncontent-LENGTH: ${note.length}\r\n\r\n${note}`),
    headed('{"jsonrpc":"2.0","id":1,"result":"ä"}'),
  ],
  'qemu-ga': [
    raw('{"return": {}, "id": "a.1"}\n'),
    Buffer.from('{"return": "ä", "id": "a.2"}\r\n'),
    raw('{"id": "a.3", "error": {"class": "CommandNotFound", "desc": "no"}}\n'),
    raw('{"error": {"class": "GenericError", "desc": "JSON parse error, stray \'x\'"}}\n'),
    raw('\xff{"return": 7}\n'),
    raw('\xff{"return": 7, "id": "a.4"}\n'),
    raw('{"return": {}}\n'),
  ],
};

/** Every kind of damage that the small limits leave room for. */
export const damagedFrames: Record<CodecName, readonly Buffer[]> = {
  'virtagent-v7': [
    raw('\xffGET /\r\nContent-Length: 2\r\n\r\n{}\xff'),
    raw('\xffPOST\nContent-Length: 2\r\n\r\n{}\xff'),
    raw('\xffPOST\r\nX: a\rb\r\nContent-Length: 2\r\n\r\n{}\xff'),
    raw('\xffPOST\r\nnonsense\r\nContent-Length: 2\r\n\r\n{}\xff'),
    raw('\xffPOST\r\n\r\n{}\xff'),
    raw('\xffPOST\r\nContent-Length: +2\r\n\r\n{}\xff'),
    raw('\xffPOST\r\nContent-Length: 201\r\n\r\n{}\xff'),
    raw('\xffPOST\r\nContent-Length: 2\r\nX-Virtagent-Client-Tag: 12345678901234567\r\n\r\n{}\xff'),
    raw(`\xffPOST ${'x'.repeat(130)}\xff`),
    raw(`\xffPOST ${'x'.repeat(122)}\r\n\r\n\xff`),
    raw('\xffPOST\r\nContent-Length: 20\r\n\r\n{}'),
    raw('\xffHTTP/1.1'),
    raw('\xffPOST\r\nContent-Length: 1\r\n\r\n{}\xff'),
    raw('\xffHTTP\r\nContent-Length: 0\r\n\r\n\xff'),
    raw('between'),
  ],
  'jsonrpc-lines': [
    raw('hello\n'),
    raw('{"jsonrpc":"2.0"\n'),
    raw(`${'x'.repeat(200)}\r\n`),
    raw(`${'x'.repeat(201)}\r\n`),
    raw(`${'x'.repeat(202)}\n`),
    raw(`${'x'.repeat(500)}\n`),
    raw('\n\r\n \r\n'),
    raw(`${'['.repeat(20)}\n`),
    raw('[]\n5\n{}\n'),
    raw('{"jsonrpc":"2.0","result":1}\n'),
    raw('\xff\xfe\n'),
  ],
  'jsonrpc-headers': [
    raw('hello\n'),
    raw('hello'),
    raw('hello\r\n'),
    raw('42 %\r'),
    raw('\xff\xfe'),
    raw('Content-Length: x\r\n\r\n'),
    raw('Content-Length: 3\n\n'),
    raw('Content-Type: x\r\n\r\n'),
    raw('Content-Length: 3\r\nnonsense\r\n\r\n{}'),
    raw('Content-Length: 20\r\n\r\n{}'),
    raw(`Content-Length: 250\r\n\r\n${'x'.repeat(240)}`),
    raw('Content-Length: 300\r\n\r\n'),
    raw(`X: ${'x'.repeat(150)}`),
    raw(`Content-Length: 2\r\nX: ${'x'.repeat(103)}\r\n\r\n{}`),
    raw(`Content-Length: 2\r\nX: ${'x'.repeat(102)}\r\n\r\n{}`),
    raw('Content-Length:'.repeat(12)),
    raw('Content-Length: x Content-Length: 2\r\n\r\n{}'),
    headed('hello'),
    headed('[]'),
  ],
  'qemu-ga': [
    raw('hello\n'),
    raw('{"return": 1\n'),
    raw('{"return": \xff{"return": 1}\n'),
    raw(`${'x'.repeat(200)}\r\n`),
    raw(`${'x'.repeat(201)}\r\n`),
    raw(`${'x'.repeat(202)}\n`),
    raw(`${'x'.repeat(500)}\n`),
    raw(`${'x'.repeat(500)}\xff`),
    raw(`\xff${'x'.repeat(202)}\n`),
    raw('\n\r\n \r\n\xff\n\xff\xff \xff'),
    raw(`${'['.repeat(20)}\n`),
    raw('[]\n5\n{}\n'),
    raw('{"return": 1, "id": 5}\n'),
    raw('{"return": 1, "id": "12345678901234567"}\n'),
    raw('{"execute": "guest-ping", "id": "a"}\n'),
    raw('{"id": "a"}\n'),
    raw('{"error": 5, "id": "a"}\n'),
    raw('{"error": {"class": "GenericError"}}\n'),
    raw('\xfe\n'),
  ],
};

/** What frames are made of, to be put together wrongly. */
export const tokens: Record<CodecName, readonly Buffer[]> = {
  'virtagent-v7': [
    '\xff',
    '\r\n',
    '\r\n\r\n',
    '\n',
    '\r',
    ':',
    ' ',
    'POST',
    'HTTP',
    'Content-Length: ',
    'X-Virtagent-Client-Tag: ',
    '2',
    '18',
    '{}',
    '{"method": "ping"}',
    '[',
    '"',
  ].map(raw),
  'jsonrpc-lines': [
    '\n',
    '\r',
    '\r\n',
    ' ',
    '{',
    '}',
    '[',
    ']',
    '"',
    '\\',
    ',',
    ':',
    '{}',
    '"jsonrpc":"2.0"',
    '"id":1',
    '"method":"m"',
    '"result":1',
    '\xff',
  ].map(raw),
  'jsonrpc-headers': [
    '\r\n',
    '\r\n\r\n',
    '\n',
    '\r',
    ':',
    ' ',
    'Content-',
    'Length',
    'Content-Length: ',
    'content-length:',
    '2',
    '30',
    '250',
    '{}',
    note,
    '"',
    '\xff',
  ].map(raw),
  'qemu-ga': [
    '\n',
    '\r',
    ' ',
    '\xff',
    '{',
    '}',
    '"',
    '\\',
    ',',
    ':',
    '{}',
    '"return"',
    '"return": 7',
    '"id": "a.1"',
    '"error"',
    '{"class": "GenericError", "desc": "no"}',
    '"__proto__"',
  ].map(raw),
};

/** Streams that mix valid frames, damage, loose tokens and plain bytes. */
export function streams(name: CodecName): fc.Arbitrary<Buffer> {
  const piece = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...validFrames[name]) },
    { weight: 3, arbitrary: fc.constantFrom(...damagedFrames[name]) },
    { weight: 2, arbitrary: fc.constantFrom(...tokens[name]) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
    { weight: 1, arbitrary: messages[name].map((message) => Buffer.from(codecOf(name).encode(message))) },
  );
  return fc.array(piece, { maxLength: 12 }).map((pieces) => Buffer.concat(pieces));
}

/** Sizes of pieces to cut a stream into, used over and over. */
export const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 200 })), { minLength: 1, maxLength: 12 });
