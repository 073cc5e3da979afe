import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventReader } from '../../inspector/event-reader.ts';
import { runs } from '../property.ts';

test('events are the same however the text is cut', () => {
  const text = 'retry: 1000\n\ndata: [1]\n\n:\n\ndata:[2]\r\n\r\nevent: x\ndata: a\ndata: b\n\ndata: not ended';
  fc.assert(
    fc.property(fc.array(fc.nat(text.length)), (cuts) => {
      const reader = new EventReader();
      const places = [0, ...cuts.sort((a, b) => a - b), text.length];
      const events = places.slice(1).flatMap((end, at) => reader.push(text.slice(places[at], end)));
      expect(events).toEqual(['[1]', '[2]', 'a\nb']);
    }),
    runs(100),
  );
});

test('an event that is too large ends the reading, whether it has lines or not', () => {
  expect(() => new EventReader(100).push(`data: ${'x'.repeat(100)}`)).toThrow(RangeError);
  expect(() => new EventReader(100).push('data: x\n'.repeat(20))).toThrow(RangeError);
  const reader = new EventReader(100);
  for (let n = 0; n < 50; n++) expect(reader.push('data: 0123456789\n\n')).toEqual(['0123456789']);
});
