import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { abortable } from './abortable.ts';
import { atRest } from './at-rest.ts';
import type { Channel } from './channel.ts';
import { channelError, unusable } from './explain.ts';
import { makeChannel } from './make-channel.ts';

/**
 * Any Duplex as a channel of one line. The stream belongs to the channel from here on: it is paused now, and
 * destroyed by close() if it was never opened.
 */
export function streamChannel(duplex: Duplex, name = 'stream'): Channel {
  atRest(duplex);
  let opened = false;
  return makeChannel({
    name,
    reopens: false,
    async open(signal) {
      if (duplex.destroyed || duplex.errored) throw unusable(name, 'the stream is closed');
      if ((duplex as Partial<Socket>).connecting === true) await connected(duplex, name, signal);
      if (!duplex.readable || !duplex.writable) throw unusable(name, 'the stream is not open in both directions');
      opened = true;
      return duplex;
    },
    close() {
      if (!opened) duplex.destroy();
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
