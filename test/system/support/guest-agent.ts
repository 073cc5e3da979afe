import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isListening } from './listening.ts';

/** What no test may do to the machine that it runs on. */
const dangerous = [
  'guest-shutdown',
  'guest-suspend-disk',
  'guest-suspend-ram',
  'guest-suspend-hybrid',
  'guest-fsfreeze-freeze',
  'guest-fsfreeze-freeze-list',
  'guest-set-time',
  'guest-set-user-password',
];

/** A real qemu-guest-agent, and the unix socket by which it is reached, in a folder of its own. */
export class RealAgent {
  readonly folder = mkdtempSync(join(tmpdir(), 'qga-'));
  readonly path = join(this.folder, 'agent.sock');
  #child: ChildProcess | undefined;
  /** What stands between it and the socket, if anything. */
  readonly #between: ChildProcess[] = [];
  #held: number | undefined;

  /** Runs it, without the dangerous commands and `disabled`; resolves when it listens. */
  async start(disabled: readonly string[] = []): Promise<this> {
    rmSync(this.path, { force: true });
    this.#run('unix-listen', this.path, disabled);
    await this.#is(() => isListening(this.path), 'somebody listens at', this.path);
    return this;
  }

  /**
   * Runs it on a pseudo-terminal, as on a serial port: it does not see hosts come and go, and what it says to nobody stays there for
   * the next one. Each connection to the socket opens the far end of that line.
   */
  async startOnSerial(): Promise<this> {
    const [near, far] = [join(this.folder, 'near'), join(this.folder, 'far')];
    this.#between.push(spawn('socat', [`PTY,link=${near},rawer`, `PTY,link=${far},rawer`], { stdio: 'ignore' }));
    for (const path of [near, far]) await this.#is(() => existsSync(path), 'there is', path);
    // A terminal that nobody holds open is gone for the other end, and what is in it too.
    this.#held = openSync(far, constants.O_RDWR | constants.O_NOCTTY);
    this.#run('isa-serial', near, []);
    this.#between.push(spawn('socat', ['-t0', `UNIX-LISTEN:${this.path},fork`, `OPEN:${far},rawer`], { stdio: 'ignore' }));
    await this.#is(() => isListening(this.path), 'somebody listens at', this.path);
    return this;
  }

  #run(method: string, path: string, disabled: readonly string[]): void {
    const args = ['-m', method, '-p', path, '-t', this.folder, '-b', [...dangerous, ...disabled].join(',')];
    this.#child = spawn('qemu-ga', args, { stdio: 'ignore' });
  }

  /** Waits for that; the test's own time limit ends it. */
  async #is(isSo: () => boolean, what: string, path: string): Promise<void> {
    while (!isSo()) {
      if (this.#child !== undefined && this.#child.exitCode !== null)
        throw new Error(`qemu-ga ended with ${this.#child.exitCode} before ${what} ${path}`);
      await pause(20);
    }
  }

  /** Its process. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Sends its process a signal: SIGSTOP and SIGCONT make it hang and go on. */
  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** Ends it and leaves nothing behind. */
  async end(): Promise<void> {
    await this.kill();
    for (const child of this.#between.splice(0)) child.kill('SIGKILL');
    if (this.#held !== undefined) closeSync(this.#held);
    this.#held = undefined;
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A host that knows nothing of syncs: says bytes, a character each, and leaves once `until` was heard (at once without). */
  async departedHost(text: string, until?: string): Promise<string> {
    const socket: Socket = connect(this.path);
    let heard = '';
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
    await once(socket, 'connect');
    await new Promise<void>((resolve) => socket.write(Buffer.from(text, 'latin1'), () => resolve()));
    while (until !== undefined && !heard.includes(until)) await once(socket, 'data');
    socket.destroy();
    return heard;
  }
}
