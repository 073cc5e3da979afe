import { describe, expect, test } from 'vitest';
import type { OutgoingMessage } from '../../transport/messages.ts';
import { codecOf, codecNames, refusal } from './support.ts';
import { refusalOf } from './v2-messages.ts';

const messages: readonly OutgoingMessage[] = [
  { type: 'item', tag: 'a', at: 0, value: 1 },
  { type: 'more', tag: 'a', items: 1, itemBytes: 1 },
  { type: 'status', tag: 'a', of: 'b' },
  { type: 'limits', limits: {} },
];

describe.each(messages)('a message of $type', (message) => {
  test.each(codecNames)('is refused by %s', (name) => {
    expect(refusal(codecOf(name), message)).toBe('UNSUPPORTED');
  });

  test('is sent by virtagent-2', () => {
    expect(refusalOf(message)).toBe('taken');
  });
});
