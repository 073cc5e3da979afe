import { durations, type Timer, type Timers } from '../timers.ts';

/** Asks the other side where it is, now and then, while this side waits for what only a STATUS can bring. */
export class Questions {
  readonly #timers: Timers;
  readonly #ask: () => void;
  #timer: Timer | undefined;

  constructor(timers: Timers, ask: () => void) {
    this.#timers = timers;
    this.#ask = ask;
  }

  begin(): void {
    this.#timer ??= this.#timers.start(durations.statusAgain, () => {
      this.#timer = undefined;
      this.begin();
      this.#ask();
    });
  }

  end(): void {
    this.#timers.cancel(this.#timer);
    this.#timer = undefined;
  }
}
