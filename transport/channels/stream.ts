import type { Duplex } from 'node:stream';
import { atRest } from './at-rest.ts';
import type { Channel } from './channel.ts';
import { unusable } from './explain.ts';
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
    async open() {
      if (duplex.destroyed || duplex.errored) throw unusable(name, 'the stream is closed');
      if (!duplex.readable || !duplex.writable) throw unusable(name, 'the stream is not open in both directions');
      opened = true;
      return duplex;
    },
    close() {
      if (!opened) duplex.destroy();
    },
  });
}
