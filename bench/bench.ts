/** `npm run bench`: measures the package against others, and prints what it found. `npm run bench -- --help` explains. */
import { cpus } from 'node:os';
import { Crew, placement } from './crew.ts';
import { readOptions, type Options } from './options.ts';
import { progressBar, textOf } from './print.ts';
import type { Bench, Report } from './section.ts';
import { sections, type SectionName } from './sections.ts';
import { targetTable } from './targets.ts';
import { Workshop } from './workshop.ts';

const options = readOptions();
const crew = new Crew();
let workshop: Workshop | undefined;

// Whatever ends it, no process and no folder of it stays.
process.once('exit', () => {
  crew.end();
  workshop?.remove();
});
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

try {
  workshop = await Workshop.open({ build: options.build });
  await run(options, workshop);
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  crew.end();
}

async function run(options: Options, workshop: Workshop): Promise<void> {
  const began = performance.now();
  const bench: Bench = {
    crew,
    workshop,
    ...options,
    chosen: (names) => names.filter((name) => options.contenders.includes(name)),
    step: () => bar.step(),
  };
  const bar = progressBar(options.only.reduce((sum, name) => sum + sections[name].steps(bench), 0));
  const reports: Partial<Record<SectionName, Report>> = {};
  const machine = { node: process.version, processor: cpus()[0]?.model.trim() ?? 'unknown', processors: cpus().length, placement };
  if (!options.json) console.log(heading(options, machine));
  for (const name of options.only) {
    bar.show(name);
    const report = await sections[name].run(bench);
    reports[name] = report;
    if (!options.json && !process.stderr.isTTY) print(report);
  }
  bar.end();
  // A bar and tables do not share a terminal.
  if (!options.json && process.stderr.isTTY) for (const report of Object.values(reports)) print(report);
  const figures = Object.assign({}, ...Object.values(reports).map((report) => report.figures)) as Record<string, number>;
  const seconds = (performance.now() - began) / 1000;
  if (options.json) {
    const { rounds, windowMs, quick } = options;
    console.log(
      JSON.stringify({ machine, rounds, windowMs, quick, seconds, sections: reports, targets: targetTable(figures).rows }, undefined, 2),
    );
    return;
  }
  console.log(textOf(targetTable(figures)));
  console.log(`${seconds.toFixed(0)} s. What the numbers mean and how they mislead: docs/performance.md`);
}

function heading({ rounds, windowMs }: Options, machine: { node: string; processor: string; processors: number }): string {
  return [
    `node ${machine.node}, ${machine.processors} × ${machine.processor}`,
    placement,
    `medians of ${rounds} interleaved rounds of ${windowMs} ms each; ratios are medians of the rounds' ratios`,
    '',
  ].join('\n');
}

function print(report: Report): void {
  for (const table of report.tables) console.log(textOf(table));
}
