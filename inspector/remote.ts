import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { invalidOption, quote } from '../transport/errors.ts';
import { realClock, type Clock } from '../transport/timers.ts';
import { EventReader } from './event-reader.ts';
import { Pace } from './pace.ts';
import { recordFrom } from './record-check.ts';
import type { InspectRecord } from './records.ts';

/** Who watches another agent's inspector. */
export interface RemoteWatcher {
  /** What it tells, checked; after each new connection from a head on. */
  take(records: readonly InspectRecord[]): void;
  /** False: it is behind. Nothing more is read, so the agent leaves out what it has no room for. */
  isReady?(): boolean;
  /** The connection is lost, or there was none. It is tried again, unless it makes no sense: then this was the last that is heard. */
  lost(reason: string, isFinal: boolean): void;
}

/** The pause before another attempt, in milliseconds: doubled each time up to the last. */
const pauses = Object.freeze({ first: 250, last: 5_000 });

/** How often it is looked whether who is behind has caught up. */
const LOOK_MS = 50;

/** An inspector says at least that it is there every 15 s. */
const SILENT_MS = 40_000;

/**
 * Where an inspector is, as its agent printed it: `http://HOST:PORT/TOKEN/`. Throws INVALID_OPTION naming the option.
 */
export function inspectorAddress(option: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' || url.username !== '' || !/^\/[\w-]+\/?$/.test(url.pathname))
    return invalidOption(option, text, 'the address that an agent with --inspect printed: http://HOST:PORT/TOKEN/');
  url.pathname = url.pathname.replace(/\/?$/, '/');
  url.search = '';
  url.hash = '';
  return url;
}

/** Watches the inspector at an address until it is stopped, and connects again by itself. */
export function watchRemote(address: URL, watcher: RemoteWatcher, clock: Clock = realClock): { stop(): void } {
  const remote = new Remote(new URL('records', address), watcher, clock);
  remote.connect();
  return { stop: () => remote.stop() };
}

class Remote {
  readonly #url: URL;
  readonly #watcher: RemoteWatcher;
  readonly #clock: Clock;
  #request: ClientRequest | undefined;
  #timer: unknown;
  #attempts = 0;
  #isOver = false;

  constructor(url: URL, watcher: RemoteWatcher, clock: Clock) {
    this.#url = url;
    this.#watcher = watcher;
    this.#clock = clock;
  }

  connect(): void {
    const asked = request(this.#url, { headers: { accept: 'text/event-stream' }, agent: false, timeout: SILENT_MS });
    this.#request = asked;
    asked.once('response', (response) => void this.#read(response, asked));
    asked.once('timeout', () => asked.destroy(new Error('nothing was heard for a while')));
    asked.on('error', (error) => this.#lost(asked, reasonOf(error), false));
    asked.end();
  }

  stop(): void {
    this.#isOver = true;
    this.#clock.clearTimeout(this.#timer);
    this.#request?.destroy();
  }

  async #read(response: IncomingMessage, asked: ClientRequest): Promise<void> {
    const { statusCode = 0 } = response;
    try {
      if (statusCode !== 200) return this.#lost(asked, await said(response), statusCode !== 503);
      const events = new EventReader();
      const pace = new Pace(this.#clock.now());
      for await (const text of response.setEncoding('utf8') as AsyncIterable<string>) {
        for (const data of events.push(text)) await this.#take(data, pace);
        while (!this.#isOver && this.#watcher.isReady?.() === false) await this.#pause(LOOK_MS);
        if (this.#isOver) return;
      }
      this.#lost(asked, 'the agent has ended', false);
    } catch (error) {
      this.#lost(asked, reasonOf(error), false);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => (this.#timer = this.#clock.setTimeout(resolve, ms)));
  }

  async #take(data: string, pace: Pace): Promise<void> {
    const records = recordsIn(data);
    if (records.length === 0 || this.#isOver) return;
    this.#attempts = 0;
    this.#watcher.take(records);
    const wait = pace.take(records, this.#clock.now());
    if (wait > 0) await this.#pause(wait);
  }

  #lost(asked: ClientRequest, reason: string, isFinal: boolean): void {
    if (this.#isOver || asked !== this.#request) return;
    this.#request = undefined;
    asked.destroy();
    const pause = Math.min(pauses.first * 2 ** this.#attempts++, pauses.last);
    if (isFinal) this.#isOver = true;
    else this.#timer = this.#clock.setTimeout(() => this.connect(), pause);
    this.#watcher.lost(reason, isFinal);
  }
}

/** The records of an event. What is none, of a later version say, is left out. */
function recordsIn(data: string): InspectRecord[] {
  try {
    const values = JSON.parse(data) as unknown;
    return Array.isArray(values) ? values.map(recordFrom).filter((record) => record !== undefined) : [];
  } catch {
    return [];
  }
}

/** Why an inspector gives nothing, in its own words: a line of text. */
async function said(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of response.setEncoding('utf8') as AsyncIterable<string>) {
    text += piece;
    if (text.length > 200) break;
  }
  return `it answered ${response.statusCode}: ${quote(text.trim(), 100)}`;
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (code === 'ECONNREFUSED') return 'nobody listens at that address';
  if (code === 'ECONNRESET') return 'the agent has ended';
  return error instanceof Error ? error.message.slice(0, 200) : quote(error, 200);
}
