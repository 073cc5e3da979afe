/**
 * Section manager: what one job costs the manager alone, without a line, while others wait; see waiting-jobs.ts for what
 * waits and how jobs get past it.
 *
 * Each depth has its own process: a hundred thousand live jobs make every collection dearer, and that belongs to their
 * depth and to no other.
 */
import type { Worker } from './crew.ts';
import { count, digits, times } from './format.ts';
import { WARM_UP_MS, type Bench, type Section } from './section.ts';
import { inTurn, Series } from './statistics.ts';
import type { JobTasks } from './workers/jobs.ts';

/** Jobs that wait, and what the original's manager (in C, its queues scanned lists) took on another machine: recorded figures. */
const depths = [
  { waiting: 10, original: undefined },
  { waiting: 1000, original: 2.1 },
  { waiting: 10_000, original: 33 },
  { waiting: 100_000, original: undefined },
] as const;
const nameOf = (waiting: number): string => `${count(waiting)} waiting`;
const ACTOR = 'one interpreted job actor';

export const manager: Section = {
  title: 'the manager alone: one job, while others wait',

  steps: ({ rounds }) => (depths.length + 1) * (rounds + 1),

  async run(bench) {
    const series = new Series();
    const workers = await startWorkers(bench);
    for (let round = 0; round < bench.rounds; round++) {
      for (const [name, worker] of inTurn([...workers], round)) {
        const micros = await worker.ask('time', bench.windowMs);
        series.add(name, micros);
        bench.step();
      }
    }
    for (const worker of workers.values()) worker.end();
    const row = (name: string, original: number): (string | number)[] => [
      name,
      series.median(name),
      series.ratio(name, nameOf(10)),
      series.ratio(name, ACTOR),
      original,
    ];
    return {
      tables: [
        {
          title: 'manager alone, client jobs: add, send, send_done, read_done, callback',
          columns: [
            { name: 'while' },
            { name: 'µs a job', show: digits },
            { name: '× 10 waiting', show: times },
            { name: '× actor', show: times },
            { name: 'original in C, µs', show: digits },
          ],
          rows: [...depths.map(({ waiting, original }) => row(nameOf(waiting), original ?? NaN)), row(ACTOR, NaN)],
          notes: [
            'The original: recorded elsewhere, 0.1 µs with 1 waiting, 2.1 with 1,000, 33 with 10,000, 78 with 30,000.',
            'The actor: our client job chart in createActor, its four events, nobody around it.',
          ],
        },
      ],
      figures: {
        'manager, µs per job at 100 k waiting / at 10 waiting': series.ratio(nameOf(100_000), nameOf(10)),
        'manager, µs per job at 10 k waiting / one interpreted job actor': series.ratio(nameOf(10_000), ACTOR),
      },
    };
  },
};

/** One for each depth and one for the actor, warmed up. */
async function startWorkers({ crew, workshop, step }: Bench): Promise<Map<string, Worker<JobTasks>>> {
  const workers = new Map<string, Worker<JobTasks>>();
  const start = async (name: string, prepare: (worker: Worker<JobTasks>) => Promise<void>): Promise<void> => {
    const worker = crew.worker<JobTasks>(workshop.script('workers/jobs.ts'), 'client', name);
    workers.set(name, worker);
    await prepare(worker);
    await worker.ask('time', WARM_UP_MS);
    step();
  };
  for (const { waiting } of depths) await start(nameOf(waiting), (worker) => worker.ask('manager', waiting));
  await start(ACTOR, (worker) => worker.ask('actor', undefined));
  return workers;
}
