import { assign, setup } from 'xstate';
import { effect } from './job.ts';

/** The states of finding out what the other side speaks. */
export type DetectState =
  | 'off'
  | 'listening'
  | 'tryingVirtagent2'
  | 'tryingVirtagentV7'
  | 'tryingQemuGa'
  | 'pausing'
  | 'decided'
  | 'refused';

/** What is said to the other side to find out, by the protocol that it is of. */
export type Probe = 'virtagent-2' | 'virtagent-v7' | 'qemu-ga';

/** What finding out remembers. */
export interface DetectContext {
  /** Rounds of questions begun on this line: the exponent of the pause after each. */
  readonly rounds: number;
  /** What the other side speaks: for good. */
  readonly protocol: string | undefined;
}

/** What it is told: by the link, by what is heard on the line, and by its timer. */
export type DetectEvent =
  | { readonly type: 'opened' }
  | { readonly type: 'closed' }
  /** Something that is valid in that protocol, asked for or not. */
  | { readonly type: 'heard'; readonly protocol: string }
  /** Something that is of no use here. */
  | { readonly type: 'foreign'; readonly what: string }
  | { readonly type: 'passed' };

type Args = { context: DetectContext; event: DetectEvent };

const s = setup({
  types: {} as { context: DetectContext; events: DetectEvent },
  actions: {
    // Effects: the detection gives them their work.
    listen: effect(),
    probe: effect<{ protocol: Probe }>(),
    pause: effect<{ rounds: number }>(),
    disarm: effect(),
    decide: effect<{ protocol: string }>(),
    refuse: effect<{ what: string }>(),
    report: effect<{ event: string }>(),
    // What it remembers.
    countRound: assign(({ context }: Args) => ({ rounds: context.rounds + 1 })),
    forgetRounds: assign({ rounds: 0 }),
    keep: assign(({ event }: Args) => ({ protocol: (event as { protocol: string }).protocol })),
  },
  guards: {
    isOther: ({ context, event }: Args) => event.type === 'heard' && event.protocol !== context.protocol,
  },
});

const violation = { actions: { type: 'report', params: ({ event }: Args) => ({ event: event.type }) } } as const;
const ignored = {} as const;

const refuse = { type: 'refuse', params: ({ event }: Args) => ({ what: (event as { what: string }).what }) } as const;

/** Whoever is heard first is who it is: whatever was asked last. */
const undecided = {
  opened: violation,
  closed: 'off',
  heard: {
    target: 'decided',
    actions: ['keep', { type: 'decide', params: ({ event }: Args) => ({ protocol: (event as { protocol: string }).protocol }) }],
  },
  foreign: { target: 'refused', actions: refuse },
} as const;

/** One question at a time: the answer to one is not to be heard by who asks another. */
const trying = <Next extends DetectState>(protocol: Probe, next: Next) =>
  ({
    description: `The question of ${protocol} is asked.`,
    entry: { type: 'probe', params: { protocol } },
    exit: 'disarm',
    on: { ...undecided, passed: next },
  }) as const;

/**
 * Finding out what the other side of a line speaks: `listening`, then one question after the other, until one is answered or
 * something is heard unasked. Then it is `decided`, for all lines to come.
 *
 * Silence is no reason to give up: a machine may be booting. Whoever calls has a deadline.
 */
export const detectMachine = s.createMachine({
  id: 'detect',
  initial: 'off',
  context: { rounds: 0, protocol: undefined },
  states: {
    off: {
      description: 'There is no line.',
      on: {
        opened: { target: 'listening', actions: 'forgetRounds' },
        closed: ignored,
        // What was read before the line went.
        heard: ignored,
        foreign: ignored,
        passed: violation,
      },
    },
    listening: {
      description: 'Nothing is said: who begins by saying something is known by it, and is not disturbed.',
      entry: 'listen',
      exit: 'disarm',
      on: { ...undecided, passed: 'tryingVirtagent2' },
    },
    tryingVirtagent2: trying('virtagent-2', 'tryingVirtagentV7'),
    tryingVirtagentV7: trying('virtagent-v7', 'tryingQemuGa'),
    tryingQemuGa: trying('qemu-ga', 'pausing'),
    pausing: {
      description: 'Nobody has answered. After a pause that grows it is asked again.',
      entry: ['countRound', { type: 'pause', params: ({ context }) => ({ rounds: context.rounds }) }],
      exit: 'disarm',
      on: { ...undecided, passed: 'tryingVirtagent2' },
    },
    decided: {
      description: 'It is known. A later line on which something else is heard instead is given up.',
      on: {
        opened: ignored,
        closed: ignored,
        heard: [
          {
            guard: 'isOther',
            actions: { type: 'refuse', params: ({ event }: Args) => ({ what: (event as { protocol: string }).protocol }) },
          },
          ignored,
        ],
        foreign: { actions: refuse },
        passed: violation,
      },
    },
    refused: {
      description: 'What is at the other end is none of these; the line is given up.',
      on: { opened: violation, closed: 'off', heard: ignored, foreign: ignored, passed: violation },
    },
  },
});
