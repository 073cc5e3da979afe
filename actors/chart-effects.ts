/**
 * What a chart's actions ask for, run right after the transition that asked, in order: an effect may send the chart events, and finds
 * it in the state that it has come to.
 */
export class ChartEffects {
  readonly #queue: (() => void)[] = [];
  #isRunning = false;

  /** To be run after this transition. */
  readonly after = (effect: () => void): void => void this.#queue.push(effect);

  /** The transition is over. What effects lead to is run behind them, not inside. */
  run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      for (let effect = this.#queue.shift(); effect !== undefined; effect = this.#queue.shift()) effect();
    } finally {
      this.#isRunning = false;
    }
  }
}
