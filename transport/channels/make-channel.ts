import type { Duplex } from 'node:stream';
import { handlesClosed } from './abortable.ts';
import type { Channel } from './channel.ts';
import { unusable } from './explain.ts';

/** What one kind of channel adds to the rules that all of them share. */
export interface ChannelKind {
  readonly name: string | (() => string);
  readonly reopens: boolean;
  readonly halfOpen?: boolean;
  readonly lossy?: boolean;
  /** Its lines are sockets of its own making, which nobody knows but who opens it. */
  readonly opensOwnSockets?: boolean;
  /** Its signal also aborts when the channel is closed. Rejects with what a user is to see. */
  open(signal: AbortSignal): Promise<Duplex>;
  /** Lets go of everything that is not a line in use. Called once. */
  close?(): void | Promise<void>;
}

/** By identity: a channel that a user puts around one of ours may show its lines to whomever it likes. */
const ownSockets = new WeakSet<Channel>();

/** Whether the lines of this channel are sockets that nobody else knows. */
export function opensOwnSockets(channel: Channel): boolean {
  return ownSockets.has(channel);
}

/** One open() at a time, none after close(), and one in all where the channel does not reopen. */
export function makeChannel(kind: ChannelKind): Channel {
  const name = (): string => (typeof kind.name === 'string' ? kind.name : kind.name());
  let opening: AbortController | undefined;
  let given = false;
  let closing: Promise<void> | undefined;

  const refuse = (): void => {
    if (closing !== undefined) throw unusable(name(), 'the channel is closed');
    if (opening !== undefined) throw unusable(name(), 'an open() of this channel has not finished');
    if (given && !kind.reopens) throw unusable(name(), 'its one line has been opened already');
  };

  const open = async (signal: AbortSignal): Promise<Duplex> => {
    signal.throwIfAborted();
    refuse();
    const own = new AbortController();
    opening = own;
    const onAbort = (): void => own.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const line = await kind.open(own.signal);
      given = true;
      // Aborted between the line's coming and this turn: its caller is gone, and would never close it.
      if (own.signal.aborted) line.destroy();
      own.signal.throwIfAborted();
      return line;
    } finally {
      signal.removeEventListener('abort', onAbort);
      opening = undefined;
    }
  };

  const close = async (): Promise<void> => {
    opening?.abort(unusable(name(), 'the channel was closed while it opened'));
    await kind.close?.();
    await handlesClosed();
  };

  const channel: Channel = {
    get name() {
      return name();
    },
    reopens: kind.reopens,
    halfOpen: kind.halfOpen ?? false,
    lossy: kind.lossy ?? false,
    open,
    close: () => (closing ??= close()),
  };
  if (kind.opensOwnSockets === true) ownSockets.add(channel);
  return channel;
}
