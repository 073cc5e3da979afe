/**
 * Section memory: what a client job that waits holds of the heap, beside a bare XState actor; and what stays of a million
 * jobs that are gone (million-jobs.ts, run as it is).
 *
 * Not timed, so both run at the same time, each on its processor. heapUsed is taken after collections, in fresh processes;
 * a job's own tag is counted, the operations that its user gives it are shared and are not.
 */
import { count, digits, times } from './format.ts';
import type { Bench, Report, Section } from './section.ts';
import { Series } from './statistics.ts';
import type { JobTasks } from './workers/jobs.ts';

/** What million-jobs.ts prints with --json. */
interface Million {
  readonly jobs: number;
  readonly microsPerJob: number;
  readonly grownBytes: number;
}

const WAITING = 100_000;
const JOBS = 1_000_000;

export const memory: Section = {
  title: 'bytes of a waiting job, and what a million jobs leave behind',

  steps: ({ rounds }) => 2 * rounds + 1,

  async run(bench) {
    const jobs = bench.quick ? JOBS / 10 : JOBS;
    const [series, million] = await Promise.all([weigh(bench), runMillion(bench, jobs)]);
    return report(series, million);
  },
};

async function weigh({ crew, workshop, rounds, step }: Bench): Promise<Series> {
  const series = new Series();
  for (let round = 0; round < rounds; round++) {
    for (const what of ['job', 'actor'] as const) {
      const worker = crew.worker<JobTasks>(workshop.script('workers/jobs.ts'), 'client', `memory of a ${what}`, ['--expose-gc']);
      series.add(what, await worker.ask('weigh', { what, count: WAITING }));
      worker.end();
      step();
    }
  }
  return series;
}

async function runMillion({ crew, workshop, step }: Bench, jobs: number): Promise<Million> {
  const printed = await crew.run(workshop.script('million-jobs.ts'), [String(jobs), '--json'], 'server');
  step();
  return JSON.parse(printed) as Million;
}

function report(series: Series, { jobs, microsPerJob, grownBytes }: Million): Report {
  const bytes = series.median('job');
  return {
    tables: [
      {
        title: `heap, ${count(WAITING)} of each`,
        columns: [{ name: 'what' }, { name: 'bytes each', show: count }, { name: '× bare actor', show: times }],
        rows: [
          ['a client job that waits, in its manager', bytes, series.ratio('job', 'actor')],
          ['a bare live XState actor of a chart with one state', series.median('actor'), 1],
        ],
      },
      {
        title: 'what stays of jobs that are gone',
        columns: [
          { name: 'jobs', show: count },
          { name: 'heap grown, KiB', show: digits },
          { name: 'bytes a job', show: digits },
          { name: 'µs a job', show: digits },
        ],
        rows: [[jobs, grownBytes / 1024, grownBytes / jobs, microsPerJob]],
        notes: ['All kinds of jobs and ends in turn, while the other table was made: no figure of speed. Below zero: it shrank.'],
      },
    ],
    figures: { 'bytes per waiting job at 100 k': bytes },
  };
}
