import { isDeepStrictEqual } from 'node:util';
import { RemoteProtocolError, type DamageReason } from '../../transport/errors.ts';
import { encodeFrame, FrameReader, type Frame } from '../../transport/codecs/virtagent-2-frames.ts';
import { decodeMessage } from '../../transport/codecs/virtagent-2-messages.ts';
import type { Decoded, IncomingMessage } from '../../transport/messages.ts';
import { smallLimits } from './arbitraries.ts';
import type { Input, MessageInput, StreamInput } from './fuzz-inputs.ts';
import { codecOf, exact } from './support.ts';
import { otherSeeds, seed } from './v2-support.ts';

/**
 * The contract of a decoder: whatever comes, it yields messages (or frames) or a RemoteProtocolError, never throws, and holds no
 * more than its limits allow. Throws an Error that says how it was broken.
 */
export function check(input: Input): void {
  if (input.decoder === 'virtagent-2 messages') checkMessage(input);
  else if (input.decoder === 'virtagent-2 frames') checkFrames(input);
  else checkCodec(input.decoder, input);
}

// One object, so that the compiler asks for each.
const reasons: Readonly<Record<DamageReason, true>> = {
  noise: true,
  truncated: true,
  'bad-header': true,
  'bad-length': true,
  'bad-checksum': true,
  'other-session': true,
  'header-too-large': true,
  'message-too-large': true,
  'not-a-message': true,
};

const types: Readonly<Record<IncomingMessage['type'], true>> = {
  request: true,
  notification: true,
  response: true,
  cancel: true,
  progress: true,
  item: true,
  more: true,
  status: true,
  limits: true,
  rejected: true,
};

/** A peer's bytes reach a log only quoted. */
const oneLine = /^[^\p{Cc}\u2028-\u202e\u2060-\u206f\ufeff]{1,200}$/u;

function isSoundError(item: Error): boolean {
  return item instanceof RemoteProtocolError && reasons[item.reason] && item.dropped > 0 && oneLine.test(item.message);
}

function isSound(item: Decoded): boolean {
  return item instanceof Error ? isSoundError(item) : types[item.type] && item.bytes > 0;
}

/** Pushes all of a stream, and its end. */
function pour<T>(
  codec: { push(chunk: Uint8Array): T[]; end(): T[]; readonly buffered: number },
  { stream, sizes }: StreamInput,
  most: number,
): T[] {
  const said: T[] = [];
  for (let at = 0, i = 0; at < stream.length; i++) {
    const size = sizes[i % sizes.length] as number;
    said.push(...codec.push(stream.subarray(at, at + size)));
    at += size;
    if (codec.buffered > most) throw new Error(`holds ${codec.buffered} bytes`);
  }
  said.push(...codec.end());
  if (codec.buffered > 0) throw new Error(`holds ${codec.buffered} bytes after the end`);
  return said;
}

// ---- Whole protocols

// One frame of the limits, with room for a line ending.
const mostOfCodec = smallLimits.maxHeaderBytes + smallLimits.maxMessageBytes + 4;

function checkCodec(name: Exclude<StreamInput['decoder'], 'virtagent-2 frames'>, input: StreamInput): void {
  const said = pour(codecOf(name, smallLimits), input, mostOfCodec);
  if (!said.every(isSound)) throw new Error(`said ${exact(said).join(' | ')}`);
  const counted = said.reduce((sum, item) => sum + (item instanceof Error ? item.dropped : item.bytes), 0);
  // In v7 a frame counts its second mark also where that turns out to be the next frame's.
  const extra = name === 'virtagent-v7' ? said.length : 0;
  const { length } = input.stream;
  if (counted > length + extra || (name === 'jsonrpc-headers' && counted !== length))
    throw new Error(`accounts for ${counted} of ${length} bytes: ${exact(said).join(' | ')}`);
}

// ---- virtagent-2

const maxFrame = 300;

function checkFrames(input: StreamInput): void {
  const reader = new FrameReader(maxFrame);
  reader.seed = seed;
  reader.previousSeed = otherSeeds.previous;
  const said = pour(reader, input, 2 * (maxFrame + 32));
  let dropped = 0;
  for (const item of said) {
    if (!(item instanceof Error)) checkFrame(item);
    else if (isSoundError(item)) dropped += item.dropped;
    else throw new Error(`said ${item.message}`);
  }
  if (dropped > input.stream.length) throw new Error(`dropped ${dropped} of ${input.stream.length} bytes`);
}

/** What was read is what would be sent: so all its fields are in their ranges, and nothing was left out. */
function checkFrame(frame: Frame): void {
  const reader = new FrameReader(maxFrame);
  reader.seed = seed;
  const [again, ...rest] = reader.push(encodeFrame(frame, seed));
  if (rest.length > 0 || !isDeepStrictEqual(again, frame)) throw new Error(`read ${JSON.stringify(frame)}`);
  if (frame.kind === 'data' && frame.payload.length > maxFrame) throw new Error(`${frame.payload.length} bytes of payload`);
}

const v2SmallLimits = { ...smallLimits, maxDepth: 8, maxTagLength: 64, maxMethodLength: 256, maxMessageBytes: 400 };

function checkMessage({ payload, bytes }: MessageInput): void {
  const read = decodeMessage(payload, bytes, v2SmallLimits);
  if (read instanceof Error) {
    // An empty payload is damage, too, and has nothing that could be dropped.
    if (!isSoundError(read) && payload.length > 0) throw new Error(`said ${read.message}`);
    return;
  }
  if (!isSound(read) || read.bytes !== payload.length) throw new Error(`said ${JSON.stringify(read)}`);
  for (const tag of tagsOf(read)) if (typeof tag !== 'string' || tag.length > 64) throw new Error(`the tag ${JSON.stringify(tag)}`);
  if (read.type === 'rejected' || (read.type === 'response' && !read.answer.ok))
    checkText(read.type === 'rejected' ? read.error.message : '');
}

function tagsOf(message: IncomingMessage): unknown[] {
  if (message.type === 'notification' || message.type === 'limits') return [];
  if (message.type === 'progress') return [message.token];
  return message.type === 'status' ? [message.tag, message.of] : [message.tag];
}

/** Our own words about what is wrong go back to the peer, and may be logged there. */
function checkText(text: string): void {
  if (text !== '' && !oneLine.test(text)) throw new Error(`says ${JSON.stringify(text)}`);
}
