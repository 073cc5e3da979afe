import { Fifo } from './fifo.ts';
import type { JobTrack } from './job-track.ts';
import type { Forgotten, ModelLimits } from './limits.ts';

/** The jobs of a side that are held, by number. Of those that are done the oldest make room. */
export class HeldJobs {
  /** Until when jobs that were done have been forgotten: of moments before it not all jobs are here. */
  forgottenUntil = -Infinity;
  readonly #limits: ModelLimits;
  readonly #forgotten: Forgotten;
  readonly #jobs = new Map<number, JobTrack>();
  /** In the order in which they ended. */
  readonly #done = new Fifo<JobTrack>();
  #steps = 0;
  #list: readonly JobTrack[] | undefined = undefined;

  constructor(limits: ModelLimits, forgotten: Forgotten) {
    this.#limits = limits;
    this.#forgotten = forgotten;
  }

  get size(): number {
    return this.#jobs.size;
  }

  /** How many are not done. */
  get live(): number {
    return this.#jobs.size - this.#done.length;
  }

  get(number: number): JobTrack | undefined {
    return this.#jobs.get(number);
  }

  /** In the order in which they were added. The list is made anew when one comes or goes. */
  get list(): readonly JobTrack[] {
    this.#list ??= [...this.#jobs.values()];
    return this.#list;
  }

  /** False: there is no room, since none that is held is done. */
  add(job: JobTrack): boolean {
    if (this.#jobs.has(job.number)) return false;
    if (this.#jobs.size >= this.#limits.jobs && !this.#forgetOne()) {
      this.#forgotten.jobs++;
      return false;
    }
    this.#jobs.set(job.number, job);
    this.#list = undefined;
    return true;
  }

  /** A job is done: it may have to make room from now on. */
  done(job: JobTrack): void {
    this.#done.push(job);
  }

  /** A job has taken a step: it may have been one too many. */
  stepped(job: JobTrack): void {
    this.#steps++;
    if (job.length > this.#limits.stepsOfOne) this.#trim(job);
    while (this.#steps > this.#limits.pathSteps) if (!this.#forgetOne()) return this.#trim(job);
  }

  #trim(job: JobTrack): void {
    const half = job.forgetHalf();
    this.#steps -= half;
    this.#forgotten.steps += half;
  }

  #forgetOne(): boolean {
    const job = this.#done.shift();
    if (job === undefined) return false;
    this.#jobs.delete(job.number);
    this.#steps -= job.length;
    this.#forgotten.jobs++;
    this.forgottenUntil = Math.max(this.forgottenUntil, job.doneAt ?? -Infinity);
    this.#list = undefined;
    return true;
  }
}
