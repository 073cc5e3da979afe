import { VirtagentError } from '../transport/errors.ts';
import type { Execution } from './kinds.ts';
import type { CallOptions } from './methods.ts';
import type { Call, CallResult } from './call.ts';
import type { Outgoing } from './outgoing.ts';

/**
 * A handler's calls back to the peer. While one is out the handler is parked; its answer is handed over once the handler
 * holds an execute slot again (rule 10 of the manager), or at once when its job is over.
 */
export class NestedCalls {
  readonly #outgoing: Outgoing;
  readonly #execution: Execution;
  readonly #most: number;
  readonly #calls = new Set<Call>();
  #isOver = false;
  #ready: (() => void)[] = [];
  #inFlight = 0;

  constructor(outgoing: Outgoing, execution: Execution, most: number) {
    this.#outgoing = outgoing;
    this.#execution = execution;
    this.#most = most;
  }

  call(method: string, params: unknown, options: CallOptions): Promise<unknown> {
    if (this.#isOver) {
      return Promise.reject(new VirtagentError('CANCELLED', `${method}: the handler that calls has ended`, { known: 'not-sent', method }));
    }
    if (this.#inFlight >= this.#most) {
      const message = `${method}: this handler has maxNestedCalls (${this.#most}) calls in flight`;
      return Promise.reject(new VirtagentError('NESTING_LIMIT', message, { known: 'not-sent', method }));
    }
    return new Promise((resolve, reject) => {
      const settle = (result: CallResult): void => (result.ok ? resolve(result.value) : reject(result.error));
      let parked = false;
      let early: CallResult | undefined;
      const call = this.#outgoing.start(method, params, options, true, (result) => {
        if (!parked) early = result;
        else {
          this.#calls.delete(call);
          this.#answered(() => settle(result));
        }
      });
      // Refused at once: nothing to wait for.
      if (early !== undefined) return settle(early);
      parked = true;
      this.#inFlight++;
      this.#calls.add(call);
      this.#execution.park();
    });
  }

  /** Whether the handler has no slot, as it waits for one of them. */
  get isParked(): boolean {
    return this.#inFlight > 0;
  }

  /** The handler holds a slot: hand over what has come. */
  deliver(): void {
    const ready = this.#ready;
    this.#ready = [];
    this.#inFlight -= ready.length;
    for (const settle of ready) settle();
  }

  /** The job is over: its calls are cancelled, and answers need no slot. */
  abandon(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const reason = new VirtagentError('CANCELLED', 'the handler that called has ended');
    for (const call of [...this.#calls]) call.giveUp(reason);
    this.deliver();
  }

  #answered(settle: () => void): void {
    this.#ready.push(settle);
    if (this.#isOver) this.deliver();
    else this.#execution.unpark();
  }
}
