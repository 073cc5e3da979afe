import type { MessageRecord } from '../records.ts';
import type { Forgotten, ModelLimits } from './limits.ts';

/** The last messages of a side that came with their values. */
export class HeldMessages {
  readonly #limits: ModelLimits;
  readonly #forgotten: Forgotten;
  #held: { readonly message: MessageRecord; readonly size: number }[] = [];
  #size = 0;

  constructor(limits: ModelLimits, forgotten: Forgotten) {
    this.#limits = limits;
    this.#forgotten = forgotten;
  }

  add(message: MessageRecord): void {
    const size = sizeOf(message.value, 16);
    this.#held.push({ message, size });
    this.#size += size;
    if (this.#held.length > this.#limits.messages || this.#size > this.#limits.messageCharacters) this.#forget();
  }

  /** Those of one call until a moment, in order. */
  of(tag: string, until: number): MessageRecord[] {
    if (tag === '') return [];
    return this.#held.filter(({ message }) => message.tag === tag && message.at <= until).map(({ message }) => message);
  }

  /** Those between two moments, in order, at most so many of them: the last. */
  between(from: number, until: number, most: number): MessageRecord[] {
    const found: MessageRecord[] = [];
    for (let place = this.#held.length - 1; place >= 0 && found.length < most; place--) {
      const message = this.#held[place]?.message;
      if (message !== undefined && message.at >= from && message.at <= until) found.push(message);
    }
    return found.toReversed();
  }

  /** The oldest half goes at once, so that this is rare. */
  #forget(): void {
    const half = Math.max(1, this.#held.length >> 1);
    this.#forgotten.messages += half;
    this.#held = this.#held.slice(half);
    this.#size = this.#held.reduce((sum, { size }) => sum + size, 0);
  }
}

/** Roughly how many characters a value has as JSON. What is nested deeper than any record may be counts as nothing. */
function sizeOf(value: unknown, depth: number): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null || depth === 0) return 8;
  let size = 2;
  for (const [key, inner] of Object.entries(value)) size += key.length + 4 + sizeOf(inner, depth - 1);
  return size;
}
