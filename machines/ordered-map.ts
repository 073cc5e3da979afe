/**
 * A persistent map with number keys, ordered by key: a treap whose priorities are hashes of the keys.
 *
 * The manager's queues and permits live in a chart's context, and a context is never mutated (a chart that
 * mutates can't be explored or replayed). Every operation copies one path, so it costs O(log n), and jobs
 * leave from the middle (a cancel) as cheaply as from the front.
 */
export interface OrderedMap<V> {
  readonly root: Node<V> | undefined;
  readonly size: number;
}

interface Node<V> {
  readonly key: number;
  readonly value: V;
  readonly left: Node<V> | undefined;
  readonly right: Node<V> | undefined;
}

const empty: OrderedMap<never> = { root: undefined, size: 0 };

/** The map without entries. */
export function emptyMap<V>(): OrderedMap<V> {
  return empty;
}

/** `map` with `value` under `key`, in place of what was there. */
export function put<V>(map: OrderedMap<V>, key: number, value: V): OrderedMap<V> {
  const size = has(map, key) ? map.size : map.size + 1;
  return { root: inserted(map.root, key, value, priority(key)), size };
}

/** `map` without `key`: the same map if it was not there. */
export function without<V>(map: OrderedMap<V>, key: number): OrderedMap<V> {
  const root = removed(map.root, key);
  if (root === map.root) return map;
  return root === undefined ? empty : { root, size: map.size - 1 };
}

export function get<V>(map: OrderedMap<V>, key: number): V | undefined {
  let top = map.root;
  while (top !== undefined && top.key !== key) top = key < top.key ? top.left : top.right;
  return top?.value;
}

export function has(map: OrderedMap<unknown>, key: number): boolean {
  let top = map.root;
  while (top !== undefined && top.key !== key) top = key < top.key ? top.left : top.right;
  return top !== undefined;
}

/** The value with the smallest key. */
export function first<V>(map: OrderedMap<V>): V | undefined {
  let top = map.root;
  while (top?.left !== undefined) top = top.left;
  return top?.value;
}

/** All values, by ascending key. */
export function* values<V>(map: OrderedMap<V>): Generator<V> {
  const path: Node<V>[] = [];
  let top = map.root;
  while (top !== undefined || path.length > 0) {
    while (top !== undefined) {
      path.push(top);
      top = top.left;
    }
    const next = path.pop() as Node<V>;
    yield next.value;
    top = next.right;
  }
}

function node<V>(key: number, value: V, left: Node<V> | undefined, right: Node<V> | undefined): Node<V> {
  return { key, value, left, right };
}

/** A well-mixed hash of a key's lower 32 bits. */
function priority(key: number): number {
  let h = Math.imul(key | 0, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca77);
  return h ^ (h >>> 13);
}

/**
 * Whether a key, given with its priority, is above another in every tree that has both. It depends on nothing but
 * the two, so equal maps have equal shapes, whatever their histories.
 */
function isAbove(key: number, ofKey: number, other: number): boolean {
  const ofOther = priority(other);
  return ofKey > ofOther || (ofKey === ofOther && key > other);
}

function inserted<V>(top: Node<V> | undefined, key: number, value: V, ofKey: number): Node<V> {
  if (top === undefined) return node(key, value, undefined, undefined);
  if (key === top.key) return node(key, value, top.left, top.right);
  // It would be further down if it were there: it is new.
  if (isAbove(key, ofKey, top.key)) return node(key, value, keysBelow(top, key), keysAbove(top, key));
  if (key < top.key) return node(top.key, top.value, inserted(top.left, key, value, ofKey), top.right);
  return node(top.key, top.value, top.left, inserted(top.right, key, value, ofKey));
}

/** The same tree if `key` is not in it. */
function removed<V>(top: Node<V> | undefined, key: number): Node<V> | undefined {
  if (top === undefined) return undefined;
  if (key === top.key) return joined(top.left, top.right);
  if (key < top.key) {
    const left = removed(top.left, key);
    return left === top.left ? top : node(top.key, top.value, left, top.right);
  }
  const right = removed(top.right, key);
  return right === top.right ? top : node(top.key, top.value, top.left, right);
}

/** What of a tree that has no `key` is before it. */
function keysBelow<V>(top: Node<V> | undefined, key: number): Node<V> | undefined {
  if (top === undefined) return undefined;
  if (key < top.key) return keysBelow(top.left, key);
  const right = keysBelow(top.right, key);
  return right === top.right ? top : node(top.key, top.value, top.left, right);
}

/** What of a tree that has no `key` is after it. */
function keysAbove<V>(top: Node<V> | undefined, key: number): Node<V> | undefined {
  if (top === undefined) return undefined;
  if (key > top.key) return keysAbove(top.right, key);
  const left = keysAbove(top.left, key);
  return left === top.left ? top : node(top.key, top.value, left, top.right);
}

/** Both trees as one; every key of `low` is smaller than every key of `high`. */
function joined<V>(low: Node<V> | undefined, high: Node<V> | undefined): Node<V> | undefined {
  if (low === undefined) return high;
  if (high === undefined) return low;
  if (isAbove(low.key, priority(low.key), high.key)) return node(low.key, low.value, low.left, joined(low.right, high));
  return node(high.key, high.value, joined(low, high.left), high.right);
}
