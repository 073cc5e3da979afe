/**
 * Section urgent: how long a small call takes while bulk fills the same line.
 *
 * Small calls of 100 bytes go one after the other, beside 16 echoes of 64 KiB that never pause; with virtagent-2 they are byte
 * strings. `fifo` is the same package with everything of one urgency. Traps: bulk that is slower makes room for what is urgent, so the bulk's own rate stands
 * beside it; a window sees only some hundred small calls under bulk, so its p99 is nearly its worst.
 */
import type { ContenderName } from './contenders/index.ts';
import { count, digits, times } from './format.ts';
import { openPair, type Pair, type Section } from './section.ts';
import { inTurn, Series } from './statistics.ts';

interface Case {
  readonly name: string;
  readonly contender: ContenderName;
  readonly urgency: 1 | 2;
  readonly bulk: boolean;
}

const cases: readonly Case[] = [
  { name: 'virtagent-2, alone', contender: 'virtagent-2', urgency: 2, bulk: false },
  { name: 'virtagent-2, urgent under bulk', contender: 'virtagent-2', urgency: 2, bulk: true },
  { name: 'virtagent-2, fifo under bulk', contender: 'virtagent-2', urgency: 1, bulk: true },
  { name: 'jsonrpc-lines, alone', contender: 'jsonrpc-lines', urgency: 2, bulk: false },
  { name: 'jsonrpc-lines, urgent under bulk', contender: 'jsonrpc-lines', urgency: 2, bulk: true },
  { name: 'jsonrpc-lines, fifo under bulk', contender: 'jsonrpc-lines', urgency: 1, bulk: true },
  { name: 'birpc, alone', contender: 'birpc', urgency: 1, bulk: false },
  { name: 'birpc, under bulk', contender: 'birpc', urgency: 1, bulk: true },
];

const ours = ['virtagent-2', 'jsonrpc-lines', 'birpc'] as const;
const BULK = { inFlight: 16, bytes: 64 * 1024 };

/** Twice the window of others: calls under bulk are few. */
const LONGER = 2;

export const urgent: Section = {
  title: 'an urgent call while 16 echoes of 64 KiB are in flight without pause',

  steps: ({ chosen, rounds }) =>
    (cases.filter(({ contender }) => chosen([contender]).length > 0).length + chosen(ours).length) * (rounds + 1),

  async run(bench) {
    const chosen = cases.filter(({ contender }) => bench.chosen([contender]).length > 0);
    const series = new Series();
    const pairs = new Map<ContenderName, Pair>();
    for (const contender of bench.chosen(ours)) pairs.set(contender, await openPair(bench, contender));
    for (let round = -1; round < bench.rounds; round++) {
      for (const [contender, { client }] of pairs) {
        const { callsPerSecond } = await client.ask('bulk', { ...BULK, windowMs: bench.windowMs * (round < 0 ? 0.5 : 1) });
        bench.step();
        if (round >= 0) series.add(`${contender}, bulk alone`, callsPerSecond);
      }
      for (const { name, contender, urgency, bulk } of inTurn(chosen, Math.max(round, 0))) {
        const windowMs = bench.windowMs * (round < 0 ? 0.5 : LONGER);
        const load = bulk ? { ...BULK, windowMs } : undefined;
        const figures = await (pairs.get(contender) as Pair).client.ask('urgent', { urgency, windowMs, bulk: load });
        bench.step();
        // The first round is the warm-up.
        if (round < 0) continue;
        series.add(`${name} p50`, figures.small.p50);
        series.add(`${name} p99`, figures.small.p99);
        series.add(`${name} bulk`, figures.bulk?.callsPerSecond ?? NaN);
      }
    }
    for (const pair of pairs.values()) pair.end();
    const toAlone = ({ name, contender }: Case): number => series.ratio(`${name} p99`, `${contender}, alone p99`);
    const bulkToAlone = ({ name, contender, bulk }: Case): number =>
      bulk ? series.ratio(`${name} bulk`, `${contender}, bulk alone`) : NaN;
    return {
      tables: [
        {
          title: 'urgent under load, 100 bytes, one after the other',
          columns: [
            { name: 'call' },
            { name: 'p50 µs', show: digits },
            { name: 'p99 µs', show: digits },
            { name: 'p99 × alone', show: times },
            { name: 'bulk echoes/s', show: count },
            { name: '× without small calls', show: times },
          ],
          rows: chosen.map((one) => [
            one.name,
            series.median(`${one.name} p50`),
            series.median(`${one.name} p99`),
            toAlone(one),
            series.median(`${one.name} bulk`),
            bulkToAlone(one),
          ]),
        },
      ],
      figures: {
        'virtagent-2, urgent p99 under bulk / alone': series.ratio('virtagent-2, urgent under bulk p99', 'virtagent-2, alone p99'),
        'virtagent-2, bulk beside urgent calls / without': series.ratio('virtagent-2, urgent under bulk bulk', 'virtagent-2, bulk alone'),
        'urgent p99 under bulk / alone': series.ratio('jsonrpc-lines, urgent under bulk p99', 'jsonrpc-lines, alone p99'),
      },
    };
  },
};
