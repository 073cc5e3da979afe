import type { Crew, Worker } from '../bench/crew.ts';
import type { PartTasks } from './workers/parts.ts';

/** The longest that one part may take: minutes, on a machine that has other work. */
const PATIENCE_MS = 150_000;

/** What it takes to repeat a part: its seed and the like. Long lists are cut. */
const described = (part: unknown): string =>
  JSON.stringify(part, (_, value: unknown) =>
    Array.isArray(value) && value.length > 2 ? [value[0], `${value.length - 2} more`, value.at(-1)] : value,
  );

/** Two workers that do one part after the other. What comes of a part depends on its seed alone, and not on who did it. */
export class Pool {
  readonly #crew: Crew;
  readonly #script: () => string;
  #workers: Worker<PartTasks>[] = [];

  constructor(crew: Crew, script: () => string) {
    this.#crew = crew;
    this.#script = script;
  }

  /** Has every part done, and gives what came of each, in their order. */
  async all<Task extends keyof PartTasks>(
    task: Task,
    parts: readonly Parameters<PartTasks[Task]>[0][],
    done: () => void,
  ): Promise<Awaited<ReturnType<PartTasks[Task]>>[]> {
    this.#workers = (['client', 'server'] as const).map((place) =>
      this.#crew.worker<PartTasks>(this.#script(), place, `worker for ${task}`),
    );
    const results: Awaited<ReturnType<PartTasks[Task]>>[] = [];
    let next = 0;
    const work = async (worker: Worker<PartTasks>): Promise<void> => {
      while (next < parts.length) {
        const at = next++;
        const part = parts[at] as Parameters<PartTasks[Task]>[0];
        results[at] = await worker.ask(task, part, PATIENCE_MS).catch((error: unknown) => {
          throw new Error(`${task} ${described(part)}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
        });
        done();
      }
    };
    try {
      await Promise.all(this.#workers.map(work));
    } finally {
      for (const worker of this.#workers) worker.end();
    }
    return results;
  }
}
