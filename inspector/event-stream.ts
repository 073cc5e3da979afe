import type { ServerResponse } from 'node:http';
import type { InspectRecord } from './records.ts';
import type { Viewer } from './watchable.ts';

/** Bytes that may wait for a slow viewer before more is left out. */
const MOST_WAITING = 1024 * 1024;

/** Bytes after which a viewer that is told things all the same, a large past say, is let go: it may come again. */
const MOST_HELD = 32 * 1024 * 1024;

/** How often a viewer is told that all is well, so that one that is gone is noticed. */
const ALIVE_MS = 15_000;

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

  readonly isReady = (): boolean => this.#response.writableLength < MOST_WAITING && !this.#response.destroyed;

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
