import type { Decoded } from './messages.ts';

/** What an inbox needs of its transport. */
export interface InboxHost {
  /** Whether anything is to be handed on. */
  readonly takes: boolean;
  /** The present line, to tell it from none and from the next: what a message leads to may end it, and the rest of it with it. */
  readonly line: unknown;
  handOn(one: Decoded): void;
  /** There is more than one turn hands on: nothing else is read until it is done with. */
  pause(): void;
  /** It is done with, or nothing is to be handed on for now. */
  goOn(): void;
  /** All of it is handed on. */
  onEmpty(): void;
}

/**
 * Messages that one turn hands on. One chunk may hold thousands, and whatever they lead to, other lines of the process would wait for all
 * of it. As many calls as are commonly in flight still take one turn.
 */
export const messagesInATurn = 128;

/** What was decoded of a line and waits to be handed on, in order, so many in a turn. */
export class Inbox {
  readonly #host: InboxHost;
  #messages: Decoded[] = [];
  /** The first that was not handed on. */
  #next = 0;
  #isHandingOn = false;
  /** The rest has its turn after other work. */
  #isWaiting = false;

  constructor(host: InboxHost) {
    this.#host = host;
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  add(messages: Decoded[]): void {
    if (this.#messages.length === 0) this.#messages = messages;
    else for (const one of messages) this.#messages.push(one);
    if (!this.#isWaiting) this.handOn();
  }

  /** Hands on a turn's worth, or up to where the line is gone or nothing is to be read. */
  handOn(most = messagesInATurn): void {
    // Called by what a message led to: the messages after that one are handed on when it is done with.
    if (this.#isHandingOn) return;
    this.#isHandingOn = true;
    const host = this.#host;
    const { line } = host;
    let left = most;
    try {
      while (this.#next < this.#messages.length && left-- > 0 && host.takes && host.line === line)
        host.handOn(this.#messages[this.#next++] as Decoded);
    } finally {
      this.#isHandingOn = false;
    }
    if (this.#next >= this.#messages.length) {
      this.clear();
      host.onEmpty();
    } else if (left < 0 && !this.#isWaiting) this.#wait();
  }

  /** The line is about to be gone: what came of it is at most what one chunk held. */
  handOnAll(): void {
    if (this.#isWaiting) this.handOn(Infinity);
  }

  /** What waits, oldest first. */
  get waiting(): readonly Decoded[] {
    return this.#messages.slice(this.#next);
  }

  /** Whether the rest of a turn has its turn after other work: the line is paused until then. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** Takes out those that need not wait, in their order; the others stay. */
  takeOut(isFree: (one: Decoded) => boolean): Decoded[] {
    const { waiting } = this;
    this.#messages = waiting.filter((one) => !isFree(one));
    this.#next = 0;
    return waiting.filter(isFree);
  }

  /** What is there is of no use any more. */
  clear(): void {
    this.#messages = [];
    this.#next = 0;
  }

  #wait(): void {
    this.#isWaiting = true;
    this.#host.pause();
    setImmediate(() => {
      this.#isWaiting = false;
      this.handOn();
      if (!this.#isWaiting) this.#host.goOn();
    });
  }
}
