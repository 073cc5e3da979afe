import { expect, test } from 'vitest';
import { sessionBounds } from '../../transport/limits.ts';
import { Talk, type Talker } from './conversation-support.ts';

const megabyte = 'x'.repeat(1_000_000);

/** Both sides, the one that sends, and how many bytes of payload of it the other has not had. */
function talk(): readonly [Talk, Talker, () => number] {
  const both = new Talk();
  both.calm(1);
  const [side, other] = both.sides;
  return [both, side, () => side.out(other.conversation.seed)];
}

test('without urgent messages as much is on its way as a plain session takes', () => {
  const [, side, out] = talk();
  side.send(megabyte);
  expect(out()).toBeLessThanOrEqual(sessionBounds.plainBytes);
  expect(out()).toBeGreaterThan(sessionBounds.plainBytes - sessionBounds.plainTurn - 4_096);
});

test('behind an urgent message there is less on its way, for as long as another one is expected', () => {
  const [both, side, out] = talk();
  side.send('urgent', 0, () => {}, true);
  side.send(megabyte);
  expect(out()).toBeLessThanOrEqual(sessionBounds.besideUrgent);
  for (let sent = 0; sent < sessionBounds.urgentMemory - sessionBounds.plainBytes;) {
    sent += side.wire[0]?.length ?? Infinity;
    both.carry(1);
    both.carry(0);
    expect(out()).toBeLessThanOrEqual(sessionBounds.besideUrgent);
    if (side.wire.length === 0) side.send(megabyte);
  }
  both.calm(3);
  for (let nth = 0; nth < 3; nth++) {
    side.send(megabyte);
    both.calm(3);
  }
  side.send(megabyte);
  expect(out()).toBeGreaterThan(2 * sessionBounds.besideUrgent);
});

test('an urgent message leaves at once, however little room others have', () => {
  const [, side, out] = talk();
  side.send('urgent', 0, () => {}, true);
  side.send('x'.repeat(sessionBounds.plainTurn));
  while (out() + sessionBounds.plainTurn + 100 < sessionBounds.besideUrgent) side.send('x'.repeat(sessionBounds.plainTurn - 100));
  const before = side.wire.length;
  side.send('y'.repeat(900), 0, () => {}, true);
  side.send('z'.repeat(900), 0, () => {}, true);
  expect(side.wire.slice(before).map(({ length }) => length > 900)).toEqual([true, true]);
});

// Every byte of the second is two on the line: both sides count what was meant, or one waits for what the other finds not worth saying.
test.each([
  ['of text', Buffer.alloc(1_000_000, 'x')],
  ['of bytes that are all escaped', Buffer.alloc(1_000_000, 0xff)],
])('a message %s that has to wait for the small window goes on as soon as the other side says what it has', (_, large) => {
  // Frames as they are by default: a turn is one, and three are all of the window.
  const both = new Talk({}, 65_536);
  both.calm(1);
  const [side, other] = both.sides;
  side.send('urgent', 0, () => {}, true);
  let isDone = false;
  side.send(large, 0, () => (isDone = true));
  // No question after a second is needed: the clock stands still.
  for (let more = true; more;) more = [both.carry(0), both.carry(1)].includes(true);
  expect(isDone).toBe(true);
  expect(other.messages).toEqual(['urgent', large.toString()]);
});
