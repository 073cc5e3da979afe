import { detectMachine, type DetectContext, type DetectEvent, type DetectState } from '../../machines/detect.ts';
import type { Table } from './table.ts';

const opened: DetectEvent = { type: 'opened' };
const passed: DetectEvent = { type: 'passed' };
const noise: DetectEvent = { type: 'noise' };
const heard: DetectEvent = { type: 'heard', protocol: 'virtagent-v7' };
const asked = [opened, passed];
const round = [...asked, passed, passed, passed];

/** What every state before it is known makes of what is heard. */
const undecided = {
  opened: 'violation',
  heard: { 'as before': 'decided [virtagent-v7]: disarm, decide', 'another protocol': 'decided [qemu-ga]: disarm, decide' },
  foreign: 'refused: disarm, refuse',
} as const;

/** Finding out what the other side speaks: what each state does with each event. */
export const detectTable: Table<DetectState, DetectEvent> = {
  chart: detectMachine,
  passing: [],
  reached: {
    off: { 'at first': { input: undefined, events: [] }, again: { input: undefined, events: [...round, { type: 'closed' }] } },
    listening: { '': { input: undefined, events: [opened] } },
    tryingVirtagent2: {
      'at first': { input: undefined, events: asked },
      again: { input: undefined, events: [...round, passed] },
      'of who talks': { input: undefined, events: [...round, noise, passed, passed, passed, passed, noise, passed] },
      'of who reacts': { input: undefined, events: [...asked, noise] },
    },
    tryingVirtagentV7: { '': { input: undefined, events: [...asked, passed] } },
    tryingQemuGa: { '': { input: undefined, events: [...asked, passed, passed] } },
    pausing: { '': { input: undefined, events: round }, 'after noise': { input: undefined, events: [...round, noise] } },
    decided: { '': { input: undefined, events: [opened, heard] } },
    refused: { '': { input: undefined, events: [opened, { type: 'foreign', what: 'a monitor' }] } },
  },
  samples: {
    opened: { '': opened },
    closed: { '': { type: 'closed' } },
    heard: { 'as before': heard, 'another protocol': { type: 'heard', protocol: 'qemu-ga' } },
    foreign: { '': { type: 'foreign', what: 'a monitor' } },
    noise: { '': noise },
    passed: { '': passed },
  },
  knows: ({ rounds, isLoud, loudPauses, hasReacted, protocol }: DetectContext) => [
    ['loud pause', loudPauses],
    ['round', rounds],
    isLoud ? 'loud' : 'silent',
    hasReacted ? 'reacted' : 'calm',
    String(protocol),
  ],
  rows: {
    off: {
      opened: { 'at first': 'listening: listen', again: 'listening [round -1]: listen' },
      closed: 'ignored',
      heard: 'ignored',
      foreign: 'ignored',
      noise: 'ignored',
      passed: 'violation',
    },
    listening: { ...undecided, closed: 'off: disarm', noise: 'ignored', passed: 'tryingVirtagent2: disarm, probe' },
    tryingVirtagent2: {
      ...undecided,
      closed: 'off: disarm',
      noise: { 'at first': 'stays [reacted]', again: 'stays [reacted]', 'of who talks': 'stays', 'of who reacts': 'stays' },
      passed: { 'of who reacts': 'pausing [round +1]: disarm, pause', else: 'tryingVirtagentV7: disarm, probe' },
    },
    tryingVirtagentV7: { ...undecided, closed: 'off: disarm', noise: 'ignored', passed: 'tryingQemuGa: disarm, probe' },
    tryingQemuGa: { ...undecided, closed: 'off: disarm', noise: 'ignored', passed: 'pausing [round +1]: disarm, pause' },
    pausing: {
      ...undecided,
      closed: 'off: disarm',
      noise: { 'after noise': 'stays', else: 'stays [loud]' },
      passed: { 'after noise': 'tryingVirtagent2 [loud pause +1, silent]: disarm, probe', else: 'tryingVirtagent2: disarm, probe' },
    },
    decided: {
      opened: 'ignored',
      closed: 'ignored',
      heard: { 'as before': 'ignored', 'another protocol': 'stays: refuse' },
      foreign: 'stays: refuse',
      noise: 'ignored',
      passed: 'violation',
    },
    refused: { opened: 'violation', closed: 'off', heard: 'ignored', foreign: 'ignored', noise: 'ignored', passed: 'violation' },
  },
};
