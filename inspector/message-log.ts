import { detached } from '../actors/detached.ts';
import type { TracedMessage } from '../actors/peer.ts';
import type { Journal } from '../actors/journal.ts';
import { shownValue } from './values.ts';
import type { MessageRecord } from './records.ts';

/** The latest messages that are kept, whatever they carry: each is cut to a few thousand characters before. */
const MOST = 1024;

/** The latest messages that crossed the line, as they may be shown, each with its place among the steps. */
export class MessageLog {
  readonly #journal: Journal;
  readonly #hides: (name: string) => boolean;
  readonly #kept: { readonly position: number; readonly record: MessageRecord }[] = [];
  /** How many were let go of. */
  #before = 0;

  constructor(journal: Journal, hides: (name: string) => boolean) {
    this.#journal = journal;
    this.#hides = hides;
  }

  /** The number that the next one gets. */
  get end(): number {
    return this.#before + this.#kept.length;
  }

  add({ direction, message, bytes }: TracedMessage): void {
    this.#journal.tick();
    const { type, tag, token = tag, bytes: _, ...rest } = message as Readonly<Record<string, unknown>>;
    // What a message itself consists of is not secret: names are looked at below that.
    const value = Object.fromEntries(Object.entries(rest).map(([name, part]) => [name, shownValue(part, this.#hides)]));
    const record: MessageRecord = {
      type: 'message',
      of: 'near',
      at: this.#journal.now,
      direction,
      message: String(type),
      tag: typeof token === 'string' || typeof token === 'number' ? detached(String(token), 128) : undefined,
      bytes,
      value,
    };
    this.#kept.push({ position: this.#journal.ring.head, record });
    // In steps that cost each O(1).
    if (this.#kept.length < 2 * MOST) return;
    this.#before += MOST;
    this.#kept.splice(0, MOST);
  }

  /** The first message from `number` on, if it crossed before the step at `position` was taken; and the number of the one after it. */
  next(number: number, position: number): { readonly record: MessageRecord; readonly next: number } | undefined {
    const at = Math.max(number - this.#before, 0);
    const found = this.#kept[at];
    return found === undefined || found.position > position ? undefined : { record: found.record, next: this.#before + at + 1 };
  }
}
