import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { createPeer, type Peer } from '../../actors/index.ts';
import { unixConnect } from '../../transport/channels/unix.ts';
import type { ProtocolName } from '../../transport/protocols.ts';
import { GuestAgent, type AgentOptions } from '../support/guest-agent.ts';
import { rejection, type Loose } from '../support/peers.ts';

export const bin = fileURLToPath(new URL('../../dist/virtagent.js', import.meta.url));
if (!existsSync(bin)) throw new Error('dist/virtagent.js is missing: npm run build makes it');

/** Under npm a SIGINT soon after another counts as npm's own copy of it. */
export const plainEnv: NodeJS.ProcessEnv = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')));

/** How a process ended. */
export interface Run {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `virtagent` that runs. It is gone after the test. */
export class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Run>;
  stdout = '';
  stderr = '';
  #watchers = new Set<() => void>();
  /** It has ended, and all that it printed is here. */
  #isOver = false;

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#take('stdout', text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#take('stderr', text));
    child.stdin?.on('error', () => {});
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.#isOver = true;
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
        for (const look of this.#watchers) look();
      });
    });
  }

  /** Resolves when that has been printed, so many times; rejects if the process ends without it. */
  printed(stream: 'stdout' | 'stderr', text: string | RegExp, times = 1): Promise<void> {
    const every = typeof text === 'string' ? text : new RegExp(text.source, `${text.flags}g`);
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const isThere = this[stream].split(every).length > times;
        if (!isThere && !this.#isOver) return;
        this.#watchers.delete(look);
        if (isThere) resolve();
        else reject(new Error(`it ended without printing ${text}: ${this.stdout}${this.stderr}`));
      };
      this.#watchers.add(look);
      look();
    });
  }

  /** Sends a signal and waits for the end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Run> {
    this.child.kill(signal);
    return this.ended;
  }

  #take(stream: 'stdout' | 'stderr', text: string): void {
    this[stream] += text;
    for (const look of this.#watchers) look();
  }
}

/** Starts `virtagent ARGS`. */
export function start(args: readonly string[], options: SpawnOptions = {}): Running {
  const child = spawn(process.execPath, [bin, ...args], { stdio: 'pipe', env: plainEnv, ...options });
  onTestFinished(() => void child.kill('SIGKILL'));
  return new Running(child);
}

/** Runs `virtagent ARGS` to its end. */
export async function run(args: readonly string[], input = ''): Promise<Run> {
  const running = start(args);
  running.child.stdin?.end(input);
  return running.ended;
}

/** A folder that is gone after the test, by its real path. */
export function folder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'va-cli-')));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A guest that listens at a unix socket. */
export async function guestAt(socket: string, ...options: string[]): Promise<Running> {
  const guest = start(['guest', '-c', 'unix-listen', '-p', socket, ...options]);
  await guest.printed('stderr', 'listening');
  return guest;
}

/** QEMU's agent with those commands, in this process. Resolves to the options of a line to it. */
export async function agentAt(commands: AgentOptions['commands'] = {}): Promise<string[]> {
  const path = join(folder(), 's');
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    new GuestAgent({ commands }).serve(socket);
  }).listen(path);
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await once(server, 'listening');
  return ['-c', 'unix-connect', '-p', path, '--protocol', 'qemu-ga'];
}

/** A host in this process, connected to the guest at that socket. */
export async function hostAt(socket: string, protocol: ProtocolName = 'virtagent-2'): Promise<Peer<Loose>> {
  const methods = protocol === 'virtagent-v7' ? {} : { ping: () => undefined, hello: () => undefined };
  const peer = createPeer<Loose>({ channel: unixConnect(socket), protocol, role: 'host', methods });
  onTestFinished(() => peer.close());
  await peer.ready();
  return peer;
}

/** The error of a failed call, as the caller has it: its number and message. */
export async function answered(call: Promise<unknown>): Promise<{ code: unknown; number: unknown; message: string }> {
  const { code, message, remote } = await rejection(call);
  return { code, number: (remote as { code?: unknown } | undefined)?.code, message };
}

/** What would act on a terminal: any control or format character but the end of a line. */
export const acting = /[^\P{C}\n]/u;
