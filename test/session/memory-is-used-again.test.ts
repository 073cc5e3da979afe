import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SpareMemory } from '../../transport/spare-memory.ts';
import { Talk } from './conversation-support.ts';
import { runs } from '../property.ts';

test('what is lent is as long as was asked for, never lent twice at once, and kept up to a bound', () => {
  const size = fc.oneof(fc.nat(5_000), fc.integer({ min: 4_000, max: 90_000 }), fc.constantFrom(1_310_720, 1_310_721, 2_000_000));
  const act = fc.record({ size, gives: fc.nat(3), which: fc.nat(50) });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 80 }), fc.constantFrom(0, 100_000, 3_000_000), (acts, most) => {
      const spare = new SpareMemory(most);
      const out: Buffer[] = [];
      for (const [nth, { size: bytes, gives, which }] of acts.entries()) {
        const memory = spare.take(bytes);
        expect(memory).toHaveLength(bytes);
        memory.fill(nth);
        out.push(memory);
        const given = out.splice(which % out.length, gives > 0 ? 1 : 0);
        // Once or more often is the same.
        for (let time = 0; time < gives; time++) for (const one of given) spare.give(one);
        expect(spare.bytes).toBeLessThanOrEqual(most);
        for (const one of out) expect(one.length === 0 || one[0] === one.at(-1)).toBe(true);
        expect(new Set(out.filter(({ length }) => length >= 4096).map(({ buffer }) => buffer)).size).toBe(
          out.filter(({ length }) => length >= 4096).length,
        );
      }
    }),
    runs(200),
  );
});

test('memory of another place, or of a user, is not taken in', () => {
  const spare = new SpareMemory(1_000_000);
  for (const foreign of [Buffer.alloc(20_480), new Uint8Array(81_920), Buffer.from(new ArrayBuffer(5_120))]) spare.give(foreign);
  expect(spare.bytes).toBe(0);
  const memory = spare.take(20_000);
  spare.give(memory.subarray(0, 10_000));
  expect(spare.bytes).toBe(0);
  spare.give(memory);
  expect(spare.bytes).toBe(20_480);
});

test('a frame that the stream still holds is not written over, although the other side says that it has it', () => {
  const talk = new Talk();
  const [liar, other] = talk.sides;
  talk.calm(1);
  other.send('a'.repeat(4_096));
  const held = other.wire[0] as Uint8Array;
  const before = Buffer.from(held);
  // It has taken it, and the stream holds it all the same.
  liar.hear(before);
  liar.conversation.status();
  other.hear(liar.wire.shift() as Uint8Array);
  expect(other.conversation.confirmed).toBe(1);
  for (let more = 0; more < 8; more++) other.send('b'.repeat(4_096));
  expect(Buffer.from(held).equals(before)).toBe(true);
});

test('once the stream has taken all, the memory of what has arrived holds what is sent next', () => {
  const talk = new Talk();
  const memory = new Set<ArrayBufferLike>();
  for (let nth = 0; nth < 400; nth++) {
    talk.sides[0].send(String(nth % 10).repeat(4_096));
    memory.add((talk.sides[0].wire.at(-1) as Uint8Array).buffer);
    talk.calm(2);
  }
  expect(talk.sides[1].messages).toHaveLength(400);
  expect(memory.size).toBeLessThan(200);
});
