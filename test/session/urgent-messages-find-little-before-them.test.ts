import { expect, test } from 'vitest';
import { sessionBounds } from '../../transport/limits.ts';
import { Talk, type Talker } from './conversation-support.ts';

/** How many bytes of its frames the other side has not had. */
const out = ({ wire }: Talker): number => wire.reduce((bytes, frame) => bytes + frame.length, 0);
const megabyte = 'x'.repeat(1_000_000);

function talk(): readonly [Talk, Talker] {
  const both = new Talk();
  both.calm(1);
  return [both, both.sides[0]];
}

test('without urgent messages as much is on its way as a plain session takes', () => {
  const [, side] = talk();
  side.send(megabyte);
  expect(out(side)).toBeLessThanOrEqual(sessionBounds.plainBytes);
  expect(out(side)).toBeGreaterThan(sessionBounds.plainBytes - sessionBounds.plainTurn - 4_096);
});

test('behind an urgent message there is less on its way, for as long as another one is expected', () => {
  const [both, side] = talk();
  side.send('urgent', 0, () => {}, true);
  side.send(megabyte);
  expect(out(side)).toBeLessThanOrEqual(sessionBounds.besideUrgent);
  for (let sent = 0; sent < sessionBounds.urgentMemory - sessionBounds.plainBytes;) {
    sent += side.wire[0]?.length ?? Infinity;
    both.carry(1);
    both.carry(0);
    expect(out(side)).toBeLessThanOrEqual(sessionBounds.besideUrgent);
    if (side.wire.length === 0) side.send(megabyte);
  }
  both.calm(3);
  for (let nth = 0; nth < 3; nth++) {
    side.send(megabyte);
    both.calm(3);
  }
  side.send(megabyte);
  expect(out(side)).toBeGreaterThan(2 * sessionBounds.besideUrgent);
});

test('an urgent message leaves at once, however little room others have', () => {
  const [, side] = talk();
  side.send('urgent', 0, () => {}, true);
  side.send('x'.repeat(sessionBounds.plainTurn));
  while (out(side) + sessionBounds.plainTurn + 100 < sessionBounds.besideUrgent) side.send('x'.repeat(sessionBounds.plainTurn - 100));
  const before = side.wire.length;
  side.send('y'.repeat(900), 0, () => {}, true);
  side.send('z'.repeat(900), 0, () => {}, true);
  expect(side.wire.slice(before).map(({ length }) => length > 900)).toEqual([true, true]);
});

test('what has to wait for the small window goes on as soon as the other side says what it has', () => {
  const [both, side] = talk();
  side.send('urgent', 0, () => {}, true);
  let isDone = false;
  side.send(megabyte, 0, () => (isDone = true));
  // No question after a second is needed: the clock stands still.
  for (let more = true; more;) more = [both.carry(0), both.carry(1)].includes(true);
  expect(isDone).toBe(true);
  expect(both.sides[1].messages).toEqual(['urgent', megabyte]);
});
