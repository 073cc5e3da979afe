import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SentFrames } from '../../transport/session/sent-frames.ts';
import { sessionBounds } from '../../transport/limits.ts';
import { TakenFrames } from '../../transport/session/taken-frames.ts';
import { SEQ_MODULUS } from '../../transport/session/numbers.ts';
import { runs } from '../property.ts';

interface Sent {
  readonly count: number;
  isTaken: boolean;
}

/** What sent frames are to be, as a list. */
class Model {
  readonly frames: Sent[] = [];
  taken = 0;

  add(): void {
    this.frames.push({ count: this.taken + this.frames.length, isTaken: false });
  }

  acknowledge(next: number, bits: readonly number[]): void {
    while (this.taken < next) {
      this.frames.shift();
      this.taken++;
    }
    for (const bit of bits) {
      const frame = this.frames[bit + 1];
      if (frame !== undefined) frame.isTaken = true;
    }
  }
}

const bytesOf = (bits: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array(16);
  for (const bit of bits) bytes[bit >> 3] = (bytes[bit >> 3] as number) | (1 << (bit & 7));
  return bytes;
};

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('add' as const), frames: fc.integer({ min: 1, max: 40 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('status' as const), taken: fc.nat(40), bits: fc.uniqueArray(fc.nat(127), { maxLength: 20 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('line' as const), taken: fc.nat(20) }) },
);

test('what is known of sent frames is what a list would say, also behind the end of their numbers', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.constantFrom(0, SEQ_MODULUS - 50, 3 * SEQ_MODULUS - 7), (steps, start) => {
      const sent = new SentFrames(1000);
      const model = new Model();
      for (let at = 0; at < start; at++) {
        sent.add(Buffer.alloc(1), 1, 0);
        sent.acknowledge((at + 1) % SEQ_MODULUS, bytesOf([]), 0);
      }
      model.taken = start;
      for (const [now, one] of steps.entries()) {
        if (one.do === 'add') {
          for (let at = 0; at < one.frames; at++) {
            // How long a payload is has nothing to do with how long its frame is.
            sent.add(Buffer.from(String(sent.sent)), sent.sent % 7, now);
            model.add();
          }
        } else {
          const next = model.taken + Math.min(one.taken, model.frames.length);
          const bits = one.do === 'line' ? [] : one.bits.filter((bit) => next - model.taken + bit + 1 < model.frames.length);
          if (one.do === 'line') {
            expect(sent.confirm(next)).toBe(true);
            sent.forgetBits();
            model.acknowledge(next, []);
            for (const frame of model.frames) frame.isTaken = false;
          } else {
            expect(['taken', 'nothing']).toContain(sent.acknowledge(next % SEQ_MODULUS, bytesOf(bits), now).type);
            model.acknowledge(next, bits);
          }
        }
        expect([sent.taken, sent.size, sent.sent]).toEqual([model.taken, model.frames.length, model.taken + model.frames.length]);
      }
      const untaken = model.frames.filter(({ isTaken }) => !isTaken).map(({ count }) => String(count));
      expect([...sent.oldest(Infinity, 0)].map(String)).toEqual(untaken);
      expect(sent.bytes).toBe(model.frames.reduce((sum, { count }) => sum + (count % 7), 0));
    }),
    runs(200),
  );
});

test('what was never sent can not be taken, and what was said before says nothing new', () => {
  const five = (): SentFrames => {
    const frames = new SentFrames(10);
    for (let n = 0; n < 5; n++) frames.add(Buffer.alloc(1), 1, 0);
    return frames;
  };
  expect(five().acknowledge(6, bytesOf([]), 0).type).toBe('impossible');
  expect(five().acknowledge(3, bytesOf([1]), 0).type).toBe('impossible');
  const sent = five();
  expect(sent.acknowledge(3, bytesOf([0]), 7)).toEqual({ type: 'taken', frames: 4, sends: 4, roundTrip: 7 });
  expect(sent.acknowledge(3, bytesOf([0]), 0).type).toBe('nothing');
  expect(sent.acknowledge(2, bytesOf([]), 0).type).toBe('behind');
  expect(sent.confirm(2)).toBe(false);
  expect(sent.confirm(6)).toBe(false);
});

test('lost is what was sent before what is taken: sent again, it is not lost until something behind that is taken', () => {
  const sent = new SentFrames(10);
  for (let n = 0; n < 6; n++) sent.add(Buffer.from(String(n)), 1, 0);
  sent.acknowledge(0, bytesOf([2]), 0);
  expect([...sent.lost(0)].map(String)).toEqual(['0', '1', '2']);
  expect([...sent.lost(0)]).toEqual([]);
  sent.acknowledge(0, bytesOf([2, 3, 4]), 0);
  expect([...sent.lost(0)]).toEqual([]);
  // Of the three that were sent again the second came.
  sent.acknowledge(0, bytesOf([0, 2, 3, 4]), 0);
  expect([...sent.lost(0)].map(String)).toEqual(['0']);
});

interface Numbered {
  readonly seq: number;
  readonly payload: Buffer;
}

const numbered = (seq: number, payload = Buffer.alloc(0)): Numbered => ({ seq, payload });

test('in a reliable session every frame is handed on once and in order, if it comes often enough', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(60), { maxLength: 300 }), fc.constantFrom(0, SEQ_MODULUS - 30), fc.nat(3), (order, start, forgets) => {
      const taken = new TakenFrames<Numbered>(true);
      const got: number[] = [];
      for (let at = 0; at < start; at++) taken.take(numbered(at), () => {});
      for (const [at, count] of order.entries()) {
        if (at % 100 === 50 && forgets > 0) taken.forgetAhead();
        const before = taken.next;
        const came = taken.take(numbered((start + count) % SEQ_MODULUS), ({ seq }) => got.push(seq));
        if (start + count < before) expect(came).toBe('again');
        const bits = taken.bits();
        expect(bits.length).toBeLessThanOrEqual(sessionBounds.framesAhead / 8);
      }
      for (let count = 0; count <= 60; count++) taken.take(numbered((start + count) % SEQ_MODULUS), ({ seq }) => got.push(seq));
      expect(got).toEqual(Array.from({ length: 61 }, (_, count) => (start + count) % SEQ_MODULUS));
      expect(taken.hasGap).toBe(false);
    }),
    runs(300),
  );
});

test('a frame too far ahead is not kept, and in a plain session what lies between counts as lost', () => {
  const reliable = new TakenFrames<Numbered>(true);
  expect(reliable.take(numbered(sessionBounds.framesAhead + 1), () => {})).toBe('too-far');
  expect(reliable.take(numbered(sessionBounds.framesAhead), () => {})).toBe('ahead');
  expect([...reliable.bits()].at(-1)).toBe(0x80);
  const plain = new TakenFrames<Numbered>(false);
  const lost: number[] = [];
  expect(plain.take(numbered(5), (_, gap) => lost.push(gap))).toBe('next');
  expect(plain.take(numbered(4), () => {})).toBe('again');
  expect(plain.take(numbered(6), (_, gap) => lost.push(gap))).toBe('next');
  expect([lost, plain.lost, plain.next]).toEqual([[5, 0], 5, 7]);
});

test('the payload of a frame is only lent: one that is kept until another has come is a copy', () => {
  const taken = new TakenFrames<Numbered>(true);
  const memory = Buffer.from('second');
  const got: string[] = [];
  taken.take(numbered(1, memory), () => {});
  memory.fill('x');
  taken.take(numbered(0, Buffer.from('first')), ({ payload }) => got.push(payload.toString()));
  expect(got).toEqual(['first', 'second']);
});
