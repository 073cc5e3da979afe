interface Waiting {
  readonly send: () => void;
  readonly drop: () => void;
}

/**
 * Has the messages of one request leave in their order. One that leaves in parts gives its send slot back between them, and what comes
 * behind it would pass it in another: that waits here.
 */
export class InOrder {
  readonly #waiting: Waiting[] = [];
  #isInParts = false;
  #isOver = false;

  /** Sends one, now or when those before it have left: `send` is given what to call when it has. `drop` is run instead once it is over. */
  send(isInParts: boolean, send: (left: () => void) => void, drop: () => void): void {
    const begin = (): void => {
      this.#isInParts = isInParts;
      send(isInParts ? () => this.#goOn() : () => {});
    };
    if (this.#isOver) drop();
    else if (this.#isInParts) this.#waiting.push({ send: begin, drop });
    else begin();
  }

  /** Nobody waits for them any more: those that have not begun are dropped. */
  end(): void {
    this.#isOver = true;
    for (const { drop } of this.#waiting.splice(0)) drop();
  }

  #goOn(): void {
    this.#isInParts = false;
    while (!this.#isInParts) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      next.send();
    }
  }
}
