import type { Execution } from './kinds.ts';
import type { HandlerContext } from './methods.ts';
import { unattended } from './outgoing.ts';
import type { ServerWork } from './server-work.ts';

/** What a handler gets. Its functions are its own, as handlers take them out of it; what few ask for is made when it is asked for. */
export class HandlerContextOf implements HandlerContext {
  readonly method: string;
  readonly call: HandlerContext['call'];
  readonly notify: HandlerContext['notify'];
  readonly progress: HandlerContext['progress'];
  readonly #execution: Execution;
  readonly #work: ServerWork;

  constructor(work: ServerWork, method: string, execution: Execution) {
    this.method = method;
    this.#work = work;
    this.#execution = execution;
    this.call = ((name: string, params?: unknown, options = {}) =>
      unattended(work.nestedOf(execution).call(name, params, options))) as HandlerContext['call'];
    this.notify = ((name: string, params?: unknown) => work.notify(name, params)) as HandlerContext['notify'];
    this.progress = (value) => work.progress(value);
  }

  get stream(): HandlerContext['stream'] {
    return ((name: string, params?: unknown, options = {}) =>
      this.#work.nestedOf(this.#execution).stream(name, params, options)) as HandlerContext['stream'];
  }

  get signal(): AbortSignal {
    return this.#execution.signal;
  }

  get remainingMs(): number | undefined {
    return this.#work.remainingMs;
  }

  get protocol(): string {
    return this.#work.protocol;
  }
}
