import { quote } from '../transport/errors.ts';
import { backoff, durations, type Timer } from '../transport/timers.ts';
import type { Greeting, GreetingHost } from './greeting.ts';
import type { Methods } from './methods.ts';
import type { CallResult } from './call.ts';

/** Which end of a v7 line a peer is. */
export type Role = 'host' | 'guest';

/** What the guest of the original said that it was. */
const VERSION = '1.0';

/**
 * v7's greeting: the guest says hello; the host then asks for its capabilities and calls nothing that is not among them.
 *
 * A guest serves from the first byte, whatever becomes of its hello; it says it again, ever more slowly, until a host has
 * answered or asked. A host that hears none asks by itself: hello may have been said before the host came.
 */
export class V7Greeting implements Greeting {
  /** The guest's methods, as it listed them; undefined before it did, or if it has no list. */
  remoteMethods: ReadonlySet<string> | undefined;
  readonly #role: Role;
  readonly #methodNames: readonly string[];
  readonly #host: GreetingHost;
  #timer: Timer | undefined;
  #open = false;
  #stopping = false;
  /** The host has shown that it is there. */
  #isKnown = false;
  /** How often hello was said on this line. */
  #hellos = 0;
  /** The greeting call that is out: one at a time, whatever the peer says. */
  #calling: AbortController | undefined;

  /** @param methodNames - of the guest's own methods, for its capabilities. */
  constructor(role: Role, methodNames: readonly string[], host: GreetingHost) {
    this.#role = role;
    this.#methodNames = methodNames;
    this.#host = host;
  }

  /** The methods that the protocol itself gives this end. */
  get methods(): Methods {
    if (this.#role === 'guest') {
      return { ping: () => undefined, capabilities: () => this.#tell() };
    }
    return {
      ping: () => undefined,
      // The original asks before it answers hello, so that is the order here.
      hello: () => this.#ask(),
    };
  }

  /** A line is open. */
  begin(): void {
    this.#open = true;
    this.remoteMethods = undefined;
    this.#isKnown = false;
    this.#hellos = 0;
    this.#host.manager.timers.cancel(this.#timer);
    if (this.#role === 'host') {
      this.#askLater();
      return;
    }
    this.#host.transport.greeted();
    this.#hello();
  }

  /** The line is gone. */
  end(): boolean {
    this.#open = false;
    this.#host.manager.timers.cancel(this.#timer);
    this.#calling?.abort();
    this.#calling = undefined;
    return false;
  }

  /** The peer stops: what already waits for the greeting still gets it, but it is not made for nobody. */
  stop(): void {
    this.#stopping = true;
    if (this.#role === 'guest') this.#host.manager.timers.cancel(this.#timer);
    if (!this.#isAwaited()) this.#calling?.abort();
  }

  close(): void {
    this.end();
  }

  refusal(method: string, isNext: boolean): string | undefined {
    // Until it is sent, a guest that restarts may list others.
    if (!isNext || this.remoteMethods === undefined || this.remoteMethods.has(method)) return undefined;
    return `the other side does not list a method ${quote(method)}`;
  }

  #hello(): void {
    this.#hellos++;
    this.#call('hello', (result) => {
      // Any answer will do: of a host that does not know hello too.
      if (result.ok || result.error.remote !== undefined) this.#isKnown = true;
      if (!this.#open || this.#stopping || this.#isKnown) return;
      const pause = backoff(this.#hellos, durations.v7HelloFirst, durations.v7HelloLast, () => 0);
      this.#timer = this.#host.manager.timers.start(pause, () => this.#hello());
    });
  }

  #tell(): { readonly methods: readonly string[]; readonly version: string } {
    this.#isKnown = true;
    this.#host.manager.timers.cancel(this.#timer);
    return { methods: this.#methodNames, version: VERSION };
  }

  #ask(): void {
    if (!this.#open || (this.#stopping && !this.#isAwaited())) return;
    this.#host.manager.timers.cancel(this.#timer);
    this.#call('capabilities', (result) => {
      if (result.ok) return this.#heard((result.value as { methods?: unknown } | undefined)?.methods);
      // Of this side, that is: an error that the guest sends can have the same code, and it has then said what it has to say.
      const { code, remote } = result.error;
      if (remote === undefined && code === 'TIMEOUT') queueMicrotask(() => this.#ask());
      else if (remote === undefined && code === 'QUEUE_FULL') this.#askLater();
      else this.#heard(undefined);
    });
  }

  #askLater(): void {
    this.#timer = this.#host.manager.timers.start(durations.v7Hello, () => this.#ask());
  }

  /** Whether calls of ours wait for the greeting, besides its own. */
  #isAwaited(): boolean {
    return this.#host.manager.slots.client.count > (this.#calling === undefined ? 0 : 1);
  }

  #call(method: string, then: (result: CallResult) => void): void {
    this.#calling?.abort();
    const calling = new AbortController();
    this.#calling = calling;
    this.#host.outgoing.start(
      method,
      undefined,
      { urgency: 2, timeoutMs: durations.v7Greeting, signal: calling.signal },
      true,
      (result) => {
        if (calling.signal.aborted) return;
        this.#calling = undefined;
        then(result);
      },
    );
  }

  /** The guest has answered: with its list, or with none that can be used. */
  #heard(methods: unknown): void {
    this.remoteMethods = Array.isArray(methods)
      ? new Set([...methods.slice(0, 1024).filter((name) => typeof name === 'string'), 'capabilities'])
      : undefined;
    this.#host.transport.greeted();
  }
}
