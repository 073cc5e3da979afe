/**
 * Section noise: every protocol on a line in memory of which each byte is hit with some probability: a bit flipped, the byte dropped,
 * doubled, another one before it, or up to 64 bytes gone.
 *
 * Traps: a hit that takes 64 bytes counts as one, so at 10⁻² one byte in fifteen does not arrive as it was sent; and time is the line's own,
 * which goes on only when nothing else does.
 */
import { count } from '../bench/format.ts';
import type { NoiseResult, Setup } from './noise/noisy-pair.ts';
import type { Report, Section, Torture } from './section.ts';

const rates = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2] as const;

interface Part extends Setup {
  /** Calls at each of the rates. */
  readonly calls: readonly number[];
  /** Whether no line is ever given up: it goes on where it was. */
  readonly keepsLine: boolean;
  /** What must hold besides that it goes on. */
  readonly holds: (result: NoiseResult) => string | undefined;
}

const none = (): undefined => undefined;
const sum = ({ wrong, errors, twice, wronglyRun }: NoiseResult): number => wrong + errors + twice + wronglyRun;

const parts: readonly Part[] = [
  {
    name: 'virtagent-2, reliable',
    protocol: 'virtagent-2',
    reliable: true,
    inFlight: 32,
    // All rates together: 100,000. What is hit more often takes longer.
    calls: [30_000, 25_000, 20_000, 20_000, 5_000],
    keepsLine: true,
    holds: (result) => {
      if (result.right !== result.calls || sum(result) > 0) return 'not every call was answered once, and right';
      return result.violations > 0 ? `${result.violations} violations` : undefined;
    },
  },
  {
    name: 'virtagent-2, plain',
    protocol: 'virtagent-2',
    reliable: false,
    inFlight: 32,
    calls: [20_000, 10_000, 10_000, 10_000, 3_000],
    keepsLine: true,
    holds: (result) => (result.lost <= result.framesHit && sum(result) === 0 ? undefined : 'it lost more than was hit, or answered wrong'),
  },
  { name: 'virtagent-v7', protocol: 'virtagent-v7', inFlight: 5, calls: Array(5).fill(2_000), keepsLine: true, holds: none },
  { name: 'jsonrpc-lines', protocol: 'jsonrpc-lines', inFlight: 32, calls: Array(5).fill(5_000), keepsLine: true, holds: none },
  { name: 'jsonrpc-headers', protocol: 'jsonrpc-headers', inFlight: 32, calls: Array(5).fill(5_000), keepsLine: false, holds: none },
  { name: 'qemu-ga, as client', protocol: 'qemu-ga', inFlight: 1, calls: Array(5).fill(2_000), keepsLine: true, holds: none },
];

const runs = parts.flatMap((part) => rates.map((rate, at) => ({ part, rate, calls: part.calls[at] as number })));

export const noise: Section = {
  title: 'calls on a line that changes, loses and adds bytes, at 10⁻⁶ to 10⁻² of all',

  steps: () => runs.length,

  async run({ pool, seed, quick, step }: Torture): Promise<Report> {
    // The longest first, so that both workers end at once.
    const order = runs.toSorted((a, b) => b.rate * b.calls - a.rate * a.calls);
    const wanted = order.map(({ part: { name, protocol, reliable, inFlight }, rate, calls }) => ({
      setup: { name, protocol, inFlight, ...(reliable === undefined ? {} : { reliable }) },
      rate,
      calls: quick ? calls / 20 : calls,
      seed,
    }));
    const results = await pool.all('noise', wanted, step);
    const resultOf = new Map(order.map((run, at) => [run, results[at] as NoiseResult]));
    const broken: string[] = [];
    for (const [{ part, rate }, result] of resultOf) {
      const why = part.holds(result) ?? (result.goesOn ? undefined : 'it did not go on after the noise');
      const unsaid = result.unexplained > 0 ? 'a line was given up without a reason' : undefined;
      const left = part.keepsLine && result.givenUp > 0 ? `${result.givenUp} lines were given up` : undefined;
      for (const one of [why, unsaid, left]) if (one !== undefined) broken.push(`${part.name} at ${rate}, seed ${seed}: ${one}`);
    }
    return { tables: [table(resultOf)], broken };
  },
};

function table(resultOf: ReadonlyMap<(typeof runs)[number], NoiseResult>): Report['tables'][number] {
  const numbers = [
    'hits',
    'frames hit',
    'calls',
    'right',
    'lost',
    'wrong answers',
    'errors',
    'run wrongly',
    'run twice',
    'lines given up',
    'own seconds',
  ];
  return {
    title: 'noise',
    columns: [{ name: 'protocol' }, { name: 'rate' }, ...numbers.map((name) => ({ name, show: count })), { name: 'goes on' }],
    rows: runs.map((run) => {
      const { hits, framesHit, calls, right, lost, wrong, errors, wronglyRun, twice, givenUp, ms, goesOn } = resultOf.get(
        run,
      ) as NoiseResult;
      const frames = run.part.protocol === 'virtagent-2' ? framesHit : NaN;
      return [
        run.part.name,
        `${run.rate}`,
        hits,
        frames,
        calls,
        right,
        lost,
        wrong,
        errors,
        wronglyRun,
        twice,
        givenUp,
        ms / 1000,
        goesOn ? 'yes' : 'NO',
      ];
    }),
    notes: [
      'frames hit: those with messages. wrong answers, and run wrongly: damage that nobody noticed; virtagent-2 alone has a checksum.',
      'errors: damage that the other side noticed in what was still a request, or ours in what was still an answer.',
    ],
  };
}
