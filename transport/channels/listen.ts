import { once } from 'node:events';
import { createServer, type ListenOptions, type Server } from 'node:net';
import { untilAborted } from './abortable.ts';
import type { Channel } from './channel.ts';
import { socketOptions } from './connect.ts';
import { channelError, unusable } from './explain.ts';
import { makeChannel } from './make-channel.ts';
import { Turns } from './turns.ts';

/** A channel whose lines come from peers that connect to it. */
export interface ListenChannel<Address> extends Channel {
  /**
   * Starts listening, so that readiness can be announced before a peer comes. The first open() does it
   * otherwise. Rejects with a VirtagentError; may then be called again.
   */
  listen(): Promise<void>;
  /** Where it listens: the actual port where 0 was asked for. Null while it does not. */
  address(): Address | null;
}

/** What sets one kind of listening channel apart from another. */
export interface ListenKind<Address> {
  readonly name: string | ((address: Address | null) => string);
  /** Makes the server listen. The signal aborts when the channel is closed; nothing may start after that. */
  start(server: Server, signal: AbortSignal): Promise<void>;
  address(server: Server): Address;
  /** Before the server is closed. */
  stop?(): void;
}

/**
 * A listening end serves one peer at a time: further ones (at most 4) are accepted and held unread until it has
 * left. An open() that is aborted leaves the server listening; only close() ends that.
 */
export function listenChannel<Address>(kind: ListenKind<Address>): ListenChannel<Address> {
  const turns = new Turns();
  const server = createServer({ ...socketOptions, pauseOnConnect: true }, (socket) => turns.arrive(socket));
  // Accepting can fail at any time, such as for want of descriptors. The peer tries again; there is no one to tell.
  server.on('error', () => {});
  const closing = new AbortController();
  let starting: Promise<void> | undefined;

  const address = (): Address | null => (server.listening ? kind.address(server) : null);
  const name = (): string => (typeof kind.name === 'string' ? kind.name : kind.name(address()));
  const start = async (): Promise<void> => {
    try {
      await kind.start(server, closing.signal);
    } catch (error) {
      starting = undefined;
      throw channelError(name(), error);
    }
  };
  const listen = async (): Promise<void> => {
    if (closing.signal.aborted) throw unusable(name(), 'the channel is closed');
    await (starting ??= start());
  };

  const channel = makeChannel({
    name,
    reopens: true,
    opensOwnSockets: true,
    async open(signal) {
      await untilAborted(listen(), signal);
      return turns.next(signal);
    },
    async close() {
      closing.abort(unusable(name(), 'the channel was closed while it began to listen'));
      await starting?.catch(() => {});
      if (server.listening) kind.stop?.();
      // Its callback would wait for the line in use; the address is free when this returns.
      server.close();
      turns.dismiss();
    },
  });
  return Object.assign(channel, { listen, address });
}

/** listen() as a promise. `exclusive`: a cluster's workers each have their own line, not a share of one. */
export async function startServer(server: Server, options: ListenOptions): Promise<void> {
  server.listen({ ...options, exclusive: true });
  // A unix socket is bound when listen() returns, and what its caller does next is not to wait for an event.
  if (!server.listening) await once(server, 'listening');
}
