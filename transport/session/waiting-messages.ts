import type { SendResult } from '../transport-input.ts';

/** A message whose turn has come, and that can't go on yet. It holds a send slot. */
export interface Waiting {
  readonly payload: Uint8Array;
  readonly isBytes: boolean;
  readonly isUrgent: boolean;
  readonly done: (result: SendResult) => void;
}

/** Messages that wait for the window, in the order in which they were sent; and those among them that can't begin. */
export class WaitingMessages {
  #next: Waiting[] = [];
  /** The other side takes no more at once: until one of those ends that have begun. */
  #blocked: Waiting[] = [];

  /** Who is next, of those that may go. */
  get first(): Waiting | undefined {
    return this.#next[0];
  }

  /** Whether nothing waits but for what can't begin. */
  get isIdle(): boolean {
    return this.#next.length === 0;
  }

  get isEmpty(): boolean {
    return this.#next.length + this.#blocked.length === 0;
  }

  get isBlocked(): boolean {
    return this.#blocked.length > 0;
  }

  add(one: Waiting): void {
    this.#next.push(one);
  }

  /** The first is at work. */
  shift(): void {
    this.#next.shift();
  }

  /** The first can't begin. */
  block(): void {
    this.#blocked.push(this.#next.shift() as Waiting);
  }

  /** Those that could not begin try again, before all others. */
  unblock(): void {
    this.#next.unshift(...this.#blocked.splice(0));
  }

  /** The last of those that can't begin, which waits here no more. */
  popBlocked(): Waiting | undefined {
    return this.#blocked.pop();
  }

  /** A message that is not needed any more waits no more. */
  take(payload: Uint8Array): Waiting | undefined {
    return takeOut(this.#next, payload) ?? takeOut(this.#blocked, payload);
  }

  clear(): void {
    this.#next = [];
    this.#blocked = [];
  }
}

function takeOut(list: Waiting[], payload: Uint8Array): Waiting | undefined {
  const at = list.findIndex((one) => one.payload === payload);
  return at < 0 ? undefined : list.splice(at, 1)[0];
}
