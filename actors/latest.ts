import { SteadyMap } from '../transport/steady-map.ts';

/** The latest texts, so many of them; the oldest is forgotten first. */
export class Latest {
  readonly #most: number;
  /** In their order, with a place that goes round: the first of a Set takes long to find once many have been deleted. */
  readonly #texts: string[] = [];
  /** Where each was added last. */
  readonly #places = new SteadyMap<string, number>();
  #next = 0;

  constructor(most: number) {
    this.#most = most;
  }

  has(text: string): boolean {
    return this.#places.has(text);
  }

  /** One that is known already is the latest from now on. */
  add(text: string): void {
    const oldest = this.#texts[this.#next];
    if (oldest !== undefined && this.#places.get(oldest) === this.#next) this.#places.delete(oldest);
    this.#texts[this.#next] = text;
    this.#places.set(text, this.#next);
    this.#next = (this.#next + 1) % this.#most;
  }

  /** Whether it was known; it is not any more. */
  delete(text: string): boolean {
    return this.#places.delete(text);
  }
}
