import type { AnyStateMachine } from 'xstate';
import {
  clientJob,
  detectMachine,
  linkMachine,
  managerMachine,
  noticeJob,
  peerMachine,
  qemuGaMachine,
  serverJob,
  sessionMachine,
} from '../machines/index.ts';

/** A chart that can be drawn, and has a page in docs/charts. */
export interface Chart {
  /** What `virtagent diagram` calls it; also the page's name. */
  readonly name: string;
  /** A few words for the head of a page or a drawing. */
  readonly title: string;
  /** Where its source is, from the root of the repository. */
  readonly file: string;
  /** How the machine's declaration begins: its doc comment introduces the page. */
  readonly declaration: string;
  readonly machine: AnyStateMachine;
}

/** All charts: the jobs first, then what there is one of. */
export const charts: readonly Chart[] = [
  chart('server-job', 'Server job', 'serverJob', serverJob),
  chart('client-job', 'Client job', 'clientJob', clientJob),
  chart('notice-job', 'Notice job', 'noticeJob', noticeJob),
  chart('manager', 'Manager', 'managerMachine', managerMachine),
  chart('link', 'Link', 'linkMachine', linkMachine),
  chart('peer', 'Peer', 'peerMachine', peerMachine),
  chart('qemu-ga', 'Session with a guest agent', 'qemuGaMachine', qemuGaMachine),
  chart('detect', 'Finding out the protocol', 'detectMachine', detectMachine),
  chart('session', 'Session', 'sessionMachine', sessionMachine),
];

function chart(name: string, title: string, variable: string, machine: AnyStateMachine): Chart {
  return { name, title, file: `machines/${name}.ts`, declaration: `export const ${variable}`, machine };
}
