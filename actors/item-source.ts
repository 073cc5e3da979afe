import { Readable } from 'node:stream';
import { Subscription as Teardown } from 'rxjs/internal/Subscription';
import { quote, VirtagentError } from '../transport/errors.ts';

/** What a handler may return where its caller wants items, as the loop that sends them reads it. */
export interface ItemSource {
  next(): Promise<IteratorResult<unknown, unknown>>;
  /** Nobody wants more. Resolves when what runs has returned; never rejects. */
  end(): Promise<void>;
}

/** How many items of an observable are held for a consumer that is slower than it. */
const MOST_HELD = 1024;

interface Subscribable {
  subscribe(observer: { next(value: unknown): void; error(error: unknown): void; complete(): void }): Subscription;
}

/** What unsubscribes. Some observables have a function for it, and some give nothing where they ended at once. */
type Subscription = { readonly unsubscribe?: () => unknown } | (() => unknown) | null | undefined;

/** What has items: an async iterable, such as an async generator makes, or an observable. */
export type Stream = AsyncIterable<unknown> | Subscribable;

export function isStream(result: unknown): result is Stream {
  if (typeof result !== 'object' || result === null) return false;
  return isIterable(result) || typeof (result as Partial<Subscribable>).subscribe === 'function';
}

/** Throws where the stream can't be begun: whatever it is made of may throw. */
export function itemsOf(stream: Stream): ItemSource {
  return isIterable(stream) ? fromIterator(stream[Symbol.asyncIterator]()) : new ObservableItems(stream);
}

/**
 * Its items are not wanted, and none was asked for. What is there already is ended: of a generator nothing has run, and nothing runs then.
 * An iterator or a subscription is not made only to be ended, as that would begin what nobody wants.
 */
export function leave(stream: Stream): void {
  if (isIterable(stream)) void quietly(() => endUnbegun(stream));
}

function endUnbegun(stream: AsyncIterable<unknown> & { readonly return?: () => unknown }): unknown {
  // Streams of Node's and of the web hold what they read from since they were made.
  if (stream instanceof Readable) return stream.destroy();
  return stream instanceof ReadableStream ? stream.cancel() : stream.return?.();
}

/** Tells a producer that it is over, and waits for it. */
async function quietly(end: () => unknown): Promise<void> {
  try {
    await end();
  } catch {
    // It was told; what it makes of that is nobody's business any more.
  }
}

function isIterable(value: object): value is AsyncIterable<unknown> {
  return typeof (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === 'function';
}

function fromIterator(iterator: AsyncIterator<unknown, unknown>): ItemSource {
  return {
    next: async () => {
      const result: unknown = await iterator.next();
      // As the language does: what has no `done` would be an item without end.
      if (Object(result) !== result) throw new TypeError(`the iterator gave ${quote(result)}, which is no object`);
      return result as IteratorResult<unknown, unknown>;
    },
    end: () => quietly(() => iterator.return?.()),
  };
}

/** An observable can't be held back, so what its consumer has not taken is held here, up to a bound. */
class ObservableItems implements ItemSource {
  readonly #held: unknown[] = [];
  readonly #teardown = new Teardown();
  #end: { readonly error?: unknown } | undefined;
  #waiting: (() => void) | undefined;
  #isOver = false;

  constructor(observable: Subscribable) {
    const teardown = this.#teardown;
    // What rxjs takes for a subscriber of its own, and looks at while `subscribe` runs: one that emits without end stops at `closed`.
    const subscriber = {
      next: (value: unknown) => this.#take(value),
      error: (error: unknown) => this.#finish({ error }),
      complete: () => this.#finish({}),
      get closed() {
        return teardown.closed;
      },
      add: (more: Parameters<Teardown['add']>[0]) => teardown.add(more),
      remove: (other: Parameters<Teardown['remove']>[0]) => teardown.remove(other),
      unsubscribe: () => teardown.unsubscribe(),
    };
    const subscription = observable.subscribe(subscriber);
    // What an asynchronous `subscribe` rejects with would be told to nobody.
    Promise.resolve(subscription).catch((error: unknown) => this.#finish({ error }));
    // At once of one that ended, or was too quick, while it was subscribed to. rxjs gives back what it was given.
    if (subscription !== subscriber)
      teardown.add(() => void quietly(() => (typeof subscription === 'function' ? subscription() : subscription?.unsubscribe?.())));
  }

  async next(): Promise<IteratorResult<unknown, unknown>> {
    while (this.#held.length === 0) {
      if (this.#end !== undefined && 'error' in this.#end) throw this.#end.error;
      if (this.#end !== undefined || this.#isOver) return { done: true, value: undefined };
      await new Promise<void>((resolve) => (this.#waiting = resolve));
    }
    return { done: false, value: this.#held.shift() };
  }

  async end(): Promise<void> {
    this.#isOver = true;
    this.#held.length = 0;
    this.#unsubscribe();
    this.#wake();
  }

  #take(value: unknown): void {
    if (this.#isOver || this.#end !== undefined) return;
    if (this.#held.length < MOST_HELD) this.#held.push(value);
    else {
      const message = `the observable was ahead of its consumer by more than ${MOST_HELD} items; an async iterable is held back instead`;
      this.#finish({ error: new VirtagentError('QUEUE_FULL', message) });
    }
    this.#wake();
  }

  #finish(end: { readonly error?: unknown }): void {
    this.#end ??= end;
    this.#unsubscribe();
    this.#wake();
  }

  #unsubscribe(): void {
    void quietly(() => this.#teardown.unsubscribe());
  }

  #wake(): void {
    this.#waiting?.();
    this.#waiting = undefined;
  }
}
