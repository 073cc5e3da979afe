/**
 * An XState app that embeds a peer: the life of a VM, seen from its host.
 *
 * `off → on.booting → on.ready → on.draining → off`. The state `on` invokes the peer as a child actor, so leaving `on`, for
 * whatever reason, ends every call and closes the stream. The app calls the guest through it and reacts to its link.
 */
import type { Duplex } from 'node:stream';
import { assign, fromCallback, fromPromise, setup, type AnyActorRef } from 'xstate';
import { peer, peerOf, type Peer, type PeerEmitted } from '../actors/index.ts';

interface Capabilities {
  readonly version: string;
  readonly methods: readonly string[];
}

/** The guest's methods, for the compiler. */
interface Guest {
  capabilities(): Capabilities;
  shutdown(params: { shutdown_mode: 'halt' | 'powerdown' | 'reboot' }): void;
}

interface Context {
  readonly stream: Duplex;
  readonly version: string | undefined;
  readonly links: readonly string[];
  readonly failure: string | undefined;
}

type Event = { type: 'power on' } | { type: 'drain' } | { type: 'power off' } | PeerEmitted;

/** The running peer, by the name under which the machine below invokes it. */
const agentIn = (system: { get(id: string): unknown }): Peer<Guest> => peerOf<Guest>(system.get('agent') as AnyActorRef);

// A call is a promise like any other; the signal cancels it when its state is left.
const askVersion = fromPromise<Capabilities>(({ system, signal }) =>
  agentIn(system).call('capabilities', undefined, { signal, timeoutMs: 5_000 }),
);
const shutDown = fromPromise(({ system, signal }) =>
  agentIn(system).call('shutdown', { shutdown_mode: 'powerdown' }, { signal, urgency: 2 }),
);

export const vmLifecycle = setup({
  types: {} as { context: Context; events: Event; input: { stream: Duplex } },
  actors: {
    peer,
    askVersion,
    shutDown,
    // Emitted events become events of the app.
    watchLink: fromCallback(({ system, sendBack }) => {
      const watching = agentIn(system).ref.on('link', (event: PeerEmitted) => sendBack(event));
      return () => watching.unsubscribe();
    }),
  },
  actions: {
    noteLink: assign({ links: ({ context, event }) => (event.type === 'link' ? [...context.links, event.state] : context.links) }),
    noteFailure: assign({ failure: (_, params: { error: unknown }) => String(params.error) }),
  },
}).createMachine({
  id: 'vm',
  initial: 'off',
  context: ({ input }) => ({ stream: input.stream, version: undefined, links: [], failure: undefined }),
  states: {
    off: { on: { 'power on': 'on' } },
    on: {
      invoke: [
        {
          id: 'agent',
          systemId: 'agent',
          src: 'peer',
          input: ({ context }) => ({ stream: context.stream, protocol: 'virtagent-v7' as const, role: 'host' as const }),
          onSnapshot: { guard: ({ event }) => event.snapshot.context.link === 'up', target: '.ready' },
          onDone: {
            target: 'off',
            actions: { type: 'noteFailure', params: ({ event }) => ({ error: event.output.reason }) },
          },
          onError: { target: 'off', actions: { type: 'noteFailure', params: ({ event }) => ({ error: event.error }) } },
        },
        { src: 'watchLink' },
      ],
      on: { link: { actions: 'noteLink' }, 'power off': 'off' },
      initial: 'booting',
      states: {
        booting: {},
        ready: {
          invoke: {
            src: 'askVersion',
            onDone: { actions: assign({ version: ({ event }) => event.output.version }) },
            onError: { actions: { type: 'noteFailure', params: ({ event }) => ({ error: event.error }) } },
          },
          on: { drain: 'draining' },
        },
        draining: {
          invoke: {
            src: 'shutDown',
            onDone: '#vm.off',
            onError: { target: '#vm.off', actions: { type: 'noteFailure', params: ({ event }) => ({ error: event.error }) } },
          },
        },
      },
    },
  },
});
