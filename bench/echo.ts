/**
 * Section echo: two processes on a unix socket, one calls `echo` of the other, with so many calls in flight.
 *
 * Traps: latency grows with what is in flight (64 calls in flight at 10 µs each take 640 µs each), so compare within a
 * table; what batches its writes looks slow with one call in flight and fast with many.
 */
import { contenderNames, contenders, type ContenderName } from './contenders/index.ts';
import { count, digits, times } from './format.ts';
import { openPair, type Bench, type Pair, type Report, type Section, type Table } from './section.ts';
import { inTurn, Series } from './statistics.ts';
import { versionOf } from './versions.ts';

interface Load {
  readonly name: string;
  readonly inFlight: number;
  readonly bytes: number;
  readonly contenders: readonly ContenderName[];
}

/** v7 has a window of five, and is no contender beyond it. */
const withoutV7 = contenderNames.filter((name) => name !== 'virtagent-v7');
const loads: readonly Load[] = [
  { name: '1 in flight', inFlight: 1, bytes: 100, contenders: contenderNames },
  { name: '5 in flight', inFlight: 5, bytes: 100, contenders: ['virtagent-v7', 'jsonrpc-lines', 'birpc'] },
  { name: '64 in flight', inFlight: 64, bytes: 100, contenders: withoutV7 },
  { name: '1024 in flight', inFlight: 1024, bytes: 100, contenders: withoutV7 },
  { name: '16 in flight x 64 KiB', inFlight: 16, bytes: 64 * 1024, contenders: withoutV7 },
];

const measured = ({ chosen }: Bench): { readonly contender: ContenderName; readonly load: Load }[] =>
  loads.flatMap((load) => chosen(load.contenders).map((contender) => ({ contender, load })));

export const echo: Section = {
  title: 'echo: one way, two processes on a unix socket',

  // Each is warmed up once, by half a window.
  steps: (bench) => measured(bench).length * (bench.rounds + 1),

  async run(bench) {
    const pairs = new Map<ContenderName, Pair>();
    const series = new Series();
    const measure = async (contender: ContenderName, { inFlight, bytes }: Load, windowMs = bench.windowMs) => {
      const figures = await (pairs.get(contender) as Pair).client.ask('echo', { inFlight, bytes, windowMs });
      bench.step();
      return figures;
    };
    for (const contender of bench.chosen(contenderNames)) pairs.set(contender, await openPair(bench, contender));
    for (const { contender, load } of measured(bench)) await measure(contender, load, bench.windowMs / 2);
    for (let round = 0; round < bench.rounds; round++) {
      for (const load of inTurn(loads, round)) {
        for (const contender of inTurn(bench.chosen(load.contenders), round)) {
          const { callsPerSecond, p50, p99 } = await measure(contender, load);
          series.add(`${load.name}: ${contender} calls/s`, callsPerSecond);
          series.add(`${load.name}: ${contender} p50`, p50);
          series.add(`${load.name}: ${contender} p99`, p99);
        }
      }
    }
    const setUps = [...pairs].map(([contender, { how }]) => [contender, versionOf(contenders[contender].package), how]);
    for (const pair of pairs.values()) pair.end();
    return report(bench, series, setUps);
  },
};

function report({ chosen }: Bench, series: Series, setUps: string[][]): Report {
  const tables = loads.map((load): Table => ({
    title: `echo, ${load.name}${load.bytes === 100 ? ', 100 bytes' : ''}`,
    columns: [
      { name: 'contender' },
      { name: 'calls/s', show: count },
      { name: 'p50 µs', show: digits },
      { name: 'p99 µs', show: digits },
      { name: '× birpc', show: times },
      { name: '× vscode-jsonrpc', show: times },
      { name: '× floor', show: times },
    ],
    rows: chosen(load.contenders).map((contender) => {
      const name = `${load.name}: ${contender}`;
      const rate = (other: ContenderName): number => series.ratio(`${name} calls/s`, `${load.name}: ${other} calls/s`);
      return [
        contender,
        series.median(`${name} calls/s`),
        series.median(`${name} p50`),
        series.median(`${name} p99`),
        ...(['birpc', 'vscode-jsonrpc', 'floor'] as const).map(rate),
      ];
    }),
  }));
  const ours = (load: string, what: string, other: ContenderName): number =>
    series.ratio(`${load}: jsonrpc-lines ${what}`, `${load}: ${other} ${what}`);
  return {
    tables: [{ title: 'set-up', columns: [{ name: 'contender' }, { name: 'version' }, { name: 'how' }], rows: setUps }, ...tables],
    figures: {
      'echo, 64 in flight, calls/s against birpc': ours('64 in flight', 'calls/s', 'birpc'),
      'echo, 64 in flight, calls/s against vscode-jsonrpc': ours('64 in flight', 'calls/s', 'vscode-jsonrpc'),
      'echo, 1024 in flight, calls/s against birpc': ours('1024 in flight', 'calls/s', 'birpc'),
      "echo, 64 in flight, p99 against birpc's": ours('64 in flight', 'p99', 'birpc'),
      'echo, 1 in flight, p50 against the bare floor': ours('1 in flight', 'p50', 'floor'),
      'echo, 16 in flight x 64 KiB, calls/s against birpc': ours('16 in flight x 64 KiB', 'calls/s', 'birpc'),
    },
  };
}
