import { setMaxListeners } from 'node:events';
import { exitCodes, signalExits } from './exit-codes.ts';

/** A signal that asks for the end. */
export type StopName = keyof typeof signalExits;

/**
 * `npm start` passes SIGINT on to a process that the terminal has already told: that one is not a second Ctrl-C, and no
 * hand is as fast.
 */
const NPM_REPEAT_MS = 300;

/** Resolves when a signal is aborted; at once where it is already. */
export function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

/**
 * The first SIGINT, SIGTERM or SIGHUP aborts `signal`, for a graceful end; the second ends the process at once. No SIGHUP is a
 * second one: of a terminal that is closed both the shell and the system tell, and nobody is there who is in a hurry.
 */
export class Stopping {
  /** The first one, once it has come. */
  name: StopName | undefined;
  readonly #abort = new AbortController();
  readonly #handlers = Object.keys(signalExits).map((name) => [name as StopName, () => this.#take(name as StopName)] as const);
  #since = 0;

  constructor() {
    // Every call that is out listens, and Node would warn of more than ten.
    setMaxListeners(0, this.#abort.signal);
    for (const [name, handler] of this.#handlers) process.on(name, handler);
  }

  /** Aborted by the first signal. Its reason is the signal's name. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Ends gracefully for a reason of our own. */
  stop(): void {
    this.#abort.abort();
  }

  /** From here on signals do what they do in any process: all that is left is to write what was printed. */
  [Symbol.dispose](): void {
    for (const [name, handler] of this.#handlers) process.off(name, handler);
  }

  #take(name: StopName): void {
    if (this.name === undefined) {
      this.name = name;
      this.#since = performance.now();
      this.#abort.abort(name);
    } else if (name !== 'SIGHUP' && !this.#isRepeat(name)) {
      process.exit(exitCodes[signalExits[name]].code);
    }
  }

  #isRepeat(name: StopName): boolean {
    const isFromNpm = process.env['npm_lifecycle_event'] !== undefined && name === 'SIGINT' && this.name === name;
    return isFromNpm && performance.now() - this.#since < NPM_REPEAT_MS;
  }
}
