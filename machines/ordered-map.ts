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

const empty: OrderedMap<never> = Object.freeze({ root: undefined, size: 0 });

/** The map without entries. */
export function emptyMap<V>(): OrderedMap<V> {
  return empty;
}

/** `map` with `value` under `key`, in place of what was there. */
export function put<V>(map: OrderedMap<V>, key: number, value: V): OrderedMap<V> {
  const had = has(map, key);
  const root = had ? replaced(map.root, key, value) : inserted(map.root, key, value);
  return { root, size: had ? map.size : map.size + 1 };
}

/** `map` without `key`: the same map if it was not there. */
export function without<V>(map: OrderedMap<V>, key: number): OrderedMap<V> {
  if (!has(map, key)) return map;
  return map.size === 1 ? emptyMap() : { root: removed(map.root, key), size: map.size - 1 };
}

export function get<V>(map: OrderedMap<V>, key: number): V | undefined {
  let node = map.root;
  while (node !== undefined && node.key !== key) node = key < node.key ? node.left : node.right;
  return node?.value;
}

export function has(map: OrderedMap<unknown>, key: number): boolean {
  let node = map.root;
  while (node !== undefined && node.key !== key) node = key < node.key ? node.left : node.right;
  return node !== undefined;
}

/** The value with the smallest key. */
export function first<V>(map: OrderedMap<V>): V | undefined {
  let node = map.root;
  while (node?.left !== undefined) node = node.left;
  return node?.value;
}

/** All values, by ascending key. */
export function* values<V>(map: OrderedMap<V>): Generator<V> {
  const path: Node<V>[] = [];
  let node = map.root;
  while (node !== undefined || path.length > 0) {
    while (node !== undefined) {
      path.push(node);
      node = node.left;
    }
    const top = path.pop() as Node<V>;
    yield top.value;
    node = top.right;
  }
}

/** A well-mixed 32-bit hash of a key: equal maps have equal shapes, whatever their histories. */
function priority(key: number): number {
  let h = Math.imul((key >>> 0) ^ Math.imul(Math.floor(key / 0x1_0000_0000), 0x85ebca6b), 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca77);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae3d);
  return (h ^ (h >>> 16)) >>> 0;
}

function inserted<V>(node: Node<V> | undefined, key: number, value: V): Node<V> {
  if (node === undefined) return { key, value, left: undefined, right: undefined };
  if (priority(key) > priority(node.key)) {
    const [left, right] = split(node, key);
    return { key, value, left, right };
  }
  if (key < node.key) return { key: node.key, value: node.value, left: inserted(node.left, key, value), right: node.right };
  return { key: node.key, value: node.value, left: node.left, right: inserted(node.right, key, value) };
}

function replaced<V>(node: Node<V> | undefined, key: number, value: V): Node<V> | undefined {
  if (node === undefined) return undefined;
  if (key === node.key) return { key, value, left: node.left, right: node.right };
  if (key < node.key) return { key: node.key, value: node.value, left: replaced(node.left, key, value), right: node.right };
  return { key: node.key, value: node.value, left: node.left, right: replaced(node.right, key, value) };
}

function removed<V>(node: Node<V> | undefined, key: number): Node<V> | undefined {
  if (node === undefined) return undefined;
  if (key === node.key) return joined(node.left, node.right);
  if (key < node.key) return { key: node.key, value: node.value, left: removed(node.left, key), right: node.right };
  return { key: node.key, value: node.value, left: node.left, right: removed(node.right, key) };
}

/** The nodes below `key` and those above it; `key` itself is not there. */
function split<V>(node: Node<V> | undefined, key: number): [Node<V> | undefined, Node<V> | undefined] {
  if (node === undefined) return [undefined, undefined];
  if (node.key < key) {
    const [low, high] = split(node.right, key);
    return [{ key: node.key, value: node.value, left: node.left, right: low }, high];
  }
  const [low, high] = split(node.left, key);
  return [low, { key: node.key, value: node.value, left: high, right: node.right }];
}

/** Both trees as one; every key of `low` is smaller than every key of `high`. */
function joined<V>(low: Node<V> | undefined, high: Node<V> | undefined): Node<V> | undefined {
  if (low === undefined) return high;
  if (high === undefined) return low;
  if (priority(low.key) > priority(high.key)) {
    return { key: low.key, value: low.value, left: low.left, right: joined(low.right, high) };
  }
  return { key: high.key, value: high.value, left: joined(low, high.left), right: high.right };
}
