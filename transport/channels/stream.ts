import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { invalidOption } from '../errors.ts';
import { abortable } from './abortable.ts';
import { atRest } from './at-rest.ts';
import type { Channel } from './channel.ts';
import { channelError, unusable } from './explain.ts';
import { makeChannel } from './make-channel.ts';

/** Streams that are lines. Who lets go of one closes it, and then it is refused for that. */
const inUse = new WeakSet<Duplex>();

/** Throws INVALID_OPTION for a stream that is a line already: two readers of one would each have a part of what comes. */
export function checkUnused(stream: Duplex): void {
  if (inUse.has(stream) && !stream.destroyed) invalidOption('stream', 'in use by another peer', 'a stream that is no line yet');
}

/**
 * Any Duplex as a channel of one line. The stream belongs to the channel from here on: it is paused now, and
 * destroyed by close() if it was never opened. Throws INVALID_OPTION for one that is a line already.
 */
export function streamChannel(duplex: Duplex, name = 'stream'): Channel {
  checkUnused(duplex);
  atRest(duplex);
  let opened = false;
  return makeChannel({
    name,
    reopens: false,
    async open(signal) {
      if (duplex.destroyed || duplex.errored) throw unusable(name, 'the stream is closed');
      if ((duplex as Partial<Socket>).connecting === true) await connected(duplex, name, signal);
      if (!duplex.readable || !duplex.writable) throw unusable(name, 'the stream is not open in both directions');
      checkUnused(duplex);
      inUse.add(duplex);
      opened = true;
      return duplex;
    },
    close() {
      if (!opened && !inUse.has(duplex)) duplex.destroy();
    },
  });
}

/** A socket takes bytes while it connects, and loses them if it doesn't: they would count as perhaps executed. */
function connected(socket: Duplex, name: string, signal: AbortSignal): Promise<void> {
  return abortable<void>(signal, (resolve, reject) => {
    const failed = (): void => reject(socket.errored ? channelError(name, socket.errored) : unusable(name, 'the stream is closed'));
    socket.once('connect', resolve);
    socket.once('close', failed);
    return () => {};
  });
}
