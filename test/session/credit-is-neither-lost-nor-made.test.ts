import fc from 'fast-check';
import { expect, test } from 'vitest';
import { roomFor, Talk } from './conversation-support.ts';
import { Allowance, Granted, REQUEST_CHARGE } from '../../transport/session/allowance.ts';
import { runs } from '../property.ts';

const room = { requests: 6, bytes: 200_000 };

type Step =
  | { readonly do: 'send'; readonly size: number }
  | { readonly do: 'carry'; readonly to: 0 | 1; readonly isLost: boolean }
  | { readonly do: 'forget'; readonly which: number }
  | { readonly do: 'release' | 'cut' | 'stick' | 'drain' };

const script = (losses: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), size: fc.constantFrom(10, 900, 5000, 40_000) }) },
      {
        weight: 20,
        arbitrary: fc.record({
          do: fc.constant('carry' as const),
          to: fc.constantFrom(0 as const, 1 as const),
          isLost: fc.constant(false),
        }),
      },
      {
        weight: losses,
        arbitrary: fc.record({ do: fc.constant('carry' as const), to: fc.constantFrom(0 as const, 1 as const), isLost: fc.constant(true) }),
      },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('forget' as const), which: fc.nat(20) }) },
      { weight: 5, arbitrary: fc.constant({ do: 'release' as const }) },
      { weight: 1, arbitrary: fc.constant({ do: 'cut' as const }) },
      { weight: 2, arbitrary: fc.constantFrom({ do: 'stick' as const }, { do: 'drain' as const }) },
    ),
    { maxLength: 120 },
  );

/** Requests go from left to right, and the test is the manager of both. */
function play(reliable: boolean, steps: readonly Step[]): void {
  const talk = new Talk({ reliable, room: roomFor(room) });
  const [left, right] = talk.sides;
  const waiting: number[] = [];
  right.onMessage = ({ payload }) => {
    // Never more than was granted: an honest side's session is not ended.
    expect(right.conversation.charge(payload.length)).toBe(true);
    waiting.push(payload.length);
    expect(waiting.length).toBeLessThanOrEqual(room.requests);
  };
  const release = (): void => {
    const bytes = waiting.shift();
    if (bytes !== undefined) right.conversation.release(bytes);
  };
  const sent: Uint8Array[] = [];
  talk.calm(1);
  for (const one of steps) {
    if (one.do === 'send') {
      if (left.credit.requests > 0 && left.credit.bytes > 0) sent.push(left.send('x'.repeat(one.size), one.size + REQUEST_CHARGE));
    } else if (one.do === 'carry') talk.carry(one.to, one.isLost ? 'lost' : 'whole');
    else if (one.do === 'release') release();
    else if (one.do === 'cut') talk.cut();
    else if (one.do === 'forget') {
      const payload = sent[one.which % Math.max(1, sent.length)];
      if (payload !== undefined) left.forget(payload);
    } else left.stick(one.do === 'stick');
  }
  talk.calm(reliable ? 40 : 2);
  while (waiting.length > 0) release();
  // Each says where it is, whether it is time for that or not.
  for (const side of [left, right]) {
    side.conversation.status();
    talk.calm(1);
  }
  expect(left.credit).toEqual(room);
  for (const side of talk.sides) expect(side.problems.filter((problem) => !problem.startsWith('damage'))).toEqual([]);
}

test('whatever is sent, given up, cut and released, in the end the sender has again what there was', () => {
  fc.assert(
    fc.property(script(0), (steps) => play(false, steps)),
    runs(400),
  );
});

test('what a plain session loses on the way is no credit lost', () => {
  fc.assert(
    fc.property(script(4), (steps) => play(false, steps)),
    runs(400),
  );
});

test('what a plain session loses at the end of a line comes on the next one, and is no credit twice', () => {
  play(false, [
    { do: 'send', size: 10 },
    // The request is lost, and what is said of it arrives: it counts as lost, until the line is cut.
    { do: 'cut' },
    { do: 'carry', to: 1, isLost: true },
    { do: 'carry', to: 1, isLost: false },
    { do: 'cut' },
  ]);
});

test('in a reliable session what is late is not taken for lost', () => {
  fc.assert(
    fc.property(script(6), (steps) => play(true, steps)),
    runs(300),
  );
});

test('counts go on behind what their digits on the line can hold', () => {
  const granted = new Granted();
  let all = 0;
  for (let i = 0; i < 40; i++) {
    all += 2 ** 26;
    const heard = granted.heard(all % 2 ** 28, (all * 4096 * 4) % 2 ** 42);
    expect(heard).toEqual({ requests: 2 ** 26, bytes: 2 ** 40 });
  }
  expect(granted.isSpent({ requests: all - 1, bytes: 0 })).toBe(false);
  expect(granted.isSpent({ requests: all, bytes: 0 })).toBe(true);
  // What was overtaken says nothing new.
  expect(granted.heard((all - 1) % 2 ** 28, 0)).toBeUndefined();
});

test('what a side claims to have spent makes it no credit', () => {
  const allowance = new Allowance(roomFor(room), 1_000);
  allowance.tell();
  allowance.spent(2 ** 20, 2 ** 40);
  const { requests } = allowance.tell();
  // At most all that it was allowed is taken for lost, and allowed again.
  expect(requests).toBe(2 * room.requests);
  for (let i = 0; i < room.requests; i++) allowance.take(10);
  expect(allowance.take(10)).toBe(false);
});
