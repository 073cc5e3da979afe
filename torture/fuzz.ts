/**
 * Section fuzz: seeded bytes, and sequences of frames, for everything that takes a peer's bytes. Messages or a RemoteProtocolError come of
 * them, and nothing else, in bounded memory.
 *
 * Traps: an input of the session is one thing that happens to it (bytes, a line that goes, time, a send), in a life of five hundred.
 */
import { count } from '../bench/format.ts';
import { decoders } from '../test/codecs/fuzz-inputs.ts';
import type { FuzzOptions, FuzzReport } from './fuzz/part.ts';
import type { Report, Section, Torture } from './section.ts';

const MILLION = 1_000_000;

/** Ten million together, more of them where one takes less. */
const wanted: readonly { readonly of: FuzzOptions['of']; readonly inputs: number }[] = [
  ...decoders.map((of) => ({
    of,
    inputs: of === 'jsonrpc-headers' ? 2.5 * MILLION : of === 'virtagent-2 frames' ? MILLION : 1.5 * MILLION,
  })),
  { of: 'virtagent-2 session', inputs: 0.5 * MILLION },
];

/** Inputs that a worker does at once: seconds. */
const SLICE = 50_000;
/** What a part may leave behind before anything is collected. */
const MOST_LEFT = 128 * 1024 ** 2;

const slices = ({ quick, seed }: Pick<Torture, 'quick' | 'seed'>): FuzzOptions[] =>
  wanted.flatMap(({ of, inputs }) => {
    const total = quick ? inputs / 100 : inputs;
    // Far enough apart that no input is another's: each has a seed of its own.
    return Array.from({ length: Math.ceil(total / SLICE) }, (_, at) => ({
      of,
      seed: seed * 100 * MILLION + at * SLICE,
      count: Math.min(SLICE, total - at * SLICE),
    }));
  });

export const fuzz: Section = {
  title: 'seeded bytes for every decoder and for the session',

  steps: (torture) => slices(torture).length,

  async run(torture: Torture): Promise<Report> {
    const parts = slices(torture);
    const reports: FuzzReport[] = await torture.pool.all('fuzz', parts, torture.step);
    const broken = reports.flatMap(({ broken: what }, at) => (what === undefined ? [] : [`${(parts[at] as FuzzOptions).of}: ${what}`]));
    const rows = wanted.map(({ of }) => {
      const own = reports.filter((_, at) => parts[at]?.of === of);
      const left = Math.max(...own.map((report) => report.left));
      if (left > MOST_LEFT) broken.push(`${of}: ${count(left)} bytes were left behind`);
      const inputs = parts.filter((part) => part.of === of).reduce((sum, part) => sum + part.count, 0);
      return [of, inputs, left / 1024 ** 2, own.filter((report) => report.broken !== undefined).length];
    });
    const total = rows.reduce((sum, [, inputs]) => sum + (inputs as number), 0);
    return {
      tables: [
        {
          title: 'fuzz',
          columns: [
            { name: 'what' },
            { name: 'inputs', show: count },
            { name: 'uncollected at most, MB', show: count },
            { name: 'broke the contract', show: count },
          ],
          rows: [...rows, ['together', total, NaN, broken.length]],
        },
      ],
      broken,
    };
  },
};
