import { createActor, type ActorLogic, type ActorOptions, type AnyActorRef, type SnapshotFrom } from 'xstate';
import type { linkMachine } from '../machines/link.ts';
import { peerMachine } from '../machines/peer.ts';
import { checkUnused } from '../transport/channels/stream.ts';
import { transportLogic, transportOf } from '../transport/transport-logic.ts';
import { guardedInspect } from './job-events.ts';
import { managerLogic, managerOf } from './manager-logic.ts';
import type { AnyMethods, MethodTypes } from './methods.ts';
import { checkIsObject, checkPeerOptions, type PeerOptions } from './peer-options.ts';
import { Peer, peerOf, type PeerLogic } from './peer.ts';
import { watched } from './watched-chart.ts';
import { PeerWork, workOf } from './peer-work.ts';

/** A machine's logic under a peer: it gets its options from the peer that its input names, and that peer gets its actor. */
function under<Input>(
  logic: object,
  options: (work: PeerWork) => Input,
  adopt: (work: PeerWork, ref: AnyActorRef) => void,
): ActorLogic<never, never> {
  const inner = logic as { getInitialSnapshot(scope: { self: AnyActorRef }, input: Input): unknown };
  return Object.create(logic, {
    getInitialSnapshot: {
      value: (scope: { self: AnyActorRef }, { peer: ref }: { peer: AnyActorRef }) => {
        const work = workOf(ref);
        const snapshot = inner.getInitialSnapshot(scope, options(work));
        adopt(work, scope.self);
        return snapshot;
      },
    },
  }) as ActorLogic<never, never>;
}

const provided = watched(
  peerMachine.provide({
    actors: {
      manager: under(
        managerLogic,
        (work) => work.managerOptions(),
        (work, ref) => work.adopt(managerOf(ref)),
      ) as never,
      transport: under(
        watched(transportLogic as typeof linkMachine, 'link'),
        (work) => work.transportInput(),
        (work, ref) => work.adopt(transportOf(ref)),
      ) as never,
    },
    actions: {
      beginCalls: ({ self }) => workOf(self).beginCalls(),
      endGreeting: ({ self }) => workOf(self).endGreeting(),
      confirm: ({ self }) => workOf(self).confirm(),
      endCalls: ({ self, context }) => workOf(self).endCalls(context.reason),
    },
  }),
  'peer',
);

/**
 * A peer as actor logic, for an app's own actor system: `invoke: { src: peer, id: 'agent', input: { stream, methods } }`.
 *
 * Its snapshot's context has the link's state; it emits `link` events; it is done when its link has ended for good. An app
 * that leaves the state which invoked it ends every call, with its outcome, and closes the stream.
 */
export const peer: PeerLogic = Object.create(provided, {
  getInitialSnapshot: {
    value: (scope: Parameters<typeof provided.getInitialSnapshot>[0], input: PeerOptions) => {
      const options = checkPeerOptions(input);
      if (input.stream !== undefined) checkUnused(input.stream);
      void new Peer(new PeerWork(scope.self, options, scope.stopChild));
      return provided.getInitialSnapshot(scope, undefined as never);
    },
  },
  transition: {
    value: (snapshot: SnapshotFrom<typeof provided>, event: never, scope: Parameters<typeof provided.transition>[2]) => {
      if ((event as { type: string }).type === 'xstate.stop') workOf(scope.self).stop();
      return provided.transition(snapshot, event, scope);
    },
  },
});

/** Options of {@link createPeer}. */
export interface CreatePeerOptions extends PeerOptions {
  /** Watches the actor system, as XState's own option; every job appears in it with its chart and its parent. */
  readonly inspect?: ActorOptions<typeof provided>['inspect'];
}

/** A peer by itself, started. Throws INVALID_OPTION. */
export function createPeer<Remote extends MethodTypes = AnyMethods>(options: CreatePeerOptions): Peer<Remote> {
  checkIsObject(options);
  const { inspect, ...input } = options;
  checkPeerOptions(input);
  const actor = createActor(peer as unknown as typeof provided, {
    input: input as never,
    ...(inspect === undefined ? undefined : { inspect: guardedInspect(inspect, (error) => input.onError?.(error, 'inspect')) }),
  });
  // Started, it would throw what it failed with once more, where nobody can catch it.
  const { status, error } = actor.getSnapshot();
  if (status === 'error') throw error;
  actor.start();
  return peerOf<Remote>(actor);
}
