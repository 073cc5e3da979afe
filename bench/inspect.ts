/**
 * Section inspect: what it costs to be looked at, at both ends of a line, with 64 calls in flight.
 *
 * Traps: one pair is looked at in all ways in turn, so its code is compiled for all of them; a second pair is never looked at, and shows
 * whether that costs those that could be. The ring is written at up to a million steps a second and twenty thousand are told: a viewer costs
 * the look through the ring and the JSON, whatever the rate of calls.
 */
import { count, digits, times } from './format.ts';
import { WARM_UP_MS, type Bench, type Section } from './section.ts';
import { inTurn, Series } from './statistics.ts';
import type { Worker } from './crew.ts';
import type { InspectTasks, Watched } from './workers/inspect.ts';

type Line = 'watched' | 'never';
interface Pair {
  readonly client: Worker<InspectTasks>;
  readonly server: Worker<InspectTasks>;
}

const ways = ['nobody', 'ring', 'viewer', 'observer'] as const satisfies readonly Watched[];
const measured: readonly { readonly name: string; readonly line: Line; readonly how: Watched }[] = [
  { name: 'nobody, ever', line: 'never', how: 'nobody' },
  { name: 'nobody', line: 'watched', how: 'nobody' },
  { name: 'inspector', line: 'watched', how: 'ring' },
  { name: 'inspector and viewer', line: 'watched', how: 'viewer' },
  { name: "XState's observer", line: 'watched', how: 'observer' },
];
const inFlight = 64;

export const inspect: Section = {
  title: 'what it costs to be looked at',

  steps: ({ rounds }) => measured.length * rounds + ways.length,

  async run(bench) {
    const pairs: Record<Line, Pair> = { watched: await openPair(bench), never: await openPair(bench) };
    const series = new Series();
    const measure = async (line: Line, how: Watched, windowMs: number) => {
      const { client, server } = pairs[line];
      for (const end of [client, server]) await end.ask('watch', how);
      const used = (): Promise<number[]> => Promise.all([client.ask('used', undefined), server.ask('used', undefined)]);
      const before = await used();
      const figures = await client.ask('echo', { inFlight, windowMs });
      const [ofClient = NaN, ofServer = NaN] = (await used()).map((micros, end) => (micros - (before[end] ?? NaN)) / figures.calls);
      return { ...figures, ofClient, ofServer };
    };
    for (const how of ways) {
      await measure('watched', how, WARM_UP_MS);
      if (how === 'nobody') await measure('never', how, WARM_UP_MS);
      bench.step();
    }
    for (let round = 0; round < bench.rounds; round++) {
      for (const { name, line, how } of inTurn(measured, round)) {
        const { callsPerSecond, p99, ofClient, ofServer } = await measure(line, how, bench.windowMs);
        series.add(name, callsPerSecond);
        series.add(`${name} p99`, p99);
        series.add(`${name} client`, ofClient);
        series.add(`${name} server`, ofServer);
        const told = await pairs[line].client.ask('told', undefined);
        if (how === 'viewer') for (const [what, much] of Object.entries(told)) series.add(what, (much / bench.windowMs) * 1000);
        bench.step();
      }
    }
    for (const { client, server } of Object.values(pairs)) for (const end of [client, server]) end.end();
    return {
      tables: [
        {
          title: `echo, ${inFlight} in flight, 100 bytes, virtagent-2, looked at at both ends by`,
          columns: [
            { name: 'whom' },
            { name: 'calls/s', show: count },
            { name: 'p99 µs', show: count },
            { name: '× nobody', show: times },
            { name: 'caller, CPU µs a call', show: digits },
            { name: '× nobody', show: times },
            { name: 'server, CPU µs a call', show: digits },
            { name: '× nobody', show: times },
          ],
          rows: measured.map(({ name }) => [
            name,
            series.median(name),
            series.median(`${name} p99`),
            series.ratio(name, 'nobody'),
            ...['client', 'server'].flatMap((end) => [series.median(`${name} ${end}`), series.ratio(`${name} ${end}`, `nobody ${end}`)]),
          ]),
          notes: [
            `The viewer of the caller is told ${count(series.median('steps'))} steps a second in ${count(series.median('bytes') / 1024)} KiB of JSON; ` +
              `${count(series.median('leftOut'))} are left out, and counted.`,
          ],
        },
      ],
      figures: {
        'calls/s with an inspector, against nobody': series.ratio('inspector', 'nobody'),
        'calls/s with an inspector and a viewer, against nobody': series.ratio('inspector and viewer', 'nobody'),
        'calls/s after an inspector has gone, against never': series.ratio('nobody', 'nobody, ever'),
      },
    };
  },
};

async function openPair({ crew, workshop }: Bench): Promise<Pair> {
  const path = workshop.socket();
  const script = workshop.script('workers/inspect.ts');
  const server = crew.worker<InspectTasks>(script, 'server', 'the server that is looked at');
  const client = crew.worker<InspectTasks>(script, 'client', 'the client that is looked at');
  await server.ask('listen', path);
  await Promise.all([client.ask('open', path), server.ask('open', path)]);
  await client.ask('echo', { inFlight, windowMs: WARM_UP_MS });
  return { client, server };
}
