import { readFileSync } from 'node:fs';
import { VirtagentError, type RemoteProtocolError } from '../../transport/errors.ts';
import { limitsFrom, type Limits } from '../../transport/limits.ts';
import type { Codec, Decoded, IncomingMessage, OutgoingMessage } from '../../transport/messages.ts';
import { protocolByName, protocolNames, type ProtocolName } from '../../transport/protocols.ts';

/** A protocol whose bytes need no session: `virtagent-2` has its frames and messages tested by themselves. */
export type CodecName = Exclude<ProtocolName, 'virtagent-2'>;

export const codecNames = protocolNames.filter((name): name is CodecName => name !== 'virtagent-2');

/** Protocols in which both sides speak alike, so that what is encoded can be decoded. */
export const mutualNames = codecNames.filter((name) => protocolByName(name).serves);

/** A codec with the protocol's own limits, and `own` in place of some. */
export function codecOf(name: CodecName, own: Partial<Limits> = {}): Codec {
  const protocol = protocolByName(name);
  return protocol.createCodec(limitsFrom(protocol.limits, own));
}

/** Text as bytes, a character each: `\xff` is the byte 0xFF. */
export function raw(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** A v7 frame with a header of one's own: lines, each to be ended with CR LF. */
export function v7Frame(lines: readonly string[], body: string): Buffer {
  return Buffer.concat([raw(`\xff${lines.map((line) => `${line}\r\n`).join('')}\r\n`), Buffer.from(body), raw('\xff')]);
}

export function v7Request(tag: string, body: string): Buffer {
  return v7Frame(
    ['POST /RPC2 HTTP/1.1', 'Content-Type: text/xml', `Content-Length: ${Buffer.byteLength(body)}`, `X-Virtagent-Client-Tag: ${tag}`],
    body,
  );
}

export function v7Response(tag: string, body: string): Buffer {
  return v7Frame(
    ['HTTP/1.1 200 OK', 'Content-Type: text/xml', `Content-Length: ${Buffer.byteLength(body)}`, `X-Virtagent-Client-Tag: ${tag}`],
    body,
  );
}

/** A frame behind a Content-Length header. */
export function headed(body: string): Buffer {
  return Buffer.from(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

/** What the stream says, given in pieces of `size` bytes (whole if none is named), and its end. */
export function decode(codec: Codec, stream: Uint8Array | string, size = Infinity): Decoded[] {
  const bytes = typeof stream === 'string' ? raw(stream) : Buffer.from(stream);
  const out: Decoded[] = [];
  for (let at = 0; at < bytes.length; at += Math.min(size, bytes.length)) out.push(...codec.push(bytes.subarray(at, at + size)));
  out.push(...codec.end());
  return out;
}

/** What was decoded, in a form to compare: errors as `reason dropped`, messages without their bytes. */
export function plain(decoded: readonly Decoded[]): unknown[] {
  return decoded.map((item) => (item instanceof Error ? `${item.reason} ${item.dropped}` : withoutBytes(item)));
}

export function withoutBytes(message: IncomingMessage): object {
  return Object.fromEntries(Object.entries(message).filter(([name]) => name !== 'bytes'));
}

/** Everything about what was decoded, as text: two decoders agree when these do. */
export function exact(decoded: readonly Decoded[]): string[] {
  return decoded.map((item) => (item instanceof Error ? `${item.reason} ${item.dropped} ${item.message}` : shown(item)));
}

function shown(message: IncomingMessage): string {
  return JSON.stringify(message, (_key, value: unknown) => (value === undefined ? '(undefined)' : value));
}

/** The one thing that the stream says. */
export function only(codec: Codec, stream: Uint8Array | string): IncomingMessage | RemoteProtocolError {
  const [first, ...rest] = decode(codec, stream);
  if (first === undefined || rest.length > 0)
    throw new Error(`expected one, got ${exact([...(first ? [first] : []), ...rest]).join(' | ') || 'none'}`);
  return first;
}

/** The code with which a message is refused, or 'taken'. */
export function refusal(codec: Codec, message: OutgoingMessage): string {
  try {
    codec.encode(message);
  } catch (error) {
    if (error instanceof VirtagentError) return error.code;
    throw error;
  }
  return 'taken';
}

export function capture(name: string): Buffer {
  return readFileSync(new URL(`../fixtures/v7/${name}.bin`, import.meta.url));
}
