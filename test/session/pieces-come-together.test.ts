import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RemoteProtocolError } from '../../transport/errors.ts';
import { OutgoingMessages } from '../../transport/session/outgoing-messages.ts';
import { Pieces, type Piece } from '../../transport/session/pieces.ts';
import { SpareMemory } from '../../transport/spare-memory.ts';
import { runs } from '../property.ts';

const limits = { message: 100_000, messages: 4 };
const spare = new SpareMemory(1_000_000);
const piece = (number: number, text: string, ends: { first?: number; last?: boolean; drop?: boolean } = {}): Piece => ({
  first: ends.first !== undefined,
  last: ends.last === true,
  drop: ends.drop === true,
  bytes: false,
  number,
  total: ends.first,
  payload: Buffer.from(text),
});

test('messages that are cut and interleaved come out whole, each when its last piece is there', () => {
  const message = fc.record({ size: fc.integer({ min: 0, max: 20_000 }), bytes: fc.boolean(), gaveUp: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 12 }),
      fc.array(fc.record({ which: fc.nat(3), most: fc.constantFrom(1, 17, 300, 4096, 9000) }), { minLength: 1, maxLength: 500 }),
      (messages, turns) => {
        const outgoing = new OutgoingMessages();
        const pieces = new Pieces(limits, spare);
        const left = messages.map(({ size, bytes, gaveUp }, n) => ({ payload: Buffer.alloc(size, n), bytes, gaveUp }));
        const expected: Buffer[] = [];
        const came: Buffer[] = [];
        for (let turn = 0; left.length > 0; turn++) {
          const { which, most: some } = turns[turn % turns.length] as { which: number; most: number };
          const most = turn > 20_000 ? 9000 : some;
          // No more than four have begun at once.
          const at = which % Math.min(limits.messages, left.length);
          const { payload, bytes, gaveUp } = left[at] as (typeof left)[number];
          const drop = gaveUp && outgoing.hasBegun(payload) ? outgoing.drop(payload, turn) : undefined;
          const cut = drop ?? outgoing.cut(payload, bytes, most, turn);
          if (cut.last) expected.push(payload);
          if (cut.last || drop !== undefined) left.splice(at, 1);
          const whole = pieces.take({ ...cut, payload: Buffer.from(payload.subarray(cut.from, cut.to)) });
          if (whole === undefined) continue;
          expect(whole).not.toBeInstanceOf(RemoteProtocolError);
          came.push((whole as { payload: Buffer }).payload);
          expect((whole as { bytes: boolean }).bytes).toBe(bytes);
        }
        expect(came.map((payload) => payload.toString('latin1'))).toEqual(expected.map((payload) => payload.toString('latin1')));
        expect([pieces.held, pieces.count, outgoing.begun]).toEqual([0, 0, 0]);
      },
    ),
    runs(60),
  );
});

test('whatever pieces come, what is held is bounded by what was named, and no message is longer or shorter than it said', () => {
  const any = fc.record({
    number: fc.nat(6),
    first: fc.boolean(),
    last: fc.boolean(),
    drop: fc.boolean(),
    bytes: fc.boolean(),
    total: fc.nat(5_000),
    size: fc.nat(2_000),
  });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 200 }), (all) => {
      const pieces = new Pieces({ message: 4_000, messages: 4 }, spare);
      for (const { size, total, ...one } of all) {
        if (one.first && one.last) continue;
        const came = pieces.take({ ...one, total: one.first ? total : undefined, payload: Buffer.alloc(size) });
        expect(pieces.count).toBeLessThanOrEqual(4);
        expect(pieces.held).toBeLessThanOrEqual(4 * 4_000);
        if (came !== undefined && 'payload' in came) expect(came.payload.length).toBeLessThanOrEqual(4_000);
      }
    }),
    runs(100),
  );
});

test('what does not come to what was said is dropped as a whole', () => {
  const pieces = new Pieces(limits, spare);
  expect(pieces.take(piece(1, 'abc', { first: 6 }))).toBeUndefined();
  expect(pieces.take(piece(1, 'de', { last: true }))).toMatchObject({ reason: 'bad-length', dropped: 5 });
  expect(pieces.take(piece(2, 'abc', { first: 6 }))).toBeUndefined();
  expect(pieces.take(piece(2, 'defg'))).toMatchObject({ reason: 'bad-length' });
  expect(pieces.take(piece(2, 'g', { last: true }))).toMatchObject({ reason: 'truncated' });
  expect(pieces.take(piece(3, 'abc', { first: 3 }))).toMatchObject({ reason: 'bad-length' });
  // Only its last piece ends it.
  expect(pieces.take(piece(4, 'abc', { first: 6 }))).toBeUndefined();
  expect(pieces.take(piece(4, 'def'))).toMatchObject({ reason: 'bad-length' });
  // A piece has something in it, and pieces of one message are alike.
  expect(pieces.take(piece(5, '', { first: 3 }))).toMatchObject({ reason: 'bad-length' });
  expect(pieces.take(piece(5, 'abc', { last: true }))).toMatchObject({ reason: 'truncated' });
  expect(pieces.take(piece(6, 'abc', { first: 6 }))).toBeUndefined();
  expect(pieces.take({ ...piece(6, 'def', { last: true }), bytes: true })).toMatchObject({ reason: 'bad-length' });
  expect([pieces.held, pieces.count]).toEqual([0, 0]);
});

test('more at once than is allowed, or more of one, is told; where frames were lost, what may never end makes room', () => {
  const pieces = new Pieces(limits, spare);
  expect(pieces.take(piece(0, 'a', { first: 100_001 }))).toEqual({ limit: 'message', most: 100_000, value: 100_001 });
  for (let number = 0; number < 4; number++) expect(pieces.take(piece(number, 'a', { first: 9 }))).toBeUndefined();
  expect(pieces.take(piece(4, 'a', { first: 9 }))).toEqual({ limit: 'messages', most: 4, value: 5 });
  pieces.frameLost();
  expect(pieces.take(piece(4, 'a', { first: 9 }))).toBeUndefined();
  expect(pieces.count).toBe(4);
  expect(pieces.take(piece(0, 'a'))).toMatchObject({ reason: 'truncated' });
});

test('what a message says of its length costs nothing: room is made for what has come, and some', () => {
  const pieces = new Pieces({ message: 16_000_000, messages: 8 }, spare);
  const some = 'x'.repeat(1024);
  expect(pieces.take(piece(1, some, { first: 16_000_000 }))).toBeUndefined();
  expect(pieces.held).toBeLessThanOrEqual(128 * 1024);
  for (let kib = 2; kib <= 1024; kib++) {
    expect(pieces.take(piece(1, some))).toBeUndefined();
    expect(pieces.held).toBeLessThanOrEqual(Math.max(128, 2 * kib) * 1024);
  }
});
