import { Duplex } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPeer } from '../../actors/index.ts';
import { runs } from '../property.ts';

/** One end of a line on which what is read always stands in the same memory, which is written over right after; and so is what was written. */
class Worn extends Duplex {
  other: Worn | undefined;
  readonly #cut: () => number;

  constructor(cut: () => number) {
    super();
    this.#cut = cut;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _: string, done: () => void): void {
    const bytes = Buffer.from(chunk);
    setImmediate(() => {
      for (let at = 0; at < bytes.length;) {
        const piece = Buffer.from(bytes.subarray(at, (at += this.#cut())));
        this.other?.emit('data', piece);
        piece.fill(0xee);
      }
      done();
    });
  }
}

const value = fc.oneof(
  fc.nat(40).map((size) => Buffer.alloc(size, size + 1)),
  fc.constantFrom(2_000, 16_000, 60_000, 66_000, 200_000).chain((size) => fc.nat(255).map((fill) => Buffer.alloc(size, fill))),
  fc.constantFrom(10, 3_000, 70_000).map((size) => 'text '.repeat(size / 5)),
);

test.each([false, true])(
  'what a message carries is its own, whatever becomes of the chunks that it came in (reliable: %s)',
  async (reliable) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ small: value, large: value }, { noNullPrototype: true }), { minLength: 1, maxLength: 6 }),
        fc.array(fc.constantFrom(1_000, 7_001, 70_000), { minLength: 1, maxLength: 9 }),
        async (values, cuts) => {
          let nth = 0;
          const cut = (): number => cuts[nth++ % cuts.length] as number;
          const [left, right] = [new Worn(cut), new Worn(cut)];
          left.other = right;
          right.other = left;
          const kept: unknown[] = [];
          const server = createPeer({
            stream: right,
            protocol: 'virtagent-2',
            reliable,
            methods: { keep: (params: unknown) => (kept.push(params), params) },
          });
          const client = createPeer({ stream: left, protocol: 'virtagent-2', reliable });
          const answers = await Promise.all(values.map((one) => client.call('keep', one)));
          // Compared by Node: `toEqual` takes seconds for bytes.
          expect(isDeepStrictEqual([answers, kept], [values, values])).toBe(true);
          client.close();
          server.close();
        },
      ),
      runs(15),
    );
  },
);

const pairs = {
  auto: [{ protocol: 'auto' }, { protocol: 'virtagent-2' }],
  'jsonrpc-lines': [{ protocol: 'jsonrpc-lines' }, { protocol: 'jsonrpc-lines' }],
  'jsonrpc-headers': [{ protocol: 'jsonrpc-headers' }, { protocol: 'jsonrpc-headers' }],
  'virtagent-v7': [
    { protocol: 'virtagent-v7', role: 'host' },
    { protocol: 'virtagent-v7', role: 'guest' },
  ],
} as const;

test.each(Object.keys(pairs) as (keyof typeof pairs)[])('nor with %s, for texts of any length', async (name) => {
  let nth = 0;
  const cuts = [7, 1_000, 7_001, 70_000, 1];
  const [left, right] = [new Worn(() => cuts[nth++ % 5] as number), new Worn(() => cuts[nth++ % 5] as number)];
  left.other = right;
  right.other = left;
  const [here, there] = pairs[name];
  const server = createPeer({ ...there, stream: right, methods: { keep: (params: unknown) => params } });
  const client = createPeer<Record<string, (params: unknown) => unknown>>({ ...here, stream: left });
  const values = Array.from({ length: 12 }, (_, index) => ({ text: `${index} `.repeat([3, 900, 20_000][index % 3] as number) }));
  const answers = await Promise.all(values.map((one) => client.call('keep', one)));
  expect(isDeepStrictEqual(answers, values)).toBe(true);
  client.close();
  server.close();
});
