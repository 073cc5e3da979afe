import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { requireProgram } from '../../../scripts/vm/programs.ts';
import { folder } from '../../cli/support.ts';

/** What would act on the machine that runs the tests. */
const disabled = [
  'guest-shutdown',
  'guest-suspend-disk',
  'guest-suspend-ram',
  'guest-suspend-hybrid',
  'guest-fsfreeze-freeze',
  'guest-fsfreeze-freeze-list',
  'guest-set-time',
  'guest-set-user-password',
];

/** A real qemu-ga on a unix socket, gone after the test. */
export interface RealAgent {
  readonly pid: number;
  /** Options of the command for a line to it. */
  readonly line: readonly string[];
  /** A folder for the test's files, and what of it the agent has open. */
  readonly folder: string;
  openFiles(): string[];
}

/** Starts one; `more` are further commands that it does not have. */
export async function realAgent(...more: readonly string[]): Promise<RealAgent> {
  const root = folder();
  const socket = join(root, 'qga.sock');
  const state = join(root, 'state');
  const files = join(root, 'files');
  mkdirSync(state);
  mkdirSync(files);
  const args = ['-m', 'unix-listen', '-p', socket, '-t', state, '-b', [...disabled, ...more].join(',')];
  const child = spawn(requireProgram('qemu-ga'), args, { stdio: 'ignore', cwd: root });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  await answering(socket);
  const pid = child.pid as number;
  const openFiles = (): string[] => {
    const fds = readdirSync(`/proc/${pid}/fd`).map((fd) => {
      const link = `/proc/${pid}/fd/${fd}`;
      return existsSync(link) ? readlinkSync(link) : '';
    });
    return fds.filter((path) => path.startsWith(files));
  };
  return { pid, line: ['-c', 'unix-connect', '-p', socket, '--protocol', 'qemu-ga'], folder: files, openFiles };
}

async function answering(socket: string): Promise<void> {
  for (;;) {
    const probe = connect(socket);
    const answered = await new Promise<boolean>((resolve) => {
      probe.once('connect', () => resolve(true));
      probe.once('error', () => resolve(false));
    });
    probe.destroy();
    if (answered) return;
    await pause(20);
  }
}
