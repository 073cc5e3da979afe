import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OutgoingMessage } from '../../transport/messages.ts';
import { messages } from './arbitraries.ts';
import { codecOf, decode, mutualNames } from './support.ts';
import { runs } from '../property.ts';

describe.each(mutualNames)('%s', (name) => {
  test('a message that is encoded and decoded is the same message, and took all bytes of its frame', () => {
    fc.assert(
      fc.property(messages[name], (message: OutgoingMessage) => {
        const frame = codecOf(name).encode(message);
        expect(decode(codecOf(name), frame)).toStrictEqual([{ ...message, bytes: frame.length }]);
      }),
      runs(2000),
    );
  });

  test('messages in a row come out in that order', () => {
    fc.assert(
      fc.property(fc.array(messages[name], { maxLength: 10 }), (sent: OutgoingMessage[]) => {
        const codec = codecOf(name);
        const frames = sent.map((message) => codec.encode(message));
        const expected = sent.map((message, i) => ({ ...message, bytes: frames[i]?.length }));
        expect(decode(codec, Buffer.concat(frames), 50)).toStrictEqual(expected);
      }),
      runs(200),
    );
  });
});
