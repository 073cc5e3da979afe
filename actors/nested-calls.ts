import { VirtagentError } from '../transport/errors.ts';
import type { Execution } from './kinds.ts';
import type { CallOptions, StreamOptions } from './methods.ts';
import type { Call, CallResult } from './call.ts';
import type { CallStream, Reader } from './call-stream.ts';
import type { Outgoing, StreamHandler } from './outgoing.ts';

type Settle = (result: CallResult) => void;

/**
 * A handler's calls back to the peer. While it waits for one, or for an item of one that is streamed, the handler is parked; what it
 * waited for is handed over once the handler holds an execute slot again (rule 10 of the manager), or at once when its job is over.
 */
export class NestedCalls implements StreamHandler {
  readonly #outgoing: Outgoing;
  readonly #execution: Execution;
  readonly #most: number;
  readonly #calls = new Set<Call>();
  #isOver = false;
  #ready: (() => void)[] = [];
  /** What was made and has not been answered. */
  #inFlight = 0;
  /** How often the handler waits. */
  #waits = 0;

  constructor(outgoing: Outgoing, execution: Execution, most: number) {
    this.#outgoing = outgoing;
    this.#execution = execution;
    this.#most = most;
  }

  call(method: string, params: unknown, options: CallOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let waits = false;
      let isOver = false;
      const make = (settle: Settle): Call => this.#outgoing.start(method, params, options, true, settle);
      this.begin(method, make, (result) => {
        isOver = true;
        const handOver = (): void => (result.ok ? resolve(result.value) : reject(result.error));
        if (waits) this.#answered(handOver);
        else handOver();
      });
      // Refused at once: nothing to wait for.
      if (isOver) return;
      waits = true;
      this.#park();
    });
  }

  /** Throws INVALID_OPTION. */
  stream(method: string, params: unknown, options: StreamOptions): CallStream {
    return this.#outgoing.stream(method, params, options, this);
  }

  begin(method: string, make: (settle: Settle) => Call, settle: Settle): Call | undefined {
    const error = this.#refusal(method);
    if (error !== undefined) {
      settle({ ok: false, error });
      return undefined;
    }
    this.#inFlight++;
    let call: Call | undefined;
    let isAnswered = false;
    call = make((result) => {
      isAnswered = true;
      this.#inFlight--;
      if (call !== undefined) this.#calls.delete(call);
      settle(result);
    });
    if (!isAnswered) this.#calls.add(call);
    return call;
  }

  waits(reader: Reader): Reader {
    // An answer would wait for a slot that it never gets.
    if (this.#isOver) return reader;
    this.#park();
    return {
      resolve: (result) => this.#answered(() => reader.resolve(result)),
      reject: (error) => this.#answered(() => reader.reject(error)),
    };
  }

  /** Whether the handler has no slot, as it waits for one of them. */
  get isParked(): boolean {
    return this.#waits > 0;
  }

  /** The handler holds a slot: hand over what has come. */
  deliver(): void {
    const ready = this.#ready;
    this.#ready = [];
    this.#waits -= ready.length;
    for (const handOver of ready) handOver();
  }

  /** The job is over: its calls are cancelled, and answers need no slot. */
  abandon(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const reason = new VirtagentError('CANCELLED', 'the handler that called has ended');
    for (const call of [...this.#calls]) call.giveUp(reason);
    this.deliver();
  }

  #refusal(method: string): VirtagentError | undefined {
    if (this.#isOver) return new VirtagentError('CANCELLED', `${method}: the handler that calls has ended`, { known: 'not-sent', method });
    if (this.#inFlight < this.#most) return undefined;
    const message = `${method}: this handler has maxNestedCalls (${this.#most}) calls in flight`;
    return new VirtagentError('NESTING_LIMIT', message, { known: 'not-sent', method });
  }

  #park(): void {
    this.#waits++;
    this.#execution.park();
  }

  #answered(handOver: () => void): void {
    this.#ready.push(handOver);
    if (this.#isOver) this.deliver();
    else this.#execution.unpark();
  }
}
