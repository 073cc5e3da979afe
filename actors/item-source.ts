import { VirtagentError } from '../transport/errors.ts';

/** What a handler may return where its caller wants items, as the loop that sends them reads it. */
export interface ItemSource {
  next(): Promise<IteratorResult<unknown, unknown>>;
  /** Nobody wants more. Resolves when what runs has returned; never rejects. */
  end(): Promise<void>;
}

/** How many items of an observable are held for a consumer that is slower than it. */
const MOST_HELD = 1024;

interface Subscribable {
  subscribe(observer: { next(value: unknown): void; error(error: unknown): void; complete(): void }): { unsubscribe(): void };
}

/** What has items: an async iterable, such as an async generator makes, or an observable. */
export type Stream = AsyncIterable<unknown> | Subscribable;

export function isStream(result: unknown): result is Stream {
  if (typeof result !== 'object' || result === null) return false;
  return (
    typeof (result as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === 'function' ||
    typeof (result as Partial<Subscribable>).subscribe === 'function'
  );
}

export function itemsOf(stream: Stream): ItemSource {
  if (Symbol.asyncIterator in stream) return fromIterator(stream[Symbol.asyncIterator]());
  return new ObservableItems(stream);
}

function fromIterator(iterator: AsyncIterator<unknown, unknown>): ItemSource {
  return {
    next: async () => iterator.next(),
    end: async () => {
      try {
        await iterator.return?.();
      } catch {
        // It was told; what it makes of that is nobody's business any more.
      }
    },
  };
}

/** An observable can't be held back, so what its consumer has not taken is held here, up to a bound. */
class ObservableItems implements ItemSource {
  readonly #held: unknown[] = [];
  readonly #subscription: { unsubscribe(): void };
  #end: { readonly error?: unknown } | undefined;
  #waiting: (() => void) | undefined;
  #isOver = false;

  constructor(observable: Subscribable) {
    this.#subscription = observable.subscribe({
      next: (value) => this.#take(value),
      error: (error: unknown) => this.#finish({ error }),
      complete: () => this.#finish({}),
    });
    // One that ended, or was too quick, while it was subscribed to.
    if (this.#end !== undefined) this.#subscription.unsubscribe();
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
    this.#subscription.unsubscribe();
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
    this.#subscription?.unsubscribe();
    this.#wake();
  }

  #wake(): void {
    this.#waiting?.();
    this.#waiting = undefined;
  }
}
