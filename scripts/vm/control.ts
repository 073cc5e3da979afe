import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { deadlineBeside } from '../../cli/deadline.ts';

/** What a command in the guest came to. */
export interface Ran {
  readonly exitCode: number;
  readonly output: string;
}

interface ExecStatus {
  readonly exited: boolean;
  readonly exitcode?: number;
  readonly signal?: number;
  readonly 'out-data'?: string;
  readonly 'err-data'?: string;
}

const CALL_MS = 180_000;
/** How long an answer to a sync is waited for, at first and at most: a guest that is slower than that is waited for longer each time. */
const SYNC_MS = 500;
const LAST_SYNC_MS = 4000;

/**
 * Runs commands in the guest over a qemu-ga of its own, with the least of its protocol that this takes: it is how a test
 * stops and starts what is under test, so nothing of that is used here.
 */
export class Control {
  readonly #path: string;
  #socket: Socket | undefined;
  #text = '';
  #wake: () => void = () => {};
  #turn: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** Resolves when the guest runs commands. */
  async ready(signal: AbortSignal): Promise<void> {
    await this.#inTurn(() => this.#sync(signal));
  }

  /** Runs `script` with the guest's shell, to its end, and gives its exit code and what it printed. */
  run(script: string, signal = AbortSignal.timeout(CALL_MS)): Promise<Ran> {
    return this.#inTurn(async () => {
      if (this.#socket === undefined) await this.#sync(signal);
      const args = { path: '/bin/sh', arg: ['-c', script], 'capture-output': true };
      const { pid } = (await this.#call('guest-exec', args, signal)) as { pid: number };
      for (;;) {
        const status = (await this.#call('guest-exec-status', { pid }, signal)) as ExecStatus;
        if (status.exited) {
          const output = [status['out-data'], status['err-data']].map((data = '') => Buffer.from(data, 'base64').toString()).join('');
          return { exitCode: status.exitcode ?? 128 + (status.signal ?? 0), output };
        }
        await pause(20, undefined, { signal });
      }
    });
  }

  /** The same, for commands that must succeed: what it printed. */
  async sh(script: string): Promise<string> {
    const { exitCode, output } = await this.run(script);
    if (exitCode !== 0) throw new Error(`in the guest, \`${script}\` ended with ${exitCode}: ${output.trim()}`);
    return output;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#wake();
  }

  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => this.close());
    return done;
  }

  /** A machine that starts, restarts or was rolled back has no agent, or one in the middle of something: asks until it answers. */
  async #sync(signal: AbortSignal): Promise<void> {
    for (let ms = SYNC_MS; ; ms = Math.min(2 * ms, LAST_SYNC_MS)) {
      signal.throwIfAborted();
      this.close();
      const id = Math.floor(Math.random() * 2 ** 31);
      const deadline = deadlineBeside(signal, ms);
      try {
        await this.#connect();
        this.#socket?.write(`\u00ff{"execute":"guest-sync-delimited","arguments":{"id":${id}}}\n`, 'latin1');
        while (!(await this.#line(deadline.signal)).endsWith(`\u00ff{"return": ${id}}`));
        return;
      } catch {
        await pause(20);
      } finally {
        deadline.end();
      }
    }
  }

  async #connect(): Promise<void> {
    const socket = connect(this.#path).setEncoding('latin1');
    this.#socket = socket;
    this.#text = '';
    const end = (): void => {
      if (this.#socket === socket) this.close();
    };
    socket.on('error', end).on('close', end);
    socket.on('data', (text: string) => {
      this.#text += text;
      this.#wake();
    });
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  }

  async #call(execute: string, args: object, signal: AbortSignal): Promise<unknown> {
    this.#socket?.write(`${JSON.stringify({ execute, arguments: args })}\n`);
    const said = JSON.parse(await this.#line(signal)) as { return?: unknown; error?: { desc: string } };
    if (said.error !== undefined) throw new Error(`${execute}: ${said.error.desc}`);
    return said.return;
  }

  async #line(signal: AbortSignal): Promise<string> {
    for (;;) {
      const end = this.#text.indexOf('\n');
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      if (this.#socket === undefined) throw new Error('the guest ended the control line');
      await new Promise<void>((resolve, reject) => {
        const abort = (): void => reject(signal.reason as Error);
        if (signal.aborted) return abort();
        signal.addEventListener('abort', abort, { once: true });
        this.#wake = () => {
          signal.removeEventListener('abort', abort);
          resolve();
        };
      });
    }
  }
}
