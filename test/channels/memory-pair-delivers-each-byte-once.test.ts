import type { Duplex } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryPair } from '../../transport/channels/index.ts';
import { turns } from './support.ts';
import { runs } from '../property.ts';

type Step = { do: 'write'; side: 0 | 1; size: number } | { do: 'read'; side: 0 | 1; size: number | undefined } | { do: 'turn' };

const side = fc.constantFrom(0 as const, 1 as const);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), side, size: fc.nat(40) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('read' as const), side, size: fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
);

/** One direction: what was written into it and read from it so far. */
class Account {
  written: number[] = [];
  read: number[] = [];
  said = true;
  #next = 0;

  constructor(
    readonly from: Duplex,
    readonly to: Duplex,
    readonly mark: number,
  ) {}

  write(size: number): void {
    const chunk = Buffer.from(Array.from({ length: size }, () => (this.#next = (this.#next + 1) % 251)));
    const unread = this.written.length + size - this.read.length;
    this.written.push(...chunk);
    this.said = this.from.write(chunk);
    // Bytes on their way count twice for a moment, so it may say false too early, but never true too late. (Node says
    // true to an empty write.)
    if (size > 0 && unread >= this.mark) expect(this.said).toBe(false);
  }

  take(size: number | undefined): void {
    const chunk = this.to.read(size) as Buffer | null;
    if (chunk !== null) this.read.push(...chunk);
  }

  async finish(): Promise<void> {
    this.from.end();
    while (!this.to.readableEnded) {
      this.take(undefined);
      await turns(1);
    }
    expect(this.read).toEqual(this.written);
  }
}

test('whatever is written and read in whatever order, each byte arrives once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 64 }), async (steps, highWaterMark) => {
      const ends = memoryPair({ highWaterMark });
      const accounts = [new Account(ends[0], ends[1], highWaterMark), new Account(ends[1], ends[0], highWaterMark)] as const;
      for (const one of steps) {
        if (one.do === 'turn') await turns(1);
        else if (one.do === 'write') accounts[one.side].write(one.size);
        else accounts[one.side].take(one.size);
      }
      await Promise.all(accounts.map((account) => account.finish()));
    }),
    runs(300),
  );
});

test('a flowing reader that pauses at random gets each byte once, and the writer every drain', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(100), { maxLength: 40 }), fc.array(fc.boolean(), { maxLength: 40 }), async (sizes, pauses) => {
      const [left, right] = memoryPair({ highWaterMark: 32 });
      const got: Buffer[] = [];
      right.on('data', (chunk: Buffer) => {
        got.push(chunk);
        if (pauses.shift() !== true) return;
        right.pause();
        setImmediate(() => right.resume());
      });
      const sent = sizes.map((size, index) => Buffer.alloc(size, index));
      for (const chunk of sent) {
        if (!left.write(chunk)) await new Promise((resolve) => left.once('drain', resolve));
      }
      left.end();
      await new Promise((resolve) => right.once('end', resolve));
      expect(Buffer.concat(got).equals(Buffer.concat(sent))).toBe(true);
    }),
    runs(200),
  );
});
