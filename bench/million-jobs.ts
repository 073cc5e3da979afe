/**
 * A million jobs through one manager, from add to callback: does anything of them stay?
 *
 * `npx tsx bench/million-jobs.ts [JOBS] [--json]`: prints the heap before and after, collected, and fails when it has grown
 * by more than 10 MB. Server and client jobs take turns, some with deadlines, some given up, some with nested calls, and now and
 * then the line is lost: everything that holds something for a job.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createManager, type Manager } from '../actors/index.ts';

const MB = 1024 * 1024;
const jobs = Number(process.argv[2] ?? 1_000_000);
/** How much the collected heap may grow, whatever the number of jobs. */
const most = 10 * MB;

// The script collects by itself, so that it needs no flags.
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

let called = 0;
const callback = (): void => void called++;

/** A request that came in: most are answered at once, some park, some fail, some are given up while they run. */
function addServer(manager: Manager, i: number): void {
  const added = manager.addServer({
    tag: `peer's ${i}`,
    bytes: 100,
    urgency: (i % 3) as 0 | 1 | 2,
    timeoutMs: i % 5 === 0 ? 60_000 : undefined,
    answers: i % 11 !== 0,
    operations: {
      execute: (execution) => {
        if (i % 7 === 0) execution.signal.addEventListener('abort', () => {});
        if (i % 13 === 0) execution.park();
        if (i % 13 === 0) execution.unpark();
        execution.done(i % 17 === 0 ? { ok: false, error: new Error('no') } : { ok: true, value: { i } });
      },
      send: (sending) => sending.done({ ok: true }),
      callback,
    },
  });
  if (!added.ok) throw added.error;
}

/** One of ours: most are answered, some before they are sent, some twice, some time out or are cancelled. */
function addClient(manager: Manager, i: number): void {
  const tag = `ours.${i.toString(36)}`;
  const added = manager.addClient({
    tag,
    bytes: 100,
    exempt: i % 6 === 1,
    timeoutMs: 60_000,
    operations: {
      send: (sending) => {
        if (i % 10 === 1) manager.readDone(tag, { ok: true, value: 'early' });
        sending.done(i % 19 === 0 ? { ok: false, error: 'cut' } : { ok: true });
      },
      callback,
    },
  });
  if (!added.ok) throw added.error;
  if (i % 23 === 0) added.job.cancel();
  manager.readDone(tag, { ok: true, value: i });
  if (i % 29 === 0) manager.readDone(tag, { ok: true, value: 'again' });
}

function run(manager: Manager, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    if (i % 2 === 0) addServer(manager, i);
    else addClient(manager, i);
    if (i % 10_000 === 0) {
      manager.lineLost();
      manager.gate('all');
    }
  }
}

async function heap(): Promise<number> {
  // What was started asynchronously is let go of first.
  await new Promise((resolve) => setTimeout(resolve, 50));
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

const manager = createManager({ window: 5 });
// Code is compiled, and tables grow to their size, before anything is measured.
const warm = Math.min(jobs, 50_000);
run(manager, 0, warm);
const before = await heap();
const began = performance.now();
run(manager, warm, warm + jobs);
const seconds = (performance.now() - began) / 1000;
const after = await heap();
const grown = after - before;

const microsPerJob = (seconds / jobs) * 1e6;
if (process.argv.includes('--json')) console.log(JSON.stringify({ jobs, microsPerJob, grownBytes: grown }));
else {
  console.log(`${jobs} jobs in ${seconds.toFixed(1)} s: ${microsPerJob.toFixed(1)} µs each, from add to callback`);
  console.log(
    `heap ${(before / MB).toFixed(2)} MB before, ${(after / MB).toFixed(2)} MB after: ${(grown / MB).toFixed(3)} MB, ${(grown / jobs).toFixed(2)} bytes a job`,
  );
  console.log(`${called} callbacks, ${manager.jobs} jobs left, ${manager.timers.size} timers, ${JSON.stringify(manager.slots)}`);
}

const failures = [
  grown > most && `the heap grew by more than ${most / MB} MB`,
  called !== warm + jobs && 'not every job had its callback',
  (manager.jobs > 0 || manager.timers.size > 0) && 'something is left',
].filter((failure) => failure !== false);
for (const failure of failures) console.error(failure);
process.exitCode = failures.length > 0 ? 1 : 0;
