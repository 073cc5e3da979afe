import { readFileSync, writeFileSync } from 'node:fs';

/** What of a process is in memory: Linux says the most there was since it was last asked to forget. */
export class Resident {
  readonly #pid: number;

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** The most, in bytes. */
  get peak(): number {
    return this.#of('VmHWM');
  }

  /** What there is now, in bytes. */
  get now(): number {
    return this.#of('VmRSS');
  }

  forget(): void {
    writeFileSync(`/proc/${this.#pid}/clear_refs`, '5');
  }

  #of(name: string): number {
    const status = readFileSync(`/proc/${this.#pid}/status`, 'utf8');
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? NaN) * 1024;
  }
}
