import type { ServerResponse } from 'node:http';
import type { InspectRecord } from './records.ts';
import type { Viewer } from './watchable.ts';

/** Bytes that may wait for a slow viewer before more is left out. */
const MOST_WAITING = 1024 * 1024;

/** Bytes after which a viewer that is told things all the same, a large past say, is let go: it may come again. */
const MOST_HELD = 32 * 1024 * 1024;

/** How long a viewer may take nothing of what waits for it: what waits goes to the system as one, so over a slow tunnel it is long. */
const IDLE_MS = 300_000;

/** How often a viewer is told that all is well, so that one that is gone is noticed. */
const ALIVE_MS = 15_000;

/** Whether a viewer has taken so much of what it was told that it can be told more. */
export function hasRoom(response: ServerResponse): boolean {
  return response.writableLength < MOST_WAITING && !response.destroyed;
}

/** What is looked at of a response. */
interface Waiting {
  readonly writableLength: number;
  readonly socket: { readonly bytesWritten: number } | null;
  once(event: 'close', listener: () => void): unknown;
  destroy(): unknown;
}

/** Ends the connection of a viewer that takes nothing for minutes, though something waits for it: others may want its place. */
export function letGoOfIdle(response: Waiting): void {
  let seen = -1;
  const look = setInterval(() => {
    // What has left this process so far.
    const taken = (response.socket?.bytesWritten ?? 0) - response.writableLength;
    if (response.writableLength > 0 && taken === seen) response.destroy();
    seen = taken;
  }, IDLE_MS);
  look.unref();
  response.once('close', () => clearInterval(look));
}

/** A viewer at the other end of a response of server-sent events: each event's data is a JSON array of records. */
export class EventStream implements Viewer {
  readonly #response: ServerResponse;
  readonly #alive: NodeJS.Timeout;

  constructor(response: ServerResponse, headers: Readonly<Record<string, string>>) {
    this.#response = response;
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
    // A browser waits this long before it comes again.
    response.write('retry: 1000\n\n');
    this.#alive = setInterval(() => this.#write(':\n\n'), ALIVE_MS);
    this.#alive.unref();
    response.once('close', () => clearInterval(this.#alive));
  }

  readonly take = (records: readonly InspectRecord[]): void => {
    if (records.length > 0) this.#write(`data: ${JSON.stringify(records)}\n\n`);
  };

  readonly isReady = (): boolean => hasRoom(this.#response);

  /** Nothing more comes. */
  end(): void {
    clearInterval(this.#alive);
    this.#response.end();
  }

  #write(text: string): void {
    if (this.#response.destroyed || this.#response.writableEnded) return;
    if (this.#response.writableLength > MOST_HELD) this.#response.destroy();
    else this.#response.write(text);
  }
}
