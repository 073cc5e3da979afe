/** `npm run soak`: full load both ways for half an hour, and whether anything grows. */
import { Command } from 'commander';
import { Crew } from '../bench/crew.ts';
import { count, digits } from '../bench/format.ts';
import { progressBar, textOf } from '../bench/print.ts';
import { median } from '../bench/statistics.ts';
import { whole } from './options.ts';
import { Workshop } from './workshop.ts';
import type { Sample, SoakTasks } from './workers/soak.ts';

/** A sample each second, after as many as it takes to warm up. */
const WARM_UP = 20;
/** Bytes an hour that the heap may grow by: less than what a day would notice. Half an hour of a leak of one byte a call is 100 MB. */
const MOST_AN_HOUR = 8 * 1024 ** 2;

const { minutes, json } = new Command('npm run soak --')
  .description('Two processes call each other as fast as they can; says whether heap, handles and timers stay where they are.')
  .option('--minutes <number>', 'how long', whole, 30)
  .option('--json', 'print one JSON document', false)
  .addHelpText('after', '\nExit codes: 0 nothing grows; 1 something does; 2 usage; 130 and 143 interrupted.')
  .exitOverride((exit) => process.exit(exit.exitCode === 0 ? 0 : 2))
  .parse()
  .opts<{ minutes: number; json: boolean }>();

const crew = new Crew();
let workshop: Workshop | undefined;
process.once('exit', () => {
  crew.end();
  workshop?.remove();
});
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

try {
  workshop = await Workshop.open();
  process.exitCode = (await soak(workshop)) ? 0 : 1;
} catch (error) {
  console.error(`soak: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  crew.end();
}

async function soak(workshop: Workshop): Promise<boolean> {
  const path = workshop.path('sock');
  const ends = (['server', 'client'] as const).map((side) =>
    crew.worker<SoakTasks>(workshop.script('soak'), side, `${side} of the soak`, ['--expose-gc']),
  );
  for (const [at, end] of ends.entries()) await end.ask('open', { path, listens: at === 0 });
  const samples: Sample[][] = [[], []];
  const seconds = Math.max(1, minutes) * 60;
  const bar = progressBar(seconds);
  bar.show('soak');
  for (let second = 0; second < seconds; second++) {
    const both = await Promise.all(ends.map((end) => end.ask('sample', 1_000)));
    for (const [at, sample] of both.entries()) if (second >= WARM_UP) samples[at]?.push(sample);
    bar.step();
  }
  bar.end();
  const rows = samples.map((own, at) => rowOf(at === 0 ? 'server' : 'client', own));
  const grows = rows.filter(({ isFlat }) => !isFlat);
  if (json) console.log(JSON.stringify({ minutes, flat: grows.length === 0, ends: rows }, undefined, 2));
  else {
    const table = rows.map((row) => [
      row.side,
      row.calls,
      row.callsPerSecond,
      row.heapMB,
      row.anHourMB,
      row.handles,
      row.timers,
      row.wrong,
    ]);
    const numbers = ['calls', 'calls/s', 'heap, MB', 'growth an hour, MB', 'handles more', 'timers more', 'wrong'];
    const shows = [count, count, digits, digits, count, count, count];
    const columns = [{ name: 'end' }, ...numbers.map((name, at) => ({ name, show: shows[at] as typeof count }))];
    console.log(textOf({ title: `soak, ${Math.max(1, minutes)} min`, columns, rows: table }));
    console.log(grows.length === 0 ? 'Nothing grows.' : 'Something grows.');
  }
  return grows.length === 0;
}

function rowOf(side: string, samples: readonly Sample[]) {
  const anHour = slope(samples.map(({ heap }) => heap)) * 3600;
  const third = Math.max(1, Math.floor(samples.length / 3));
  const more = (of: (sample: Sample) => number): number => median(samples.slice(-third).map(of)) - median(samples.slice(0, third).map(of));
  const calls = samples.reduce((sum, sample) => sum + sample.calls, 0);
  const wrong = samples.reduce((sum, sample) => sum + sample.wrong, 0);
  const [handles, timers] = [more((sample) => sample.handles), more((sample) => sample.timers)];
  // A slope over a minute is noise; what has grown in all is looked at, too. A write that is under way counts as a handle.
  const grown = more(({ heap }) => heap);
  const isFlat = (anHour < MOST_AN_HOUR || grown < 2 * 1024 ** 2) && handles <= 2 && timers <= 2 && wrong === 0 && calls > 0;
  const heapMB = median(samples.map(({ heap }) => heap)) / 1024 ** 2;
  return { side, calls, callsPerSecond: calls / samples.length, heapMB, anHourMB: anHour / 1024 ** 2, handles, timers, wrong, isFlat };
}

/** Of the line that fits best, per sample. */
function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let above = 0;
  let below = 0;
  for (const [at, value] of values.entries()) {
    above += (at - middle) * (value - mean);
    below += (at - middle) ** 2;
  }
  return below === 0 ? 0 : above / below;
}
