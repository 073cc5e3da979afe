/** What V8 makes the first table of a Map for. */
const firstRoom = 4;

/**
 * A Map for entries that come and go all the time.
 *
 * V8 gives a Map another table each time when enough entries were deleted, and an old table refers to the next. Once one of them has got into
 * the old generation all later ones follow it there, with everything that ever was in them, until the next full collection: a Map of 16
 * entries, each replaced in turn, makes a loop six times as slow (docs/performance.md). So here it is the Map that is replaced, before that.
 */
export class SteadyMap<Key, Value> {
  #map = new Map<Key, Value>();
  /** Entries of the present table, deleted ones too, and how many it has room for. */
  #used = 0;
  #room = firstRoom;

  get size(): number {
    return this.#map.size;
  }

  get(key: Key): Value | undefined {
    return this.#map.get(key);
  }

  has(key: Key): boolean {
    return this.#map.has(key);
  }

  set(key: Key, value: Value): void {
    const before = this.#map.size;
    if (this.#used === this.#room && before * 2 <= this.#room && !this.#map.has(key)) this.#renew();
    this.#map.set(key, value);
    if (this.#map.size === before) return;
    this.#used++;
    if (this.#used <= this.#room) return;
    // Most were alive: the next table is twice as large, and has nothing else in it.
    this.#used = before + 1;
    this.#room *= 2;
  }

  delete(key: Key): boolean {
    // What becomes so empty gets a smaller table.
    if (this.#map.size * 4 > this.#room + 3) return this.#map.delete(key);
    if (!this.#map.has(key)) return false;
    const old = this.#map;
    this.#map = new Map();
    for (const [other, value] of old) if (other !== key) this.#map.set(other, value);
    this.#measure();
    return true;
  }

  values(): IterableIterator<Value> {
    return this.#map.values();
  }

  #renew(): void {
    this.#map = new Map(this.#map);
    this.#measure();
  }

  #measure(): void {
    this.#used = this.#map.size;
    this.#room = firstRoom;
    while (this.#room < this.#used) this.#room *= 2;
  }
}
