import { Observable } from 'rxjs/internal/Observable';
import { VirtagentError } from '../transport/errors.ts';
import type { CallResult } from './call.ts';

/** How much of a streamed result is on its way, or waits to be consumed. */
export interface StreamRoom {
  readonly items: number;
  /** Bytes of the items' messages. */
  readonly bytes: number;
}

/** What a stream needs of the peer that makes it. */
export interface StreamHost {
  /** Makes the call; `settle` is run once. Returns what gives it up. */
  start(stream: CallStream, settle: (result: CallResult) => void): (reason: unknown) => void;
  /** Tells the producer of more room. */
  more(items: number, bytes: number): void;
  /** An item as its schema gives it back; throws, or rejects, for one that does not pass. */
  check(value: unknown): unknown;
}

interface Held {
  readonly value: unknown;
  readonly bytes: number;
}

interface Reader {
  resolve(result: IteratorResult<never, unknown>): void;
  reject(error: unknown): void;
}

/**
 * The streamed result of one call: `for await (const item of peer.stream('tail', { path }))`, or `items$` for rxjs.
 *
 * The call is made when it is first read. The producer is held back: at most `room` is on its way or waits here. To leave the loop, to
 * unsubscribe, or to call `cancel()` ends the call at the other side too.
 */
export class CallStream<Item = unknown> implements AsyncIterableIterator<Item, unknown> {
  readonly #host: StreamHost;
  readonly #room: StreamRoom;
  readonly #held: Held[] = [];
  readonly #readers: Reader[] = [];
  /** What the producer may still send. */
  #items: number;
  #bytes: number;
  /** What was consumed and it was not told of. */
  #untold = { items: 0, bytes: 0 };
  #giveUp: ((reason: unknown) => void) | undefined;
  #hasBegun = false;
  #result: CallResult | undefined;

  /** @internal */
  constructor(host: StreamHost, room: StreamRoom) {
    this.#host = host;
    this.#room = room;
    this.#items = room.items;
    this.#bytes = room.bytes;
  }

  /** As an observable: subscribing makes the call, unsubscribing gives it up. A stream is read once, so it has one subscriber. */
  get items$(): Observable<Item> {
    return new Observable((subscriber) => {
      const read = async (): Promise<void> => {
        for await (const item of this) {
          if (subscriber.closed) return;
          subscriber.next(item);
        }
        subscriber.complete();
      };
      read().catch((error: unknown) => subscriber.error(error));
      return () => this.cancel();
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next item; the call's result as the value when it is done. Rejects with the call's error, after the items before it. */
  next(): Promise<IteratorResult<Item, unknown>> {
    this.#begin();
    const item = this.#held.shift();
    if (item !== undefined) {
      this.#consumed(item.bytes);
      return this.#checked(item.value);
    }
    return new Promise((resolve, reject) => {
      const reader = { resolve: resolve as Reader['resolve'], reject };
      if (this.#result === undefined) this.#readers.push(reader);
      else end(reader, this.#takeResult());
    });
  }

  /** Gives the call up: what was not read is dropped. */
  async return(value?: unknown): Promise<IteratorResult<Item, unknown>> {
    this.cancel();
    return { done: true, value };
  }

  /** The same, from elsewhere. */
  cancel(reason?: unknown): void {
    this.#held.length = 0;
    this.#hasBegun = true;
    if (this.#result !== undefined) return;
    this.#giveUp?.(reason);
    this.#settle({ ok: true, value: undefined });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.cancel();
    return Promise.resolve();
  }

  /** @internal An item came. Undefined, or what is wrong with it. */
  _take(value: unknown, bytes: number): VirtagentError | undefined {
    if (this.#result !== undefined) return undefined;
    if (this.#items <= 0 || this.#bytes <= 0) {
      const { items, bytes: most } = this.#room;
      return new VirtagentError(
        'LIMIT_EXCEEDED',
        `the other side sent more than the ${items} items, or ${most} bytes of them, that it may`,
      );
    }
    this.#items--;
    this.#bytes -= bytes;
    const reader = this.#readers.shift();
    if (reader === undefined) {
      this.#held.push({ value, bytes });
      return undefined;
    }
    this.#checked(value).then(
      (result) => reader.resolve(result as IteratorResult<never>),
      (error: unknown) => reader.reject(error),
    );
    this.#consumed(bytes);
    return undefined;
  }

  /** One that does not pass ends the call: what comes after it is of no use. */
  async #checked(value: unknown): Promise<IteratorResult<Item, unknown>> {
    try {
      return { done: false, value: (await this.#host.check(value)) as Item };
    } catch (error) {
      this.cancel(error);
      throw error;
    }
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#giveUp = this.#host.start(this as CallStream, (result) => this.#settle(result));
  }

  #settle(result: CallResult): void {
    if (this.#result !== undefined) return;
    this.#result = result;
    // Readers wait only where nothing is held.
    for (const reader of this.#readers.splice(0)) end(reader, this.#takeResult());
  }

  /** The result, once; afterwards it is just over. */
  #takeResult(): CallResult {
    const result = this.#result as CallResult;
    this.#result = { ok: true, value: undefined };
    return result;
  }

  /** The producer is told when half of the room is free again: not for each item. */
  #consumed(bytes: number): void {
    const untold = this.#untold;
    untold.items++;
    untold.bytes += bytes;
    if (this.#result !== undefined || (untold.items * 2 < this.#room.items && untold.bytes * 2 < this.#room.bytes)) return;
    this.#untold = { items: 0, bytes: 0 };
    this.#items += untold.items;
    this.#bytes += untold.bytes;
    this.#host.more(untold.items, untold.bytes);
  }
}

function end(reader: Reader, result: CallResult): void {
  if (result.ok) reader.resolve({ done: true, value: result.value });
  else reader.reject(result.error);
}
