import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { runPython } from './python.ts';

/** How a call of the second implementation has failed, in its own words. */
export class SecondError extends Error {
  constructor(
    readonly code: string,
    readonly known: string | undefined,
    readonly remote: unknown,
  ) {
    super(code);
  }
}

/** What the second implementation has counted. */
export interface Report {
  readonly executed: Readonly<Record<string, number>>;
  /** Items that its method `numbers` has made. */
  readonly made: number;
  readonly reliable: boolean;
  readonly sessions?: number;
  readonly resumed?: number;
  readonly damaged?: number;
  readonly silent?: number;
  readonly sent_again: number;
}

type Said = readonly [number: number, name: string, value: unknown];

/** A peer of the second implementation, in a process that ends with the test. */
export class Second {
  readonly #child: ChildProcess;
  readonly #commands = new Map<number, (name: string, value: unknown) => void>();
  readonly #events: { readonly name: string; readonly value: unknown }[] = [];
  readonly #listeners = new Set<() => void>();
  #number = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => this.#hear(withBytes(JSON.parse(line)) as Said));
    onTestFinished(() => this.kill());
  }

  /** Listening it has its socket when this resolves; connecting it tries until it can. */
  static async start(end: 'connect' | 'listen', path: string, { reliable = false, limits = {}, requests = 256 } = {}): Promise<Second> {
    const args = [end, path, '--limits', JSON.stringify(limits), '--requests', `${requests}`, ...(reliable ? ['--reliable'] : [])];
    const second = new Second(runPython('main', ...args));
    if (end === 'listen') await second.event('listening');
    return second;
  }

  call(method: string, params?: unknown, more: Record<string, unknown> = {}): Promise<unknown> & { readonly number: number } {
    return this.command('call', { method, params, ...more });
  }

  /** A result that is read as it is asked for. */
  async stream(method: string, params: unknown, room: { items: number; bytes: number }) {
    const command = this.command('stream', { method, params, ...room });
    await command;
    const of = command.number;
    return {
      /** So many items; at the end fewer, and `{ result }`. */
      read: (items = 1) => this.command('read', { of, items }) as Promise<unknown[]>,
      leave: () => this.command('leave', { of }),
    };
  }

  cancel(call: { readonly number: number }): Promise<unknown> {
    return this.command('cancel', { of: call.number });
  }

  async report(): Promise<Report> {
    return (await this.command('report')) as Report;
  }

  /** Has it do something; what that is, is in python/main.py. */
  command(name: string, args: Record<string, unknown> = {}): Promise<unknown> & { readonly number: number } {
    const number = ++this.#number;
    const done = new Promise<unknown>((resolve, reject) => {
      this.#commands.set(number, (outcome, value) => {
        if (outcome === 'ok') return resolve(value);
        const { known, remote } = (value ?? {}) as { known?: string; remote?: unknown };
        reject(new SecondError(outcome, known, remote));
      });
    });
    this.#child.stdin?.write(`${JSON.stringify([number, name, args], withHex)}\n`);
    return Object.assign(done, { number });
  }

  /** The next of its news with that name, which is then no longer there. */
  async event(name: string): Promise<unknown> {
    for (;;) {
      const at = this.#events.findIndex((event) => event.name === name);
      if (at >= 0) return this.#events.splice(at, 1)[0]?.value;
      await new Promise<void>((resolve) => this.#listeners.add(resolve));
    }
  }

  /** At once, as a power cut does it. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  #hear([number, name, value]: Said): void {
    if (number > 0) {
      this.#commands.get(number)?.(name, value);
      this.#commands.delete(number);
      return;
    }
    this.#events.push({ name, value });
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }
}

/** For JSON.stringify, which has asked a Buffer for its JSON before it asks this. */
function withHex(_name: string, value: unknown): unknown {
  const { type, data } = (value ?? {}) as { type?: unknown; data?: unknown };
  return type === 'Buffer' ? { $hex: Buffer.from(data as number[]).toString('hex') } : value;
}

/** A value with the byte strings that stand for `{"$hex": digits}` in it. */
function withBytes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withBytes);
  if (typeof value !== 'object' || value === null) return value;
  if ('$hex' in value) return Buffer.from(String(value.$hex), 'hex');
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withBytes(member)]));
}
