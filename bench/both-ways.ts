/**
 * Section both-ways: the same echo, called by both ends of one line at the same time, 64 in flight each way.
 *
 * Both processes then encode and decode requests and answers, so twice the calls one way would be a wonder: with both
 * processors busy, as many in all as one way is the most that can be had from a contender that costs both ends the same.
 */
import type { ContenderName } from './contenders/index.ts';
import { count, times } from './format.ts';
import { openPair, type Bench, type Pair, type Section } from './section.ts';
import { inTurn, Series } from './statistics.ts';

/** Those that serve at both ends. */
const able: readonly ContenderName[] = ['jsonrpc-lines', 'birpc', 'vscode-jsonrpc', 'json-rpc-2.0', 'capnweb', 'floor'];

export const bothWays: Section = {
  title: 'both ways at once, 64 in flight each way',

  steps: ({ chosen, rounds }) => chosen(able).length * 2 * rounds,

  async run(bench) {
    const chosen = bench.chosen(able);
    const series = new Series();
    const pairs = new Map<ContenderName, Pair>();
    for (const contender of chosen) pairs.set(contender, await openPair(bench, contender, true));
    for (let round = 0; round < bench.rounds; round++) {
      for (const contender of inTurn(chosen, round)) {
        const pair = pairs.get(contender) as Pair;
        const ways = { 'one way': [pair.client], 'both ways': [pair.client, pair.server] };
        for (const way of inTurn(['one way', 'both ways'] as const, round)) {
          const rate = await totalRate(bench, ways[way]);
          series.add(`${contender} ${way}`, rate);
          bench.step();
        }
      }
    }
    for (const pair of pairs.values()) pair.end();
    const ratio = (contender: ContenderName): number => series.ratio(`${contender} both ways`, `${contender} one way`);
    return {
      tables: [
        {
          title: 'both ways at once, 64 in flight each way, 100 bytes',
          columns: [
            { name: 'contender' },
            { name: 'one way, calls/s', show: count },
            { name: 'both ways, calls/s in all', show: count },
            { name: '× one way', show: times },
            { name: 'both ways × birpc', show: times },
          ],
          rows: chosen.map((contender) => [
            contender,
            series.median(`${contender} one way`),
            series.median(`${contender} both ways`),
            ratio(contender),
            series.ratio(`${contender} both ways`, 'birpc both ways'),
          ]),
        },
      ],
      figures: { 'both ways at once against one way, total calls/s': ratio('jsonrpc-lines') },
    };
  },
};

async function totalRate({ windowMs }: Bench, ends: readonly Pair['client'][]): Promise<number> {
  const figures = await Promise.all(ends.map((end) => end.ask('echo', { inFlight: 64, bytes: 100, windowMs })));
  return figures.reduce((sum, { callsPerSecond }) => sum + callsPerSecond, 0);
}
