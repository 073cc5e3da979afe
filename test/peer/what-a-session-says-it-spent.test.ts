import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { FrameReader, sessionSeed, type Frame } from '../../transport/codecs/virtagent-2-frames.ts';
import { roomFor } from '../session/conversation-support.ts';
import { Conversation } from '../../transport/session/conversation.ts';
import { SpareMemory } from '../../transport/spare-memory.ts';
import { Timers } from '../../transport/timers.ts';
import type { SendResult } from '../../transport/transport-input.ts';

interface Line {
  readonly conversation: Conversation;
  /** Of that kind, the last that was written. */
  last<K extends Frame['kind']>(kind: K): Extract<Frame, { kind: K }>;
  /** What was written and not taken by the stream: nothing, unless it is full. */
  readonly untaken: ((result: SendResult) => void)[];
  full: boolean;
}

/** One side, on a line that a test reads. */
function side(reliable: boolean): Line {
  const reader = new FrameReader(64 * 1024);
  reader.seed = sessionSeed('aaaaaaaaaaaa', 'bbbbbbbbbbbb');
  const written: Frame[] = [];
  const line = { untaken: [] as Line['untaken'], full: false };
  const conversation = new Conversation(
    {
      timers: new Timers(new SimulatedClock()),
      clock: 0,
      isFlushed: true,
      write: (frame, taken) => {
        written.push(...(reader.push(frame) as Frame[]));
        if (line.full) line.untaken.push(taken);
        else taken({ ok: true });
      },
      onMessage: () => {},
      onDamage: () => {},
      onExcess: () => {},
      onImpossible: () => {},
      onCredit: () => {},
    },
    {
      half: 'aaaaaaaaaaaa',
      other: 'bbbbbbbbbbbb',
      reliable,
      spare: new SpareMemory(0),
      room: roomFor({ requests: 10, bytes: 100_000 }),
      maxMessage: 1_000_000,
    },
  );
  conversation.meet({});
  conversation.lineUp(0);
  const last = (kind: Frame['kind']): never => written.findLast((one) => one.kind === kind) as never;
  return Object.assign(line, { conversation, last }) as Line;
}

const payload = new Uint8Array(40_000);
const charge = payload.length + 2048;

test.each([{ reliable: false }, { reliable: true }])('is what has left it whole ($reliable)', ({ reliable }) => {
  const { conversation, last } = side(reliable);
  let more = true;
  let turns = 0;
  for (; more; turns++) {
    expect(last('status')).toMatchObject({ spentRequests: 0, spentBytes: 0 });
    conversation.send(payload, false, charge, false, (result) => (more = result.ok && result.more === true));
    conversation.takeStatus({ ...last('status'), next: conversation.sent, taken: new Uint8Array(0), grantedRequests: 5 });
    conversation.status();
  }
  expect(turns).toBeGreaterThan(2);
  expect(last('status')).toMatchObject({ spentRequests: 1, spentBytes: charge });
});

test('is not what it gave up in the middle', () => {
  const { conversation, last } = side(true);
  conversation.send(payload, false, charge, false, () => {});
  conversation.forget(payload);
  expect(last('data')).toMatchObject({ drop: true, first: false });
  conversation.status();
  expect(last('status')).toMatchObject({ spentRequests: 0, spentBytes: 0 });
});

test('a message that a full stream had not taken when it went is sent again, so it counts as taken', () => {
  const line = side(false);
  line.full = true;
  const results: SendResult[] = [];
  line.conversation.send(new Uint8Array(10), false, 0, false, (result) => results.push(result));
  line.conversation.send(payload, false, 0, false, (result) => results.push(result));
  expect(results).toEqual([]);
  line.conversation.lineDown();
  expect(results).toEqual([{ ok: true }, { ok: true, more: true }]);
  for (const taken of line.untaken) taken({ ok: true });
  expect(results).toHaveLength(2);
});

test('in a reliable session what has not come is on its way, and does not count as lost', () => {
  const { conversation, last } = side(true);
  const granted = last('status').grantedRequests;
  conversation.takeStatus({ ...last('status'), next: 0, taken: new Uint8Array(0), spentRequests: 3, spentBytes: 3 * 2048 });
  conversation.status();
  expect(last('status').grantedRequests).toBe(granted);
  for (let i = 0; i < granted; i++) expect(conversation.charge(10)).toBe(true);
  expect(conversation.charge(10)).toBe(false);
});
