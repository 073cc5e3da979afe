import { Observable } from 'rxjs/internal/Observable';
import { VirtagentError } from '../transport/errors.ts';
import { durations } from '../transport/timers.ts';
import type { CallResult } from './call.ts';
import type { KnownOfCall } from './methods.ts';

/** How much of a streamed result is on its way, or waits to be consumed. */
export interface StreamRoom {
  readonly items: number;
  /** Bytes of the items' messages. */
  readonly bytes: number;
}

/** What is allowed in all, when so much is said to be: what was said before holds. */
export function widened(room: StreamRoom, items: number, bytes: number): StreamRoom {
  return { items: Math.max(room.items, items), bytes: Math.max(room.bytes, bytes) };
}

/** What a stream needs of the peer that makes it. */
export interface StreamHost {
  /** Makes the call; `settle` is run once. Returns what gives it up. */
  start(settle: (result: CallResult) => void): (reason: unknown) => void;
  /** Who reads waits for an item: what he is told by. */
  waits(reader: Reader): Reader;
  /** Tells the producer what is allowed in all. */
  more(items: number, bytes: number): void;
  /** Asks the other side what it knows of the call, if it is to have it by now; `told` is run once then, perhaps with a failure. */
  ask(told: (result: CallResult) => void): boolean;
  /** Runs something in so many milliseconds, where what is told may be lost on the way; returns what cancels that. */
  later(ms: number, run: () => void): (() => void) | undefined;
  /** An item as its schema gives it back; throws, or rejects, for one that does not pass. */
  check(value: unknown): unknown;
}

/** The longest pause, in milliseconds, after which the producer is told again. */
const longestPause = 30_000;

interface Held {
  readonly value: unknown;
  readonly bytes: number;
}

/** Who waits for an item. */
export interface Reader {
  resolve(result: IteratorResult<never, unknown>): void;
  reject(error: unknown): void;
}

/**
 * The streamed result of one call: `for await (const item of peer.stream('tail', { path }))`, or `items$` for rxjs.
 *
 * The call is made when it is first read. Who reads item by item holds the producer back: at most `room` is on its way or waits here. To
 * leave the loop, to unsubscribe, or to call `cancel()` ends the call at the other side too.
 */
export class CallStream<Item = unknown> implements AsyncIterableIterator<Item, unknown> {
  readonly #host: StreamHost;
  readonly #room: StreamRoom;
  readonly #held: Held[] = [];
  readonly #readers: Reader[] = [];
  /** What the producer may send in all, as it was told; what has come of that; what of that was consumed. */
  #allowed: StreamRoom;
  readonly #came = { items: 0, bytes: 0 };
  readonly #consumed = { items: 0, bytes: 0 };
  /** It was told something since the request. */
  #hasTold = false;
  #stopWondering: (() => void) | undefined;
  /** The other side has been asked, and has not answered. */
  #isAsking = false;
  #giveUp: ((reason: unknown) => void) | undefined;
  #hasBegun = false;
  #result: CallResult | undefined;

  /** @internal */
  constructor(host: StreamHost, room: StreamRoom) {
    this.#host = host;
    this.#room = room;
    this.#allowed = room;
  }

