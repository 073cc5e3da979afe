import { createMachine, type AnyStateMachine } from 'xstate';
import { peerMachine, type PeerContext, type PeerEvent } from '../../machines/peer.ts';
import type { Table } from './table.ts';

type State = 'running' | 'stopping' | 'closing' | 'ended';
/** What XState tells it of its children, besides its own events. */
type ChildEvent =
  | { readonly type: 'xstate.done.actor.manager'; readonly output: undefined }
  | { readonly type: 'xstate.done.actor.transport'; readonly output: { readonly reason: unknown } }
  | { readonly type: 'xstate.error.actor.manager'; readonly error: unknown }
  | { readonly type: 'xstate.error.actor.transport'; readonly error: unknown };
type Event = PeerEvent | ChildEvent;

const idle = createMachine({}) as never;
const chart = peerMachine.provide({ actors: { manager: idle, transport: idle } }) as unknown as AnyStateMachine;
const stop: Event = { type: 'stop' };
const managerDone: Event = { type: 'xstate.done.actor.manager', output: undefined };
const transportDone: Event = { type: 'xstate.done.actor.transport', output: { reason: 'gone' } };

/** What its children's ends mean, whatever it is doing. */
const children = {
  'xstate.done.actor.transport': 'ended: endCalls',
  // A child that breaks takes the peer with it, and ends every call with its error.
  'xstate.error.actor.manager': 'ended [link ended, reason broken]: endCalls',
  'xstate.error.actor.transport': 'ended [link ended, reason broken]: endCalls',
} as const;
const link = 'stays [link up, session 1]: emit link';

/** A peer: what each state does with each event. */
export const peerTable: Table<State, Event> = {
  chart,
  passing: [],
  reached: {
    running: { '': { input: undefined, events: [] } },
    stopping: { '': { input: undefined, events: [stop] } },
    closing: { 'after a stop': { input: undefined, events: [stop, managerDone] }, killed: { input: undefined, events: [managerDone] } },
    ended: { '': { input: undefined, events: [transportDone] } },
  },
  samples: {
    stop: { '': { type: 'stop' } },
    link: { '': { type: 'link', state: 'up', reason: undefined, session: 1 } },
    'xstate.done.actor.manager': { '': { type: 'xstate.done.actor.manager', output: undefined } },
    'xstate.done.actor.transport': { '': { type: 'xstate.done.actor.transport', output: { reason: 'gone' } } },
    'xstate.error.actor.manager': { '': { type: 'xstate.error.actor.manager', error: 'broken' } },
    'xstate.error.actor.transport': { '': { type: 'xstate.error.actor.transport', error: 'broken' } },
  },
  knows: (context: PeerContext) => [`link ${context.link}`, `reason ${String(context.reason)}`, `session ${context.session}`],
  rows: {
    running: { stop: 'stopping: sendTo stop, endGreeting', link, 'xstate.done.actor.manager': 'closing: sendTo close', ...children },
    stopping: { stop: 'ignored', link, 'xstate.done.actor.manager': 'closing: sendTo close', ...children },
    // Its manager is done but once: that is how it came here.
    closing: { stop: 'ignored', link, 'xstate.done.actor.manager': 'stays: sendTo close', ...children },
    ended: {
      stop: 'ignored',
      link: 'ignored',
      'xstate.done.actor.manager': 'ignored',
      'xstate.done.actor.transport': 'ignored',
      'xstate.error.actor.manager': 'ignored',
      'xstate.error.actor.transport': 'ignored',
    },
  },
};
