import type { AnyActorRef } from 'xstate';
import type { IncomingMessage } from '../transport/messages.ts';
import type { Transport } from '../transport/transport.ts';
import type { Manager } from './manager.ts';
import type { Methods } from './methods.ts';
import type { Outgoing } from './outgoing.ts';

/** What greetings need of their peer. Its manager and its transport are made after them. */
export interface GreetingHost {
  readonly ref: AnyActorRef;
  readonly manager: Manager;
  readonly transport: Transport;
  readonly outgoing: Outgoing;
  readonly random: () => number;
  readonly isTraced: boolean;
  trace(direction: 'in' | 'out', message: object, bytes: number): void;
  /** An answer that is to nothing, or an event that breaks the contract. */
  onUnclaimed(): void;
  stopChild(child: AnyActorRef): void;
}

/** What a protocol exchanges before requests are sent, and what it holds of its line meanwhile. One a peer, for all its lines. */
export interface Greeting {
  /** The methods that the protocol itself gives this end. */
  readonly methods: Methods;
  /** The other side's methods, as it listed them; undefined before it did, or if it has no list. */
  readonly remoteMethods: ReadonlySet<string> | undefined;
  /** A line is open. */
  begin(): void;
  /** The line is gone. True if what is on it outlives it: a session that the next line may resume. */
  end(): boolean;
  /** The peer stops: what already waits for the greeting still gets it, but it is not made for nobody. */
  stop?(): void;
  /** The peer has nothing more to say: `done` is called when the other side has all of it, or that can't be found out. */
  confirm?(done: () => void): void;
  /** This side closes the line: the last that can be said on it. */
  closing?(): void;
  /** The peer has ended. */
  close(): void;
  /** Why that method is not to be sent, if the other side has said so on this line. `isNext`: nothing else is sent before it. */
  refusal?(method: string, isNext: boolean): string | undefined;
  /** That request is about to be written: what is written of it. */
  sending?(tag: string, method: string, frame: Uint8Array): Uint8Array;
  /** It was written. */
  sent?(tag: string): void;
  /** Nobody waits any more for the answer to a request that is on the line. */
  givenUp?(tag: string): void;
  /** A message has come: what the peer is to take of it. */
  take?(message: IncomingMessage): IncomingMessage | undefined;
}
