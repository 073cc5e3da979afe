import { createMachine, type AnyStateMachine } from 'xstate';
import { peerMachine, type PeerContext, type PeerEvent } from '../../machines/peer.ts';
import type { Table } from './table.ts';

type State = 'running' | 'beginning' | 'stopping' | 'confirming' | 'closing' | 'ended';
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
const begun: Event = { type: 'begun' };
const confirmed: Event = { type: 'confirmed' };
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
    beginning: { '': { input: undefined, events: [stop] } },
    stopping: { '': { input: undefined, events: [stop, begun] } },
    confirming: {
      'after a stop': { input: undefined, events: [stop, begun, managerDone] },
      killed: { input: undefined, events: [managerDone] },
      'killed while calls waited': { input: undefined, events: [stop, managerDone] },
    },
    closing: { '': { input: undefined, events: [stop, begun, managerDone, confirmed] } },
    ended: { '': { input: undefined, events: [transportDone] } },
  },
  samples: {
    stop: { '': { type: 'stop' } },
    begun: { '': { type: 'begun' } },
    confirmed: { '': { type: 'confirmed' } },
    link: { '': { type: 'link', state: 'up', reason: undefined, session: 1 } },
    'xstate.done.actor.manager': { '': { type: 'xstate.done.actor.manager', output: undefined } },
    'xstate.done.actor.transport': { '': { type: 'xstate.done.actor.transport', output: { reason: 'gone' } } },
    'xstate.error.actor.manager': { '': { type: 'xstate.error.actor.manager', error: 'broken' } },
    'xstate.error.actor.transport': { '': { type: 'xstate.error.actor.transport', error: 'broken' } },
  },
  knows: (context: PeerContext) => [`link ${context.link}`, `reason ${String(context.reason)}`, `session ${context.session}`],
  rows: {
    running: {
      stop: 'beginning: beginCalls',
      begun: 'ignored',
      confirmed: 'ignored',
      link,
      'xstate.done.actor.manager': 'confirming: confirm',
      ...children,
    },
    beginning: {
      stop: 'ignored',
      begun: 'stopping: sendTo stop, endGreeting',
      confirmed: 'ignored',
      link,
      'xstate.done.actor.manager': 'confirming: confirm',
      ...children,
    },
    stopping: {
      stop: 'ignored',
      begun: 'ignored',
      confirmed: 'ignored',
      link,
      'xstate.done.actor.manager': 'confirming: confirm',
      ...children,
    },
    // Its manager is done but once: that is how it came here.
    confirming: {
      stop: 'ignored',
      begun: 'ignored',
      confirmed: 'closing: sendTo close',
      link,
      'xstate.done.actor.manager': 'stays: confirm',
      ...children,
    },
    closing: {
      stop: 'ignored',
      begun: 'ignored',
      confirmed: 'ignored',
      link,
      'xstate.done.actor.manager': 'confirming: confirm',
      ...children,
    },
    ended: {
      stop: 'ignored',
      begun: 'ignored',
      confirmed: 'ignored',
      link: 'ignored',
      'xstate.done.actor.manager': 'ignored',
      'xstate.done.actor.transport': 'ignored',
      'xstate.error.actor.manager': 'ignored',
      'xstate.error.actor.transport': 'ignored',
    },
  },
};
