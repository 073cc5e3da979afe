/**
 * Time, as an input: every timer of the package is made here, from a clock that a test can step.
 *
 * XState's own delayed events cost O(all timers of the system) whenever any actor stops, so the deadlines of
 * many short jobs can't be `after` transitions. One heap, one host timer for the earliest.
 */

/** Where time comes from. XState's SimulatedClock is one. */
export interface Clock {
  /** Milliseconds that never go back. */
  now(): number;
  setTimeout(fn: () => void, ms: number): unknown;
  clearTimeout(handle: unknown): void;
}

/** The machine's own clock. */
export const realClock: Clock = {
  now: () => performance.now(),
  setTimeout: (fn, ms) => setTimeout(fn, ms),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

/** Lengths in milliseconds, each with its reason. The defaults of options say which; the others are fixed. */
export const durations = Object.freeze({
  /** Default of `timeoutMs`. A call's deadline where none is given: long enough for a slow command, short enough for a person who waits. */
  callTimeout: 60_000,
  /**
   * How long after its deadline a request that is here is ended: its caller has a timer of its own, and is to be told by that one, unless it
   * does not run. Clocks are compared to the millisecond.
   */
  deadlineSlack: 50,
  /**
   * `protocol: 'auto'`: how long a host listens before it asks, how long each question may take, and the pause after a round of them,
   * doubled each time up to the last. An agent that is there answers within a few milliseconds, over 9600 baud within 200.
   */
  detectListen: 250,
  detectTry: 500,
  detectPauseFirst: 1_000,
  detectPauseLast: 10_000,
  /** How long a v7 host waits for hello before it asks for capabilities itself: hello may have been said before it came. */
  v7Hello: 250,
  /**
   * A v7 guest whose hello nobody answers says it again: first after this pause, doubled each time up to the last. The original
   * gave up after 100 s; a host that comes later asks by itself, so a slow pace loses nothing.
   */
  v7HelloFirst: 5_000,
  v7HelloLast: 60_000,
  /** How long a v7 greeting call waits before it is made again: the original's own limit for a request. */
  v7Greeting: 5_000,
  /**
   * How long a `guest-sync-delimited` waits before it is sent again, doubled each time up to the last. Short at first: a serial port
   * loses what comes in its first moments. Long at last: an agent that hangs answers all of them when it goes on.
   */
  qemuGaSyncFirst: 1_000,
  qemuGaSyncLast: 30_000,
  /** How long an agent's list of commands may take: 5 KB, at 9600 baud. */
  qemuGaList: 10_000,
  /** How long a full queue is left alone before the list is asked for again. */
  qemuGaListAgain: 250,
  /** The pause after the first HELLO of virtagent-2, doubled each time up to the last: a line may not be read yet, and costs nothing. */
  helloFirst: 100,
  helloLast: 5_000,
  /**
   * What was sent is sent again for a HELLO at once, then after pauses that double from the first to the last; after the quiet one at once
   * again. Half of the pauses between HELLOs: who repeats himself as he should is never refused, and a hostile side gains little.
   */
  helloServedFirst: 50,
  helloServedLast: 2_500,
  helloServedQuiet: 10_000,
  /** For how long, at least, a reading of the other side's clock counts. Longer than a busy line is late, shorter than a pause hurts. */
  clockReadings: 15_000,
  /** How long the other side's limits may take before this side's are told again: a plain line may have lost either. */
  limitsAgain: 1_000,
  /** How long a side waits for room or credit before it asks: what told of it may have been lost. */
  statusAgain: 1_000,
  /** How long a question for what is known of a stream may take: one that was lost is asked again. */
  statusAnswer: 10_000,
  /** A reliable session: how long a frame may be untaken before anything was measured, at least, and at most. */
  resendBefore: 1_000,
  resendFirst: 200,
  resendLast: 5_000,
  /** How long what was taken may go untold: well below the least time after which it is sent again. */
  statusDelay: 25,
  /** Default of `keepMs`: how long a session is kept without a line. Long enough for a reboot of what is between, shorter than most deadlines. */
  keep: 30_000,
  /** Default of `heartbeatMs`: after twice this a silent line is given up. */
  heartbeat: 5_000,
  /**
   * How long a handler that streams may wait for the source of its items before its execute slot goes to others: longer than a disk or a
   * small computation takes, short beside what a person waits for. Once it has waited in vain: just long enough to see that nothing is
   * there, as sixty-four streams of a few items a second are not to keep four slots.
   */
  sourceWait: 100,
  sourceWaitAgain: 1,
  /** Default of `stallTimeoutMs`. A peer that sends requests and reads no answers for this long is cut off. */
  stallTimeout: 10_000,
  /** A reliable session that is stopped: how long its last frames may take to arrive. As long as a line that is dead may seem alive. */
  confirm: 10_000,
  /** After the peer has ended its side of a line, how long its last requests may take. */
  finish: 5_000,
  /** How long a line that we close may take to hand over what was written. */
  flush: 1_000,
  /** How long the other end of a socket may take then to read it, and to close its own end. */
  linger: 2_000,
  /** First pause before a line is tried again, doubled at each attempt up to the last; each is shortened by up to a half at random. */
  retryFirst: 100,
  retryLast: 10_000,
  /** The same for requests after the peer said busy. */
  busyFirst: 20,
  busyLast: 2_000,
});

/** A timer that has been started. */
export interface Timer {
  readonly at: number;
  /** Timers that are due together fire in the order in which they were started. */
  readonly seq: number;
  readonly fire: () => void;
  /** Its place in the heap; {@link DUE} while it is about to fire, -1 once it has fired or was cancelled. */
  index: number;
}

const DUE = -2;

/** The longest delay that a host timer takes (2³¹−1 ms, 24.8 days); later ones are armed again on the way. */
const LONGEST = 0x7fff_ffff;

/** All timers of one owner: O(log n) to start and to cancel, none of it kept afterwards. */
export class Timers {
  readonly clock: Clock;
  readonly #heap: Timer[] = [];
  /** Those that are firing; an earlier one may still cancel a later. */
  #due: Timer[] = [];
  #firing = false;
  #started = 0;
  #armed: unknown = undefined;
  #armedAt = Infinity;

  constructor(clock: Clock = realClock) {
    this.clock = clock;
  }

  /** How many are running. */
  get size(): number {
    return this.#heap.length;
  }

  /** Calls `fire` after `ms`, never inside this call; Infinity is never, and no timer. */
  start(ms: number, fire: () => void): Timer {
    const now = this.clock.now();
    const timer: Timer = { at: now + (ms > 0 ? ms : 0), seq: this.#started++, fire, index: -1 };
    if (timer.at === Infinity) return timer;
    this.#heap.push(timer);
    this.#rise(this.#heap.length - 1, timer);
    if (timer.at < this.#armedAt) this.#arm(now);
    return timer;
  }

  /** Stops a timer; one that has fired, or was never running, is left alone. */
  cancel(timer: Timer | undefined): void {
    if (timer?.index === DUE) timer.index = -1;
    if (timer === undefined || timer.index < 0) return;
    const last = this.#heap.pop() as Timer;
    if (last !== timer) {
      const at = timer.index;
      this.#rise(at, last);
      this.#sink(last.index, last);
    }
    timer.index = -1;
    if (this.#heap.length === 0) this.#disarm();
  }

  /** Stops all. */
  clear(): void {
    for (const timer of [...this.#heap, ...this.#due]) timer.index = -1;
    this.#heap.length = 0;
    this.#disarm();
  }

  #arm(now: number): void {
    this.#disarm();
    const next = this.#heap[0];
    if (next === undefined) return;
    this.#armedAt = next.at;
    this.#armed = this.clock.setTimeout(() => this.#ring(), Math.min(Math.ceil(next.at - now), LONGEST));
  }

  #disarm(): void {
    if (this.#armed !== undefined) this.clock.clearTimeout(this.#armed);
    this.#armed = undefined;
    this.#armedAt = Infinity;
  }

  #ring(): void {
    this.#armed = undefined;
    this.#armedAt = Infinity;
    const now = this.clock.now();
    for (let next = this.#heap[0]; next !== undefined && next.at <= now; next = this.#heap[0]) {
      this.cancel(next);
      next.index = DUE;
      this.#due.push(next);
    }
    this.#arm(now);
    if (!this.#firing) this.#fire();
  }

  /** Fires those that the ones before them have not cancelled. What one throws is thrown when all have fired. */
  #fire(): void {
    this.#firing = true;
    let failure: { readonly error: unknown } | undefined;
    for (let at = 0; at < this.#due.length; at++) {
      const timer = this.#due[at] as Timer;
      if (timer.index !== DUE) continue;
      timer.index = -1;
      try {
        timer.fire();
      } catch (error) {
        failure ??= { error };
      }
    }
    this.#due = [];
    this.#firing = false;
    if (failure !== undefined) throw failure.error;
  }

  #rise(from: number, timer: Timer): void {
    let at = from;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = this.#heap[up] as Timer;
      if (isBefore(parent, timer)) break;
      this.#place(at, parent);
      at = up;
    }
    this.#place(at, timer);
  }

  #sink(from: number, timer: Timer): void {
    let at = from;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= this.#heap.length) break;
      if (down + 1 < this.#heap.length && isBefore(this.#heap[down + 1] as Timer, this.#heap[down] as Timer)) down++;
      const child = this.#heap[down] as Timer;
      if (isBefore(timer, child)) break;
      this.#place(at, child);
      at = down;
    }
    this.#place(at, timer);
  }

  #place(at: number, timer: Timer): void {
    this.#heap[at] = timer;
    timer.index = at;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.seq < b.seq);
}

/** The pause before attempt `attempt` (from 1): doubled each time, bounded, and spread so that peers don't come back together. */
export function backoff(attempt: number, first: number, last: number, random: () => number): number {
  const whole = Math.min(last, first * 2 ** Math.min(attempt - 1, 30));
  return whole * (1 - random() / 2);
}
