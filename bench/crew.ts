/** The worker processes: each on its processor, asked by messages, and none of them left when the bench ends. */
import { spawn, spawnSync, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import type { Order, Reply, Tasks } from './workers/serve.ts';

/** Which processor a worker is put on: the client and all that runs alone, or the server. */
export type Place = 'client' | 'server';

const processors: Readonly<Record<Place, string>> = { client: '0', server: '1' };
const canPin = Object.values(processors).every((cpu) => spawnSync('taskset', ['-c', cpu, 'true']).status === 0);

/** For the reader of the figures. */
export const placement = canPin
  ? `clients, and what runs alone, on CPU ${processors.client}; servers on CPU ${processors.server} (taskset)`
  : 'unpinned: there is no taskset, or there are no two processors for it; figures vary more';

/** After that a worker that has not answered never will: the longest task takes a few seconds. */
const PATIENCE_MS = 60_000;

/** A worker that is told tasks. */
export class Worker<Known extends Tasks> {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  #last = 0;
  #over: Error | undefined;

  constructor(child: ChildProcess, name: string) {
    this.#child = child;
    this.#name = name;
    child.on('message', (reply: Reply) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if ('error' in reply) waiting?.reject(new Error(`${name}: ${reply.error}`));
      else waiting?.resolve(reply.value as never);
    });
    child.once('error', (error) => this.#end(error));
    child.once('exit', (code, signal) => this.#end(new Error(`${name} ended with ${signal ?? code}`)));
  }

  async ask<Task extends keyof Known & string>(
    task: Task,
    args: Parameters<Known[Task]>[0],
    patienceMs = PATIENCE_MS,
  ): Promise<Awaited<ReturnType<Known[Task]>>> {
    if (this.#over !== undefined) throw this.#over;
    const id = ++this.#last;
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<Awaited<ReturnType<Known[Task]>>>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      timer = setTimeout(() => reject(new Error(`${this.#name}: no answer to ${task} within ${patienceMs / 1000} s`)), patienceMs);
    });
    this.#child.send({ id, task, args } satisfies Order);
    return answer.finally(() => clearTimeout(timer));
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }

  #end(error: Error): void {
    this.#over = error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

export class Crew {
  readonly #children = new Set<ChildProcess>();

  /** Starts a worker of workers/. */
  worker<Known extends Tasks>(script: string, place: Place, name: string, flags: readonly string[] = []): Worker<Known> {
    return new Worker<Known>(this.#spawn([...flags, script], place, ['ignore', 'inherit', 'inherit', 'ipc']), name);
  }

  /** Runs a script to its end; what it printed. */
  async run(script: string, args: readonly string[], place: Place): Promise<string> {
    const child = this.#spawn([script, ...args], place, ['ignore', 'pipe', 'inherit']);
    let printed = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (printed += text));
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`${script} ${args.join(' ')} ended with ${code}`);
    return printed;
  }

  /** Starts another program, which is ended with the bench. */
  program(name: string, args: readonly string[]): ChildProcess {
    return this.#kept(spawn(name, args, { stdio: 'ignore' }));
  }

  end(): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }

  #spawn(args: readonly string[], place: Place, stdio: StdioOptions): ChildProcess {
    const [program, ...rest] = [...(canPin ? ['taskset', '-c', processors[place]] : []), process.execPath, ...args] as [
      string,
      ...string[],
    ];
    return this.#kept(spawn(program, rest, { stdio }));
  }

  #kept(child: ChildProcess): ChildProcess {
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }
}
