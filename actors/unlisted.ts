import type { AnyActorRef } from 'xstate';

/** What XState's system keeps of all actors: a Map by session id that nothing reads. */
interface Register {
  _register(sessionId: string, actor: AnyActorRef): string;
  _unregister(actor: AnyActorRef): void;
}

const parents = new WeakSet<AnyActorRef>();
const systems = new WeakSet<object>();

/**
 * Has XState's system not list the children of that actor.
 *
 * A Map with steady insertion and deletion is made anew all the time, and its old tables keep the dead actors in them
 * alive until the next full collection: a quarter of an echo's time (docs/performance.md). Actors with a `systemId` are found in
 * another Map, which stays as it is; a child of that parent must not have one. It touches XState's own functions, so
 * without them it does nothing.
 */
export function unlistChildrenOf(parent: AnyActorRef): void {
  parents.add(parent);
  const system = parent.system as unknown as Partial<Register>;
  if (systems.has(system)) return;
  systems.add(system);
  const { _register: register, _unregister: unregister } = system;
  if (register === undefined || unregister === undefined) return;
  const isUnlisted = (actor: AnyActorRef): boolean => {
    const { _parent: of } = actor as { _parent?: AnyActorRef | undefined };
    return of !== undefined && parents.has(of);
  };
  system._register = (sessionId, actor) => (isUnlisted(actor) ? sessionId : register(sessionId, actor));
  system._unregister = (actor) => {
    if (!isUnlisted(actor)) unregister(actor);
  };
}
