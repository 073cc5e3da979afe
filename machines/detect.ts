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
  /** Something that is none of the protocols came in this pause, in which nothing was asked. */
  readonly isLoud: boolean;
  /** Pauses in a row of which that holds: a boot log, or whatever else is said there all the time. */
  readonly loudPauses: number;
  /** Such came after the first question, of who does not talk all the time: it was taken for something else, as a shell takes keys. */
  readonly hasReacted: boolean;
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
  /** Something that is valid in none of the protocols, as far as it has come. */
  | { readonly type: 'noise' }
  | { readonly type: 'passed' };

/** Who talks in so many pauses in a row has not reacted to a question when it talks again. A shell that comes up says something in one. */
const talkative = 2;

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
    forgetNoise: assign({ isLoud: false, loudPauses: 0, hasReacted: false }),
    noteLoud: assign({ isLoud: true }),
    weighPause: assign(({ context }: Args) => ({
      loudPauses: context.isLoud ? context.loudPauses + 1 : 0,
      isLoud: false,
      hasReacted: false,
    })),
    noteReaction: assign(({ context }: Args) => ({ hasReacted: context.loudPauses < talkative })),
    keep: assign(({ event }: Args) => ({ protocol: (event as { protocol: string }).protocol })),
  },
  guards: {
    isOther: ({ context, event }: Args) => event.type === 'heard' && event.protocol !== context.protocol,
    hasReacted: ({ context }: Args) => context.hasReacted,
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
const trying = <const On extends object>(protocol: Probe, on: On) =>
  ({
    description: `The question of ${protocol} is asked.`,
    entry: { type: 'probe', params: { protocol } },
    exit: 'disarm',
    on: { ...undecided, ...on },
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
  context: { rounds: 0, isLoud: false, loudPauses: 0, hasReacted: false, protocol: undefined },
  states: {
    off: {
      description: 'There is no line.',
      on: {
        opened: { target: 'listening', actions: 'forgetRounds' },
        closed: ignored,
        // What was read before the line went.
        heard: ignored,
        foreign: ignored,
        noise: ignored,
        passed: violation,
      },
    },
    listening: {
      description: 'Nothing is said: who begins by saying something is known by it, and is not disturbed.',
      entry: ['forgetNoise', 'listen'],
      exit: 'disarm',
      // A prompt among it: that is said once, to who comes.
      on: { ...undecided, noise: ignored, passed: 'tryingVirtagent2' },
    },
    // The other questions end a line: a shell would run what is on it. So they are not asked of who reacts to this one.
    tryingVirtagent2: trying('virtagent-2', {
      noise: { actions: 'noteReaction' },
      passed: [{ guard: 'hasReacted', target: 'pausing' }, { target: 'tryingVirtagentV7' }],
    }),
    tryingVirtagentV7: trying('virtagent-v7', { noise: ignored, passed: 'tryingQemuGa' }),
    tryingQemuGa: trying('qemu-ga', { noise: ignored, passed: 'pausing' }),
    pausing: {
      description: 'Nobody has answered. After a pause that grows it is asked again.',
      entry: ['countRound', { type: 'pause', params: ({ context }) => ({ rounds: context.rounds }) }],
      exit: 'disarm',
      on: { ...undecided, noise: { actions: 'noteLoud' }, passed: { target: 'tryingVirtagent2', actions: 'weighPause' } },
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
        noise: ignored,
        passed: violation,
      },
    },
    refused: {
      description: 'What is at the other end is none of these; the line is given up.',
      on: { opened: violation, closed: 'off', heard: ignored, foreign: ignored, noise: ignored, passed: violation },
    },
  },
});
