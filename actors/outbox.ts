/** What waits for its turn: a function, or an object that is the operation's own. */
export type Task = (() => void) | { run(): void };

/**
 * What is to be run outside any transition: a user's operations, in the order in which the charts asked for them.
 *
 * Run inside a transition they would find half a state and could wedge XState's mailboxes; run here, each may call back
 * into the manager, and its calls take effect at once. Nothing waits: it is emptied before the call that filled it returns.
 */
export class Outbox {
  readonly #failed: (error: unknown) => void;
  #tasks: Task[] = [];
  #next = 0;
  #held = 0;
  #pumping = false;

  /** @param failed - told what a task threw, must not throw; the tasks after it are run all the same. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /** Whether a task is being run. */
  get isRunning(): boolean {
    return this.#pumping;
  }

  push(task: Task): void {
    this.#tasks.push(task);
    // Somebody sent an event to an actor itself: nobody is there to empty the box.
    if (this.#held === 0 && !this.#pumping) queueMicrotask(() => this.pump());
  }

  /** From now on tasks wait: until {@link release}, which is owed, and the {@link pump} after it. */
  hold(): void {
    this.#held++;
  }

  release(): void {
    this.#held--;
  }

  /** Runs `body`, in which tasks may be pushed, then the tasks. */
  around(body: () => void): void {
    this.hold();
    try {
      body();
    } finally {
      this.release();
      this.pump();
    }
  }

  /** Runs all tasks, also those that they push. Inside a task, or while held: nothing, they are run later anyway. */
  pump(): void {
    if (this.#pumping || this.#held > 0 || this.#tasks.length === 0) return;
    this.#pumping = true;
    while (this.#next < this.#tasks.length) {
      const task = this.#tasks[this.#next] as Task;
      this.#next++;
      // What was run is let go of, in steps that cost each task O(1) however long the queue is.
      if (this.#next >= 1024 && 2 * this.#next >= this.#tasks.length) {
        this.#tasks = this.#tasks.slice(this.#next);
        this.#next = 0;
      }
      try {
        if (typeof task === 'function') task();
        else task.run();
      } catch (error) {
        this.#failed(error);
      }
    }
    this.#tasks.length = 0;
    this.#next = 0;
    this.#pumping = false;
  }
}