  /**
   * As an observable: subscribing makes the call, unsubscribing gives it up. A stream is read once, so it has one subscriber. What comes is
   * handed to it at once, so it holds no producer back.
   */
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
      this.#consume(item.bytes);
      return this.#checked(item.value);
    }
    return new Promise((resolve, reject) => {
      const reader = { resolve: resolve as Reader['resolve'], reject };
      if (this.#result !== undefined) return end(reader, this.#takeResult());
      this.#readers.push(this.#host.waits(reader));
      if (this.#stopWondering === undefined) this.#wonder(durations.statusAgain);
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

  /** @internal An item came, before which there were `at`. Undefined, or what is wrong with it. */
  _take(value: unknown, at: number, bytes: number): VirtagentError | undefined {
    if (this.#result !== undefined) return undefined;
    const came = this.#came;
    if (at !== came.items) return lost(came.items, at);
    if (came.items >= this.#allowed.items || came.bytes >= this.#allowed.bytes) {
      const { items, bytes: most } = this.#room;
      return new VirtagentError(
        'LIMIT_EXCEEDED',
        `the other side sent more than the ${items} items, or ${most} bytes of them, that it may`,
      );
    }
    came.items++;
    came.bytes += bytes;
    const reader = this.#readers.shift();
    if (reader === undefined) {
      this.#held.push({ value, bytes });
      return undefined;
    }
    this.#checked(value).then(
      (result) => reader.resolve(result as IteratorResult<never>),
      (error: unknown) => reader.reject(error),
    );
    this.#consume(bytes);
    return undefined;
  }

  /** @internal The response came, before which there were so many items, as it says. Undefined, or what is wrong with that. */
  _end(items: number | undefined): VirtagentError | undefined {
    if (items === this.#came.items) return undefined;
    if (items !== undefined) return lost(this.#came.items, items);
    return new VirtagentError('INVALID_RESPONSE', 'the response does not say how many items came before it');
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
    this.#giveUp = this.#host.start((result) => this.#settle(result));
  }

  #settle(result: CallResult): void {
    if (this.#result !== undefined) return;
    this.#result = result;
    this.#stopWondering?.();
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
  #consume(bytes: number): void {
    const consumed = this.#consumed;
    consumed.items++;
    consumed.bytes += bytes;
    if (this.#result !== undefined) return;
    const room = this.#room;
    const items = room.items + consumed.items;
    const most = room.bytes + consumed.bytes;
    if ((items - this.#allowed.items) * 2 < room.items && (most - this.#allowed.bytes) * 2 < room.bytes) return;
    this.#allowed = { items: Math.min(items, Number.MAX_SAFE_INTEGER), bytes: Math.min(most, Number.MAX_SAFE_INTEGER) };
    this.#hasTold = true;
    this.#host.more(this.#allowed.items, this.#allowed.bytes);
  }

  /**
   * While a reader waits and nothing comes: what the producer was told last was lost, perhaps, and then it waits for ever; or what it sent
   * was, and then the reader does.
   */
  #wonder(pause: number): void {
    const { items } = this.#came;
    this.#stopWondering = this.#host.later(pause, () => {
      this.#stopWondering = undefined;
      // The next reader that waits begins anew.
      if (this.#readers.length === 0) return;
      const isQuiet = this.#came.items === items;
      if (isQuiet) {
        if (this.#hasTold) this.#host.more(this.#allowed.items, this.#allowed.bytes);
        this.#ask();
      }
      this.#wonder(isQuiet ? Math.min(2 * pause, longestPause) : durations.statusAgain);
    });
  }

  #ask(): void {
    if (this.#isAsking) return;
    // It may be refused at once, where the queue is full.
    this.#isAsking = true;
    const isAsked = this.#host.ask((known) => {
      this.#isAsking = false;
      const error = known.ok && this.#result === undefined ? missing(known.value, this.#came.items) : undefined;
      if (error !== undefined) this.#giveUp?.(error);
    });
    if (!isAsked) this.#isAsking = false;
  }
}

/** What the line has lost, by what the other side says, when so many items have come: what it has sent came before that. */
function missing(known: unknown, came: number): VirtagentError | undefined {
  const { status, items, sent } = (known ?? {}) as Partial<KnownOfCall>;
  if (status === 'unknown') return new VirtagentError('ITEMS_LOST', 'the request, or all that came of it, was lost on the line');
  if (typeof items === 'number' && items > came) return lost(came, items);
  return sent === true ? new VirtagentError('ITEMS_LOST', 'the response was lost on the line') : undefined;
}

/** Items from that one on, up to the `at`th, have not come; or one came a second time. */
function lost(from: number, at: number): VirtagentError {
  if (at < from) return new VirtagentError('INVALID_RESPONSE', `item ${at} came again`);
  return new VirtagentError('ITEMS_LOST', `${at - from} of the items, from number ${from} on, were lost on the line`);
}

function end(reader: Reader, result: CallResult): void {
  if (result.ok) reader.resolve({ done: true, value: result.value });
  else reader.reject(result.error);
}
