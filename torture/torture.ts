/** `npm run torture`: breaks what can break, and says what held. `npm run torture -- --help` explains. */
import { cpus } from 'node:os';
import { Crew } from '../bench/crew.ts';
import { progressBar, textOf } from '../bench/print.ts';
import { readOptions, type Options } from './options.ts';
import { Pool } from './pool.ts';
import type { Report, Torture } from './section.ts';
import { sections, type SectionName } from './sections.ts';
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
  workshop = await Workshop.open();
  process.exitCode = (await run(options, workshop)) ? 0 : 1;
} catch (error) {
  console.error(`torture: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  crew.end();
}

/** Whether all that must hold holds. */
async function run({ only, seed, quick, json }: Options, workshop: Workshop): Promise<boolean> {
  const began = performance.now();
  const pool = new Pool(crew, () => workshop.script('parts'));
  const torture: Torture = { workshop, crew, pool, seed, quick, step: () => bar.step() };
  const bar = progressBar(only.reduce((sum, name) => sum + sections[name].steps(torture), 0));
  const reports: Partial<Record<SectionName, Report & { readonly seconds: number }>> = {};
  const machine = { node: process.version, processor: cpus()[0]?.model.trim() ?? 'unknown', processors: cpus().length };
  if (!json) console.log(`node ${machine.node}, ${machine.processors} × ${machine.processor}, seed ${seed}${quick ? ', quick' : ''}\n`);
  for (const name of only) {
    bar.show(name);
    const from = performance.now();
    const report = { ...(await sections[name].run(torture).catch(failed(name))), seconds: (performance.now() - from) / 1000 };
    reports[name] = report;
    if (!json && !process.stderr.isTTY) print(report);
  }
  bar.end();
  // A bar and tables do not share a terminal.
  if (!json && process.stderr.isTTY) for (const report of Object.values(reports)) print(report);
  const seconds = (performance.now() - began) / 1000;
  const broken = Object.values(reports).flatMap((report) => report.broken);
  if (json) console.log(JSON.stringify({ machine, seed, quick, seconds, holds: broken.length === 0, sections: reports }, undefined, 2));
  else console.log(`${seconds.toFixed(0)} s. ${verdict(broken)}\nWhat it does, and how it misleads: docs/torture.md`);
  return broken.length === 0;
}

/** A section that could not be run to its end: the others are run all the same. */
function failed(name: SectionName): (error: unknown) => Report {
  return (error) => ({ tables: [], broken: [`${name}: ${error instanceof Error ? error.message : String(error)}`] });
}

function verdict(broken: readonly string[]): string {
  return broken.length === 0 ? 'All that must hold holds.' : ['These do not hold:', ...broken.map((one) => `  ${one}`)].join('\n');
}

function print(report: Report): void {
  for (const table of report.tables) console.log(textOf(table));
}
