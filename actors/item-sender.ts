import { WHOLE } from '../transport/session/sending.ts';
import type { Timers } from '../transport/timers.ts';
import { widened, type StreamRoom } from './call-stream.ts';
import type { Execution } from './kinds.ts';
import type { ItemSource } from './item-source.ts';
import { Patience } from './patience.ts';

/** How much of a stream may wait for the line: enough that the next piece is ready, little enough that memory is no matter. */
const MOST_UNSENT = 64 * 1024;

/** How many items a stream sends before it leaves its slot to who waits for one: a reader that keeps up would never have it parked. */
const ITEMS_A_TURN = 64;

/** What a sender of items needs of its server job. */
export interface ItemHost {
  readonly timers: Timers;
  /** It has no slot, as it waits for a call of its own. */
  isParked(): boolean;
  /** An item as its schema gives it back; throws, or rejects, for one that does not pass. */
  check(value: unknown): unknown;
  /** Sends one, before which there were so many; returns the bytes of its message, and throws if it has none. `sent` is called when the stream took it. */
  say(value: unknown, at: number, sent: () => void): number;
  /** The items are over: that is the job's result. */
  finish(completion: { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown }): void;
}

/**
 * Sends the items of a handler's result, one after the other, while the consumer has room for them.
 *
 * While it has none, or the line does not take them, the handler waits for the other side: it is parked, and its execute slot goes to
 * others. Items that nobody takes hold nothing but themselves. So is one that waits for its own source for longer than a moment: that
 * may be for as long as somebody is subscribed. It asks for a slot again when an item is there.
 */
export class ItemSender {
  readonly #source: ItemSource;
  readonly #host: ItemHost;
  readonly #execution: Execution;
  readonly #patience: Patience;
  /** What the consumer allows in all, and what was sent of it. */
  #allowed: StreamRoom;
  #items = 0;
  #bytes = 0;
  #unsent = 0;
  #left = 0;
  /** One is on its way that may leave in parts: in another send slot the next would pass it. */
  #isInParts = false;
  #isOver = false;
  /** Items since it got its slot. */
  #inTurn = 0;
  /** What it is parked for. */
  #parkedFor: 'room' | 'source' | 'others' | undefined;
  /** That is here, and it waits for a slot: what it does when it has one. */
  #whenResumed: (() => void) | undefined;

  constructor(source: ItemSource, room: StreamRoom, execution: Execution, host: ItemHost) {
    this.#source = source;
    this.#allowed = room;
    this.#execution = execution;
    this.#host = host;
    // One that is parked for its source already may have been resumed for a call of its own.
    this.#patience = new Patience(host.timers, () => this.#parkedFor === undefined && !host.isParked() && this.#park('source'));
  }

  start(): void {
    void this.#next();
  }

  /** How many items were sent. */
  get count(): number {
    return this.#items;
  }

  /** How many of them have left. */
  get left(): number {
    return this.#left;
  }

  /** The consumer allows so much in all. */
  more(items: number, bytes: number): void {
    this.#allowed = widened(this.#allowed, items, bytes);
    this.#goOn();
  }

  /** It holds a slot again. */
  resume(): void {
    const goOn = this.#whenResumed;
    // It may be another wait of the handler's that is over, for a call of its own.
    if (goOn === undefined) return this.#patience.renew();
    this.#parkedFor = this.#whenResumed = undefined;
    this.#inTurn = 0;
    goOn();
  }

  /** Nobody wants more. The slot comes back when what runs has returned. */
  abandon(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#patience.stop();
    void this.#source.end().then(() => this.#host.finish({ ok: true, value: undefined }));
  }

  async #next(): Promise<void> {
    try {
      while (!this.#isOver) {
        if (!this.#hasRoom) return void this.#park('room');
        if (this.#inTurn >= ITEMS_A_TURN && !this.#host.isParked()) {
          this.#park('others');
          await this.#slot();
          continue;
        }
        this.#patience.begin();
        const { done = false, value } = await this.#source.next();
        this.#patience.end();
        if (this.#isOver) return;
        // That needs no slot.
        if (done) return this.#end({ ok: true, value });
        if (this.#parkedFor !== undefined) await this.#slot();
        if (this.#isOver) return;
        const checked = await this.#host.check(value);
        if (this.#isOver) return;
        this.#send(checked);
      }
    } catch (error) {
      if (!this.#isOver) this.#end({ ok: false, error });
    }
  }

  #send(value: unknown): void {
    let bytes = 0;
    let isSent = false;
    bytes = this.#host.say(value, this.#items, () => {
      isSent = true;
      this.#left++;
      this.#unsent -= bytes;
      if (bytes > WHOLE) this.#isInParts = false;
      this.#goOn();
    });
    this.#items++;
    this.#inTurn++;
    this.#bytes += bytes;
    if (isSent) return;
    this.#unsent += bytes;
    if (bytes > WHOLE) this.#isInParts = true;
  }

  get #hasRoom(): boolean {
    return this.#items < this.#allowed.items && this.#bytes < this.#allowed.bytes && this.#unsent < MOST_UNSENT && !this.#isInParts;
  }

  #park(what: 'room' | 'source' | 'others'): true {
    this.#parkedFor = what;
    this.#execution.park();
    return true;
  }

  /** Resolves when it holds a slot again. */
  #slot(): Promise<void> {
    return new Promise<void>((resolve) => this.#unpark(resolve));
  }

  #unpark(whenResumed: () => void): void {
    this.#whenResumed = whenResumed;
    this.#execution.unpark();
  }

  #goOn(): void {
    if (this.#parkedFor !== 'room' || this.#whenResumed !== undefined || this.#isOver || !this.#hasRoom) return;
    this.#unpark(() => void this.#next());
  }

  #end(completion: Parameters<ItemHost['finish']>[0]): void {
    this.#isOver = true;
    this.#patience.stop();
    // An item of it could not be sent: its producer waits for the next to be asked. What failed by itself has nothing to end. The answer
    // does not wait, as a producer that hangs would hold it up.
    if (!completion.ok) void this.#source.end();
    this.#host.finish(completion);
  }
}
