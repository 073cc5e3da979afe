import { expect, test } from 'vitest';
import { after, bytes, duration, momentAfter, several, shortCount } from '../../../inspector/page/state/format.ts';

test.each([
  [0, '0.0 ms'],
  [0.04, '40 µs'],
  [0.0996, '0.1 ms'],
  [9.94, '9.9 ms'],
  [9.96, '10 ms'],
  [999.4, '999 ms'],
  [999.6, '1.00 s'],
  [12_340, '12.3 s'],
  [185_000, '3 m 05 s'],
  [7_860_000, '2 h 11 m'],
  [Infinity, '–'],
])('%d milliseconds are %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test('moments say which way they are', () => {
  expect([after(1.5), after(-1500), momentAfter(2914.25)]).toEqual(['+1.5 ms', '−1.50 s', '+2.9143 s']);
});

test('bytes and counts are short', () => {
  expect([bytes(812), bytes(1400), bytes(3_200_000), bytes(4e9)]).toEqual(['812 B', '1.4 KiB', '3.1 MiB', '3.7 GiB']);
  expect([shortCount(9_999), shortCount(12_345), shortCount(123_456), shortCount(4_100_000)]).toEqual(['9999', '12.3k', '123k', '4.1M']);
  expect([several(1, 'job'), several(2000, 'job')]).toEqual(['1 job', '2,000 jobs']);
});
