/** A worker's side of the conversation with the bench: it is told a task, and answers. It ends when the bench does. */

// oxlint-disable-next-line typescript/no-explicit-any -- each task has parameters of its own
export type Tasks = Record<string, (args: any) => unknown>;

/** What the bench says. */
export interface Order {
  readonly id: number;
  readonly task: string;
  readonly args: unknown;
}

/** What a worker answers. */
export type Reply = { readonly id: number } & ({ readonly value: unknown } | { readonly error: string });

/** Does what it is told until the bench is gone. */
export function serve(tasks: Tasks): void {
  const reply = (message: Reply): void => void process.send?.(message);
  process.on('message', ({ id, task, args }: Order) => {
    Promise.resolve()
      .then(() => tasks[task]?.(args))
      .then(
        (value) => reply({ id, value }),
        (error: unknown) => reply({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
      );
  });
  process.on('disconnect', () => process.exit());
}
