import type { Outcome } from '../machines/job.ts';
import { VirtagentError } from '../transport/errors.ts';
import type { Timer, Timers } from '../transport/timers.ts';
import type { CallOptions } from './methods.ts';
import { outcomeError } from './outcomes.ts';

interface EarlyCall {
  readonly method: string;
  readonly begin: (timeoutMs: number) => void;
  readonly fail: (error: VirtagentError) => void;
  readonly deadline: number;
  readonly timer: Timer;
  readonly letGo: () => void;
}

/** The error of a call that came to this. */
function ended(outcome: Outcome, method: string): VirtagentError {
  return outcomeError(outcome, method) as VirtagentError;
}

/**
 * Calls that are made before it is known what the other side speaks: nothing of them can be encoded yet (decision 27). They wait here, in
 * order, with their deadlines and signals, and none of them was sent.
 */
export class EarlyCalls {
  readonly #timers: () => Timers;
  readonly #most: number;
  readonly #waiting = new Set<EarlyCall>();
  #whenEmpty: (() => void)[] = [];
  #isStopping = false;

  /** @param most - calls that may wait. */
  constructor(timers: () => Timers, most: number) {
    this.#timers = timers;
    this.#most = most;
  }

  get count(): number {
    return this.#waiting.size;
  }

  /** Returns what gives it up. Begins the call, with what is left of its time, when it is known how; or fails it. */
  hold(
    method: string,
    { signal, timeoutMs }: Pick<CallOptions, 'signal'> & { readonly timeoutMs: number },
    begin: (timeoutMs: number) => void,
    fail: (error: VirtagentError) => void,
  ): ((reason: unknown) => void) | undefined {
    const known = 'not-sent';
    const refuse = (error: VirtagentError): undefined => void fail(error);
    if (this.#isStopping) return refuse(new VirtagentError('STOPPING', `${method}: this peer is stopping`, { known, method }));
    if (signal?.aborted === true) return refuse(ended({ type: 'cancelled', reason: signal.reason, known }, method));
    if (this.#waiting.size >= this.#most) {
      const message = `${method}: ${this.#most} calls (maxClientJobs) wait until it is known what the other side speaks`;
      return refuse(new VirtagentError('QUEUE_FULL', message, { known, method }));
    }
    const timers = this.#timers();
    const end = (error: VirtagentError): void => {
      this.#leave(call);
      fail(error);
    };
    const giveUp = (reason: unknown): void => end(ended({ type: 'cancelled', reason, known }, method));
    const onAbort = (): void => giveUp(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    const call: EarlyCall = {
      method,
      begin,
      fail: end,
      deadline: timers.clock.now() + timeoutMs,
      timer: timers.start(timeoutMs, () => end(ended({ type: 'timed-out', known }, method))),
      letGo: () => signal?.removeEventListener('abort', onAbort),
    };
    this.#waiting.add(call);
    return giveUp;
  }

  /** It is known: all of them begin. */
  release(): void {
    const { clock } = this.#timers();
    for (const call of [...this.#waiting]) {
      // One that began before it may have given it up.
      if (!this.#waiting.has(call)) continue;
      this.#leave(call);
      call.begin(Math.max(0, call.deadline - clock.now()));
    }
  }

  /** Takes no more; resolves when none waits. */
  stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#waiting.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenEmpty.push(resolve));
  }

  /** The peer has ended. */
  close(error: VirtagentError): void {
    for (const call of [...this.#waiting]) call.fail(ended({ type: 'cancelled', reason: error, known: 'not-sent' }, call.method));
  }

  #leave(call: EarlyCall): void {
    this.#waiting.delete(call);
    this.#timers().cancel(call.timer);
    call.letGo();
    if (this.#waiting.size > 0) return;
    for (const empty of this.#whenEmpty.splice(0)) empty();
  }
}
