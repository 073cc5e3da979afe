import { damagedFrames, tokens, validFrames } from './arbitraries.ts';
import { lyingFrames, lyingMessage, randomMessage, tamperedFrames, tamperedMessage, type Payload } from './fuzz-v2.ts';
import { bytesOf, mutate, numbers, pick, type Random } from './random.ts';
import { codecNames, type CodecName } from './support.ts';

/** Bytes of a line, and the sizes of the chunks that they come in, used over and over. */
export interface StreamInput {
  readonly decoder: CodecName | 'virtagent-2 frames';
  readonly stream: Buffer;
  readonly sizes: readonly number[];
}

/** The payload of a message of virtagent-2. */
export interface MessageInput extends Payload {
  readonly decoder: 'virtagent-2 messages';
}

export type Input = StreamInput | MessageInput;
export type Decoder = Input['decoder'];

/** Whatever takes a peer's bytes. */
export const decoders: readonly Decoder[] = [...codecNames, 'virtagent-2 frames', 'virtagent-2 messages'];

/**
 * `count` inputs for all decoders, or for those that are named, in turn: plain bytes, tampered ones, and some that are right
 * where a check looks first. With one decoder, the input with the number i of a seed is the first of `seed + i`.
 */
export function* inputs(seed: number, count: number, of: readonly Decoder[] = decoders): Generator<Input, void> {
  for (let i = 0; i < count; i++) yield inputFor(of[i % of.length] as Decoder, numbers(seed + i));
}

function inputFor(decoder: Decoder, random: Random): Input {
  if (decoder === 'virtagent-2 messages') return { decoder, ...messageFrom(random) };
  const stream = decoder === 'virtagent-2 frames' ? framesFrom(random) : random(2) === 0 ? bytesOf(random, 120) : tampered(decoder, random);
  const most = random(2) === 0 ? 8 : 400;
  return { decoder, stream, sizes: Array.from({ length: 1 + random(6) }, () => 1 + random(most)) };
}

function messageFrom(random: Random): Payload {
  const kind = random(8);
  return kind === 0 ? randomMessage(random) : kind < 4 ? tamperedMessage(random) : lyingMessage(random);
}

function framesFrom(random: Random): Buffer {
  const kind = random(8);
  return kind === 0 ? bytesOf(random, 120) : kind < 5 ? tamperedFrames(random) : lyingFrames(random);
}

function tampered(name: CodecName, random: Random): Buffer {
  const frames = Array.from({ length: 1 + random(4) }, () => pick(random(3) === 0 ? damagedFrames[name] : validFrames[name], random));
  let stream: Buffer = Buffer.concat(frames);
  for (let left = random(5); left > 0; left--) stream = mutate(stream, tokens[name], validFrames[name], random);
  return stream;
}
