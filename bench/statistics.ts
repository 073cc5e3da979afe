/**
 * The arithmetic of the figures.
 *
 * Contenders are compared within a round, where they met the same machine a moment apart; the median is taken of those
 * ratios. A ratio of medians would compare a quiet moment of one with a busy one of the other.
 */

/** The middle value, or the mean of the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  if (Number.isInteger(middle)) return ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
  return sorted[Math.floor(middle)] ?? NaN;
}

/** The least value that `share` of all values do not exceed (nearest rank); `sorted` ascending. NaN of nothing. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** `items` in the order of a round: each round begins with another, and every second goes backwards. */
export function inTurn<Item>(items: readonly Item[], round: number): Item[] {
  const from = items.length === 0 ? 0 : round % items.length;
  const turned = [...items.slice(from), ...items.slice(0, from)];
  return round % 2 === 0 ? turned : turned.toReversed();
}

/** What was measured: under each name one value a round. */
export class Series {
  readonly #values = new Map<string, number[]>();

  add(name: string, value: number): void {
    const values = this.#values.get(name);
    if (values === undefined) this.#values.set(name, [value]);
    else values.push(value);
  }

  /** NaN for what was not measured. */
  median(name: string): number {
    return median(this.#values.get(name) ?? []);
  }

  /** The median of the rounds' ratios; NaN if one of both was not measured. */
  ratio(name: string, to: string): number {
    const below = this.#values.get(to) ?? [];
    return median((this.#values.get(name) ?? []).slice(0, below.length).map((value, round) => value / (below[round] as number)));
  }
}
