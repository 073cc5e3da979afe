import { connect, type NetConnectOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { abortable } from './abortable.ts';
import { atRest } from './at-rest.ts';
import { bounds } from './bounds.ts';

/** What both ends set on their sockets. Node leaves out what a unix socket does not have. */
export const socketOptions = Object.freeze({
  // A peer that has no more to say may still want its answers.
  allowHalfOpen: true,
  // Frames are written whole; waiting for more to send would only delay them.
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: bounds.keepAliveMs,
});

/** A connected socket, unread. Rejects with the system's error, or the signal's reason. */
export function connectSocket(to: NetConnectOpts, signal: AbortSignal): Promise<Duplex> {
  return abortable<Duplex>(signal, (resolve, reject) => {
    const socket = atRest(connect({ ...to, ...socketOptions }));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
    return () => socket.destroy();
  });
}
