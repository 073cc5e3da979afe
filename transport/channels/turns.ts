import type { Socket } from 'node:net';
import { abortable } from './abortable.ts';
import { atRest } from './at-rest.ts';
import { bounds } from './bounds.ts';

/**
 * The peers of a listening end: one has its turn, a few are held unread behind it, and the rest are turned away.
 *
 * A held peer that leaves is not seen to leave, because nothing reads its socket; when its turn comes, its
 * line yields what it sent and ends.
 */
export class Turns {
  #serving: Socket | undefined;
  #held: Socket[] = [];
  #next: ((socket: Socket) => void) | undefined;

  arrive(socket: Socket): void {
    atRest(socket);
    const room = bounds.heldPeers + (this.#serving === undefined ? 1 : 0);
    if (this.#held.length >= room) {
      socket.destroy();
      return;
    }
    this.#held.push(socket);
    socket.once('close', () => this.#leave(socket));
    this.#serve();
  }

  /** The next peer, once no other has its turn. One call at a time. */
  next(signal: AbortSignal): Promise<Socket> {
    return abortable<Socket>(signal, (resolve) => {
      this.#next = resolve;
      this.#serve();
      return () => {
        this.#next = undefined;
      };
    });
  }

  /** Sends the held peers away; the one that has its turn stays. */
  dismiss(): void {
    for (const socket of this.#held.splice(0)) socket.destroy();
  }

  #serve(): void {
    if (this.#serving !== undefined || this.#next === undefined) return;
    const socket = this.#held.shift();
    if (socket === undefined) return;
    const take = this.#next;
    this.#next = undefined;
    this.#serving = socket;
    take(socket);
  }

  #leave(socket: Socket): void {
    if (socket === this.#serving) this.#serving = undefined;
    else this.#held = this.#held.filter((other) => other !== socket);
    this.#serve();
  }
}
