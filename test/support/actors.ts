import type { AnyActorRef, InspectionEvent } from 'xstate';

/** Notes every actor of a system from its creation on: give `inspect` to `createActor`. */
export function actorWatch(): { inspect: (event: InspectionEvent) => void; all: AnyActorRef[]; active: () => string[] } {
  const all: AnyActorRef[] = [];
  return {
    inspect: (event) => {
      if (event.type === '@xstate.actor') all.push(event.actorRef as AnyActorRef);
    },
    all,
    /** The ids of those that have neither finished nor been stopped. */
    active: () => all.filter((ref) => ref.getSnapshot().status === 'active').map((ref) => ref.id),
  };
}
