import { assign, emit, sendTo, setup, type AnyActorLogic, type AnyActorRef } from 'xstate';
import type { LinkState } from './link.ts';

/** A peer's context: what an app that embeds one can react to. */
export interface PeerContext {
  readonly link: LinkState;
  /** Why the last line ended, or could not be opened. */
  readonly reason: unknown;
  /** How many lines there have been. */
  readonly session: number;
}

/** What a peer is told. An app sends `stop`; the others come from its own parts. */
export type PeerEvent =
  | { readonly type: 'stop' }
  /** No call waits any more until it is known what is spoken. */
  | { readonly type: 'begun' }
  /** The other side has all that was said to it; or that can't be found out any more. */
  | { readonly type: 'confirmed' }
  | { readonly type: 'link'; readonly state: LinkState; readonly reason: unknown; readonly session: number };

/** What a peer emits, for `ref.on('link', …)`. */
export type PeerEmitted = Extract<PeerEvent, { type: 'link' }>;

/** What a peer comes to: why its link ended for good; undefined after stop. */
export interface PeerOutput {
  readonly reason: unknown;
}

type Args = { context: PeerContext; event: PeerEvent };

/** In `machines/` both children do nothing; `actors/` gives the manager and the transport. */
const placeholder = setup({}).createMachine({}) as AnyActorLogic;
const toPeer = ({ self }: { self: AnyActorRef }): { peer: AnyActorRef } => ({ peer: self });

const s = setup({
  types: {} as { context: PeerContext; events: PeerEvent; emitted: PeerEmitted; output: PeerOutput },
  actors: { manager: placeholder, transport: placeholder },
  actions: {
    openLink: sendTo('transport', { type: 'open' }),
    closeLink: sendTo('transport', { type: 'close' }),
    stopManager: sendTo('manager', { type: 'stop' }),
    // Effects. The first and the third lead to an event: `begun`, `confirmed`.
    beginCalls: () => {},
    endGreeting: () => {},
    confirm: () => {},
    endCalls: () => {},
    keepLink: assign(({ event }: Args) => {
      const { state, reason, session } = event as PeerEmitted;
      return { link: state, reason, session };
    }),
    keepFailure: assign(({ event }) => ({ link: 'ended' as const, reason: (event as unknown as { error: unknown }).error })),
    tellLink: emit(({ event }: Args) => event as PeerEmitted),
  },
});

const link = { actions: ['keepLink', 'tellLink'] } as const;
const ignored = {} as const;
/** A child that fails takes the peer with it, not silently: every call is ended with its error. */
const failed = { target: '.ended', actions: 'keepFailure' } as const;

/**
 * One end of a line: a manager and a transport under one parent, which an app invokes.
 *
 * `running → beginning → stopping → confirming → closing → ended`: calls that wait are begun, those that run are finished, and what was
 * said last has arrived before the line is closed. A link that ends for good ends the peer from any state.
 */
export const peerMachine = s.createMachine({
  id: 'peer',
  initial: 'running',
  context: { link: 'closed', reason: undefined, session: 0 },
  invoke: [
    { src: 'manager', id: 'manager', input: toPeer, onDone: '.confirming', onError: failed },
    { src: 'transport', id: 'transport', input: toPeer, onDone: '.ended', onError: failed },
  ],
  entry: 'openLink',
  output: ({ context }) => ({ reason: context.reason }),
  states: {
    running: {
      description: 'Calls are made and answered.',
      on: { stop: 'beginning', link, begun: ignored, confirmed: ignored },
    },
    beginning: {
      description: 'Calls that wait until it is known what is spoken are begun; no other is taken.',
      entry: 'beginCalls',
      on: { begun: 'stopping', stop: ignored, link, confirmed: ignored },
    },
    stopping: {
      description: 'What runs is finished; nothing new is taken.',
      entry: ['stopManager', 'endGreeting'],
      on: { stop: ignored, link, begun: ignored, confirmed: ignored },
    },
    confirming: {
      description: 'What was said last, on a line that may lose it, is to arrive: for a while at most.',
      entry: 'confirm',
      on: { confirmed: 'closing', stop: ignored, link, begun: ignored },
    },
    closing: {
      description: 'The line is being closed.',
      entry: 'closeLink',
      on: { stop: ignored, link, begun: ignored, confirmed: ignored },
    },
    ended: { type: 'final', entry: 'endCalls' },
  },
});
