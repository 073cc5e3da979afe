/** Jobs without a line, in a process of its own: how long one takes, and what one that waits holds of the heap. */
import { createActor, setup } from 'xstate';
import { runJobActor } from '../job-actor.ts';
import { WaitingJobs } from '../waiting-jobs.ts';
import { serve } from './serve.ts';

/** What is done over and over. */
let turn: (() => void) | undefined;
let check = (): void => {};
/** What must not be collected while it is weighed. */
let held: unknown;

const trivial = setup({}).createMachine({ initial: 'waiting', states: { waiting: {} } });

async function heapUsed(): Promise<number> {
  // What was started asynchronously is let go of first.
  await new Promise((resolve) => setTimeout(resolve, 20));
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

const tasks = {
  /** From now on a turn is one job through a manager in which so many wait. */
  manager(waiting: number): void {
    const jobs = new WaitingJobs(waiting);
    turn = () => jobs.turn();
    check = () => jobs.check(waiting);
  },

  /** From now on a turn is one interpreted job actor. */
  actor(): void {
    turn = runJobActor;
  },

  /** Microseconds a turn, over a window. */
  time(windowMs: number): number {
    if (turn === undefined) throw new Error('nothing to do');
    let turns = 0;
    const began = performance.now();
    let now = began;
    // The clock costs nearly as much as the fastest turn might: it is read once in sixteen.
    for (; now < began + windowMs; now = performance.now()) for (let i = 0; i < 16; i++, turns++) turn();
    check();
    return ((now - began) * 1000) / turns;
  },

  /** Bytes of heap for each of so many that wait. */
  async weigh({ what, count }: { what: 'job' | 'actor'; count: number }): Promise<number> {
    const make = (count: number): unknown =>
      what === 'job' ? new WaitingJobs(count) : Array.from({ length: count }, () => createActor(trivial).start());
    // Code is compiled before anything is weighed.
    make(1000);
    const before = await heapUsed();
    held = make(count);
    const after = await heapUsed();
    if (held === undefined) throw new Error('nothing is held');
    return (after - before) / count;
  },
};

export type JobTasks = typeof tasks;

serve(tasks);
