/**
 * Section start: from `import` to the first answered call, both ends in one fresh process; and what is installed for it.
 *
 * Traps: the files come from the system's cache after the first time; Node's own start is not in it. The floor shows what
 * Node's streams and the bench itself take.
 */
import { contenderNames, contenders } from './contenders/index.ts';
import { count, digits, times } from './format.ts';
import type { Bench, Section, Table } from './section.ts';
import { packedSize, weigh } from './sizes.ts';
import { inTurn, Series } from './statistics.ts';
import { versionOf } from './versions.ts';

/** One of ours is enough: they are one package. */
const started = contenderNames.filter((name) => !['jsonrpc-headers', 'virtagent-v7', 'batched-floor'].includes(name));

export const start: Section = {
  title: 'from import to the first answered call, and sizes',

  steps: ({ chosen, rounds }) => chosen(started).length * (rounds + 1),

  async run(bench) {
    const series = new Series();
    const chosen = bench.chosen(started);
    // The first round brings the files into the system's cache.
    for (let round = -1; round < bench.rounds; round++) {
      for (const contender of inTurn(chosen, Math.max(round, 0))) {
        const ms = Number(await bench.crew.run(bench.workshop.script('workers/start.ts'), [contender], 'client'));
        if (round >= 0) series.add(contender, ms);
        bench.step();
      }
    }
    const table: Table = {
      title: 'from import to the first answered call, both ends in one process',
      columns: [{ name: 'contender' }, { name: 'ms', show: digits }, { name: '× birpc', show: times }],
      rows: chosen.map((contender) => [contender, series.median(contender), series.ratio(contender, 'birpc')]),
    };
    return { tables: [table, sizes(bench)], figures: {} };
  },
};

function sizes({ chosen }: Bench): Table {
  const packages = chosen(started).flatMap((contender) => contenders[contender].package ?? []);
  const packed = packedSize();
  return {
    title: 'sizes',
    columns: [
      { name: 'package' },
      { name: 'version' },
      { name: 'installed, KiB', show: count },
      { name: 'its dependencies', show: count },
      { name: 'with them, KiB', show: count },
    ],
    rows: packages.map((name) => {
      const { own, dependencies, total } = weigh(name);
      return [name, versionOf(name), own / 1024, dependencies, total / 1024];
    }),
    notes: [
      `npm pack: virtagent is ${count(packed.size / 1024)} KiB to download, ${packed.entryCount} files (the command is one of them).`,
    ],
  };
}
