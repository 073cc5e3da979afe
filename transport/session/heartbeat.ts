import { VirtagentError } from '../errors.ts';
import type { Timer, Timers } from '../timers.ts';

/** What a heartbeat does. */
export interface HeartbeatHost {
  /** Has the other side say something. */
  ask(): void;
  silent(reason: VirtagentError): void;
}

/** How often a side asks before it gives a line up: on one that loses a byte in a hundred, one time in three is it answered. */
const QUESTIONS = 16;

/**
 * Tells a silent line from an idle one: what has been quiet for `ms` is asked, again now and then, and given up when it has been quiet
 * for twice as long. While something is heard it costs one timer that looks now and then.
 */
export class Heartbeat {
  readonly #timers: Timers;
  readonly #ms: number;
  readonly #host: HeartbeatHost;
  #heardAt = 0;
  #timer: Timer | undefined;
  #dueAt = 0;

  constructor(timers: Timers, ms: number, host: HeartbeatHost) {
    this.#timers = timers;
    this.#ms = ms;
    this.#host = host;
  }

  start(): void {
    this.stop();
    this.heard();
    this.#arm(this.#ms);
  }

  stop(): void {
    this.#timers.cancel(this.#timer);
    this.#timer = undefined;
  }

  /** Something came. */
  heard(): void {
    this.#heardAt = this.#now;
  }

  #arm(ms: number): void {
    if (ms === Infinity) return;
    this.#dueAt = this.#now + ms;
    this.#timer = this.#timers.start(ms, () => this.#look());
  }

  #look(): void {
    const now = this.#now;
    const ms = this.#ms;
    // This process did not run for a while: what came meanwhile is still to be read.
    if (now - this.#dueAt > ms) this.#heardAt = Math.max(this.#heardAt, now - ms);
    const quiet = now - this.#heardAt;
    if (quiet >= 2 * ms) {
      const message = `nothing was heard for ${Math.round(quiet)} ms, twice heartbeatMs (${ms})`;
      return this.#host.silent(new VirtagentError('LINE_SILENT', message));
    }
    if (quiet < ms) return this.#arm(ms - quiet);
    this.#arm(Math.min(ms / QUESTIONS, 2 * ms - quiet));
    this.#host.ask();
  }

  get #now(): number {
    return this.#timers.clock.now();
  }
}
