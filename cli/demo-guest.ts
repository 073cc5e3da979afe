import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { VirtagentError } from '../actors/index.ts';

/** Seconds between the guest's pings: a few while the file comes, and not too many to read afterwards. */
const PING_SECONDS = '0.25';

/** A guest that does not end when asked is ended. */
const END_MS = 2000;

/** The demo's guest, as a process of its own. */
export interface DemoGuest {
  readonly pid: number | undefined;
  /** Resolves when it has ended, with how. */
  readonly ended: Promise<string>;
  /** Resolves to the address of its inspector, where it has one. */
  readonly inspector: Promise<string>;
  /** Ends it gracefully, or after a while anyway. */
  end(): Promise<void>;
  /** Ends it at once. */
  kill(): void;
}

/** Starts `virtagent guest` on a socket, with leave to read the file's directory. `inspected`: its own inspector is to be had. */
export function startGuest(socket: string, file: string, inspected: boolean): DemoGuest {
  const line = ['-c', 'unix-connect', '-p', socket];
  const options = ['--quiet', '--allow-read', dirname(file), '--ping-host', PING_SECONDS, ...(inspected ? ['--inspect'] : [])];
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] as string, 'guest', ...line, ...options], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // A Ctrl-C is for the demo, which ends its guest itself.
    detached: true,
  });
  let lastLine = '';
  const inspector = new Promise<string>((resolve) => {
    createInterface({ input: child.stderr }).on('line', (text) => {
      const [, address] = /\binspector: (http:\S+)$/.exec(text) ?? [];
      if (address === undefined) lastLine = text;
      else resolve(address);
    });
  });
  let isOver = false;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('close', (code, signal) => resolve(`ended (${signal ?? `exit code ${code}`})${lastLine === '' ? '' : `: ${lastLine}`}`));
  }).finally(() => (isOver = true));
  return {
    pid: child.pid,
    ended,
    inspector,
    kill: () => void (isOver || child.kill('SIGKILL')),
    async end() {
      if (isOver) return;
      child.kill('SIGTERM');
      const cut = setTimeout(() => child.kill('SIGKILL'), END_MS);
      await ended;
      clearTimeout(cut);
    },
  };
}

/** How a guest that is gone makes the demo fail. */
export function guestLost(how: string): VirtagentError {
  return new VirtagentError('LINE_LOST', `the demo's guest ${how}`, { data: { remedy: 'Start the demo again.' } });
}
