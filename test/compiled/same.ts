import type { AnyActorRef } from 'xstate';

/** Where two logs differ. */
export class Difference extends Error {}

/**
 * Whether two logs say the same: value for value, and where `inOrder` in the same order of keys. Both are compared when all is over, so that what
 * was changed after it had been shown is found as well.
 *
 * Objects with an identity (snapshots, contexts, actors, systems) are paired: where one log has the same object twice, so has
 * the other. Session ids are not compared, and functions of two charts
 * that were made alike by their text.
 */
export class Comparison {
  readonly #partners = new Map<unknown, unknown>();
  /** Compared already, and the same. */
  readonly #compared = new WeakMap<object, object>();
  readonly #inOrder: boolean;

  constructor({ inOrder }: { readonly inOrder: boolean }) {
    this.#inOrder = inOrder;
  }

  check(one: unknown, other: unknown, where: string): void {
    if (Object.is(one, other)) {
      if (hasIdentity(one)) this.#pair(one, other, where);
      return;
    }
    if (typeof one === 'function' && typeof other === 'function') return this.#checkFunctions(one, other, where);
    if (!isObject(one) || !isObject(other)) return differ(where, one, other);
    if (hasIdentity(one) || hasIdentity(other)) this.#pair(one, other, where);
    if (this.#compared.get(one) === other) return;
    this.#compared.set(one, other);
    if (isActor(one) && isActor(other)) return this.#checkActors(one, other, where);
    if (isSystem(one) && isSystem(other)) return;
    if (isPartOfChart(one) && isPartOfChart(other)) return this.check([one.id, one.path], [other.id, other.path], `${where} (chart)`);
    this.#checkObjects(one, other, where);
  }

  #checkObjects(one: Plain, other: Plain, where: string): void {
    if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return differ(`${where}, its class`, one, other);
    if (one instanceof Error) this.check(one.message, other['message'], `${where}.message`);
    if (one instanceof Set || one instanceof Map) this.check([...one], [...(other as unknown as Set<unknown>)], `${where} (members)`);
    const isSnapshot = hasNodes(one) && hasNodes(other);
    const keys = this.#keysOf(one);
    if (keys.join() !== this.#keysOf(other).join()) return differ(`${where}, its keys`, keys, this.#keysOf(other));
    for (const key of keys) {
      if (isSnapshot && key === 'context') this.#pair(one[key], other[key], `${where}.context`);
      this.check(one[key], other[key], `${where}.${key}`);
    }
  }

  #keysOf(of: Plain): string[] {
    const keys = Object.keys(of).filter((key) => !notCompared.has(key));
    return this.#inOrder ? keys : keys.sort();
  }

  #checkActors(one: AnyActorRef, other: AnyActorRef, where: string): void {
    const id = (of: AnyActorRef): string => (of.id === of.sessionId ? 'its session' : of.id);
    this.check(id(one), id(other), `${where}.id`);
  }

  #checkFunctions(one: Function, other: Function, where: string): void {
    // What an actor is spawned with: the tables can't, and say so.
    if (where.endsWith('.spawn')) return;
    if (one.name !== other.name || String(one) !== String(other)) differ(where, one, other);
  }

  #pair(one: unknown, other: unknown, where: string): void {
    const known = this.#partners.has(one) || this.#partners.has(other);
    if (known && (this.#partners.get(one) !== other || this.#partners.get(other) !== one))
      differ(`${where}, which object it is`, one, other);
    this.#partners.set(one, other).set(other, one);
  }
}

/** Who the system is, and what a manager was made with to be run one way or the other. */
const notCompared: ReadonlySet<string> = new Set(['rootId', 'interpretCharts', 'clock']);

type Plain = Record<string, unknown>;

const isObject = (of: unknown): of is Plain => typeof of === 'object' && of !== null;
const isActor = (of: unknown): of is Plain & AnyActorRef => isObject(of) && 'sessionId' in of && 'getSnapshot' in of;
const isSystem = (of: unknown): boolean => isObject(of) && '_bookId' in of;
const hasNodes = (of: unknown): boolean => isObject(of) && '_nodes' in of;
const isPartOfChart = (of: Plain): boolean => '__xstatenode' in of || ('machine' in of && 'order' in of);
const hasIdentity = (of: unknown): boolean => isActor(of) || isSystem(of) || hasNodes(of);

function differ(where: string, one: unknown, other: unknown): never {
  throw new Difference(`${where}: interpreted ${shown(one)}, on tables ${shown(other)}`);
}

function shown(of: unknown): string {
  if (typeof of === 'function') return `a function ${of.name}`;
  if (isActor(of)) return `the actor ${of.id}`;
  if (of instanceof Error) return String(of);
  if (hasNodes(of)) return `a snapshot ${JSON.stringify(of)}`;
  try {
    return JSON.stringify(of) ?? String(of);
  } catch {
    return String(of);
  }
}
