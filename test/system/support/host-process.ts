import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Tally } from './traffic.ts';

/** What a host in a process of its own has printed last. */
export interface HostReport extends Tally {
  /** Requests of the guest that it has executed. */
  readonly executed: number;
  readonly twice?: readonly string[];
  /** What the guest's calls came to. */
  readonly theirs?: Tally;
}

/** test/system/programs/host.ts, running: it calls the guest all the time, and serves it. */
export class HostProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();
  #last: HostReport | undefined;
  #reports = 0;
  #hasEnded = false;

  constructor(program: string, ...args: readonly string[]) {
    this.#child = spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    const wake = (): void => {
      for (const go of this.#waiting) go();
      this.#waiting.clear();
    };
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      this.#last = JSON.parse(line) as HostReport;
      this.#reports++;
      wake();
    });
    this.#child.once('close', () => {
      this.#hasEnded = true;
      wake();
    });
  }

  /** Its next report: its calls have gone on. */
  async report(): Promise<HostReport> {
    const seen = this.#reports;
    while (this.#reports === seen && !this.#hasEnded) await new Promise<void>((resolve) => this.#waiting.add(resolve));
    if (this.#reports === seen || this.#last === undefined) throw new Error('the host process has ended');
    return this.#last;
  }

  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(name);
  }

  /** At once, as a power cut does it. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    while (!this.#hasEnded) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  /** Lets all calls have their outcomes, the guest's too, and gives them. */
  async finish(): Promise<HostReport> {
    this.#child.stdin?.end();
    while (!this.#hasEnded) await new Promise<void>((resolve) => this.#waiting.add(resolve));
    if (this.#last === undefined) throw new Error('the host process has ended without a word');
    return this.#last;
  }
}
