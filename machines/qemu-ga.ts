import { assign, setup } from 'xstate';
import { effect } from './job.ts';

/** The states of a session with a qemu-guest-agent. */
export type QemuGaState = 'closed' | 'syncing' | 'listing' | 'ready' | 'settling';

/** What a session remembers. */
export interface QemuGaContext {
  /** Syncs sent in a row that were not answered: the exponent of the pause before the next. */
  readonly syncs: number;
  /** Whether the agent takes a command's `id` and echoes it. */
  readonly ids: boolean;
  /** Times in a row that the question for the list was not understood. */
  readonly unlisted: number;
}

/** What a session is told: by the link, by what the agent says, by the calls, and by its timers. */
export type QemuGaEvent =
  // The link.
  | { readonly type: 'opened' }
  | { readonly type: 'closed' }
  // The agent.
  | { readonly type: 'synced' }
  | { readonly type: 'listed' }
  | { readonly type: 'not_understood'; readonly refusesIds: boolean }
  // The calls. `out_of_step`: one that is on the line was given up, so its answer is still to come.
  | { readonly type: 'out_of_step' }
  | { readonly type: 'silent' }
  | { readonly type: 'changed' }
  // Its timers.
  | { readonly type: 'late' }
  | { readonly type: 'list_again' };

type Args = { context: QemuGaContext; event: QemuGaEvent };

/** How often a list is asked for of an agent that understands the sync and not the question. */
const MOST_UNLISTED = 4;

const s = setup({
  types: {} as { context: QemuGaContext; events: QemuGaEvent },
  actions: {
    // Effects: the greeting gives them their work.
    hold: effect(),
    sync: effect<{ flushes: boolean; syncs: number }>(),
    disarm: effect(),
    settle: effect(),
    list: effect(),
    endList: effect(),
    admit: effect(),
    report: effect<{ event: string }>(),
    // What a session remembers.
    begin: assign({ syncs: 0, ids: true, unlisted: 0 }),
    countSync: assign(({ context }: Args) => ({ syncs: context.syncs + 1 })),
    forgetSyncs: assign({ syncs: 0 }),
    dropIds: assign({ ids: false }),
    countUnlisted: assign(({ context }: Args) => ({ unlisted: context.unlisted + 1 })),
    forgetUnlisted: assign({ unlisted: 0 }),
  },
  guards: {
    refusesIds: ({ context, event }: Args) => event.type === 'not_understood' && event.refusesIds && context.ids,
    mayList: ({ context }: Args) => context.unlisted < MOST_UNLISTED,
  },
});

const violation = { actions: { type: 'report', params: ({ event }: Args) => ({ event: event.type }) } } as const;
const ignored = {} as const;

/** Out of step: nothing is sent before a sync is answered. */
const outOfStep = { target: 'syncing', actions: 'hold' } as const;
const closed = { target: 'closed' } as const;
const notUnderstood = [{ guard: 'refusesIds', target: 'syncing', actions: ['hold', 'dropIds'] }, outOfStep] as const;

/**
 * A session with a qemu-guest-agent: `closed → syncing → listing → ready`, and `syncing` again whenever nobody can tell any more
 * what the agent's next answer is to.
 *
 * The agent has one parser and one command at a time for whoever opens its line, sessions it has none: half a command of the last
 * host, answers to it and commands that it still executes are all in the stream. A sync is a question whose answer nobody else
 * gets, so what comes before that answer is of the past.
 */
export const qemuGaMachine = s.createMachine({
  id: 'qemu-ga',
  initial: 'closed',
  context: { syncs: 0, ids: true, unlisted: 0 },
  states: {
    closed: {
      description: 'There is no line.',
      on: {
        opened: { target: 'syncing', actions: 'begin' },
        closed: ignored,
        // What was decided before the line went.
        synced: ignored,
        listed: ignored,
        not_understood: ignored,
        out_of_step: ignored,
        silent: ignored,
        changed: ignored,
        late: violation,
        list_again: violation,
      },
    },
    syncing: {
      description: 'A sync is out, and everything up to its answer is dropped. Asked again with growing pauses.',
      entry: ['countSync', { type: 'sync', params: ({ context }) => ({ flushes: true, syncs: context.syncs }) }],
      exit: 'disarm',
      on: {
        // What a call waited for is known now: its answer would have come before.
        synced: [
          { guard: 'mayList', target: 'listing', actions: ['forgetSyncs', 'settle'] },
          // It may be asked anything then; what it does not understand ends one call at a time.
          { target: 'ready', actions: ['forgetSyncs', 'forgetUnlisted', 'settle'] },
        ],
        late: { target: 'syncing', reenter: true },
        closed,
        opened: violation,
        // Of what was sent before this sync, which covers it.
        out_of_step: ignored,
        not_understood: ignored,
        listed: ignored,
        silent: ignored,
        changed: ignored,
        list_again: violation,
      },
    },
    listing: {
      description: 'The agent is in step, and asked for its list of commands.',
      entry: 'list',
      exit: ['endList', 'disarm'],
      on: {
        listed: { target: 'ready', actions: 'forgetUnlisted' },
        list_again: { target: 'listing', reenter: true },
        out_of_step: { target: 'syncing' },
        not_understood: [
          { guard: 'refusesIds', target: 'syncing', actions: 'dropIds' },
          // Also the last time: the list may still come, and would pass for the answer to a call.
          { target: 'syncing', actions: 'countUnlisted' },
        ],
        closed,
        opened: violation,
        synced: ignored,
        silent: ignored,
        changed: ignored,
        late: violation,
      },
    },
    ready: {
      description: 'Commands are sent, one at a time.',
      entry: 'admit',
      on: {
        out_of_step: outOfStep,
        not_understood: notUnderstood,
        silent: { target: 'settling', actions: 'hold' },
        changed: { target: 'listing', actions: 'hold' },
        closed,
        opened: violation,
        synced: ignored,
        listed: ignored,
        late: violation,
        list_again: violation,
      },
    },
    settling: {
      description: 'A command is out that is answered only if it fails; a sync behind it tells when it has not.',
      entry: ['countSync', { type: 'sync', params: ({ context }) => ({ flushes: false, syncs: context.syncs }) }],
      exit: 'disarm',
      on: {
        synced: { target: 'ready', actions: ['forgetSyncs', 'settle'] },
        late: 'syncing',
        out_of_step: 'syncing',
        not_understood: [{ guard: 'refusesIds', target: 'syncing', actions: 'dropIds' }, { target: 'syncing' }],
        closed,
        opened: violation,
        listed: ignored,
        silent: ignored,
        changed: ignored,
        list_again: violation,
      },
    },
  },
});
