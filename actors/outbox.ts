/**
 * What is to be run outside any transition: a user's operations, in the order in which the charts asked for them.
 *
 * Run inside a transition they would find half a state and could wedge XState's mailboxes; run here, each may call back
 * into the manager, and its calls take effect at once. Nothing waits: it is emptied before the call that filled it returns.
 */
export class Outbox {
  readonly #failed: (error: unknown) => void;
  #tasks: (() => void)[] = [];
  #next = 0;
  #held = 0;
  #pumping = false;

  /** @param failed - told what a task threw, must not throw; the tasks after it are run all the same. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  push(task: () => void): void {
    this.#tasks.push(task);
    // Somebody sent an event to an actor itself: nobody is there to empty the box.
    if (this.#held === 0 && !this.#pumping) queueMicrotask(() => this.pump());
  }

  /** Runs `body`, in which tasks may be pushed, then (unless told not to) the tasks. */
  hold(body: () => void, pump = true): void {
    this.#held++;
    try {
      body();
    } finally {
      this.#held--;
      if (pump) this.pump();
    }
  }

  /** Runs all tasks, also those that they push. Inside a task: nothing, the tasks after it are run anyway. */
  pump(): void {
    if (this.#pumping || this.#held > 0) return;
    this.#pumping = true;
    while (this.#next < this.#tasks.length) {
      const task = this.#tasks[this.#next] as () => void;
      this.#next++;
      // What was run is let go of, in steps that cost each task O(1) however long the queue is.
      if (this.#next >= 1024 && 2 * this.#next >= this.#tasks.length) {
        this.#tasks = this.#tasks.slice(this.#next);
        this.#next = 0;
      }
      try {
        task();
      } catch (error) {
        this.#failed(error);
      }
    }
    this.#tasks.length = 0;
    this.#next = 0;
    this.#pumping = false;
  }
}
