import { Duplex } from 'node:stream';
import { invalidOption } from '../errors.ts';
import { checkNames, optionNames } from '../option-names.ts';

type Done = (error?: Error | null) => void;

/**
 * Deliveries after which the event loop is due a turn: ticks come before everything else, so two sides that always have something to say
 * would let no timer and no socket of the process have one. Half of them may pass before it is asked for, so that most cost nothing.
 */
const deliveriesInATurn = 128;

let deliveries = 0;

const names = optionNames<{ highWaterMark: number }>({ highWaterMark: true });

/** Whether the next delivery is to wait for the event loop. */
function isEnough(): boolean {
  if (++deliveries === deliveriesInATurn / 2) setImmediate(() => (deliveries = 0));
  return deliveries > deliveriesInATurn;
}

/**
 * One end of the pair. A written chunk goes to the other end's read buffer in a later tick, and its callback
 * comes once that end asks for more.
 */
class End extends Duplex {
  readonly #mark: number;
  #other: End = this;
  #sender: Done | undefined;
  /** What waits for the event loop's next turn. */
  #held: (() => void) | undefined;
  #hungUp = false;

  static {
    // A getter in Node, though its types say a property, which a getter may not stand for.
    Object.defineProperty(this.prototype, 'writableHighWaterMark', {
      get(this: End) {
        return this.#room;
      },
    });
  }

  constructor(mark: number) {
    super({ readableHighWaterMark: mark, writableHighWaterMark: mark });
    this.#mark = mark;
  }

  static pair(mark: number): [End, End] {
    const [left, right] = [new End(mark), new End(mark)];
    left.#other = right;
    right.#other = left;
    return [left, right];
  }

  /**
   * Node compares only the bytes still on this side with the mark; so the mark gives way by what lies unread on
   * the other one. There is no public way to set it, and 'drain' needs Node itself to know that it said no.
   */
  override write(chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
    const state = (this as unknown as { _writableState: { highWaterMark: number } })._writableState;
    state.highWaterMark = this.#room;
    return super.write(chunk, encoding as BufferEncoding, callback as Done);
  }

  get #room(): number {
    return Math.max(0, this.#mark - this.#other.readableLength);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    // A copy: its writer may use the buffer again after the callback, which can come before the other end reads.
    const bytes = Buffer.from(chunk);
    const deliver = (): void => this.#other.#take(bytes, done);
    if (!isEnough()) return process.nextTick(deliver);
    this.#held = deliver;
    setImmediate(() => this.#deliverHeld());
  }

  #deliverHeld(): void {
    const deliver = this.#held;
    this.#held = undefined;
    deliver?.();
  }

  override _read(): void {
    this.#thankSender();
  }

  override _final(done: Done): void {
    process.nextTick(() => {
      this.#other.#hangUp();
      done();
    });
  }

  override _destroy(error: Error | null, done: Done): void {
    process.nextTick(() => {
      // Nothing that was written comes after the end.
      this.#deliverHeld();
      this.#other.#lineClosed();
    });
    this.#thankSender();
    done(error);
  }

  #take(bytes: Buffer, done: Done): void {
    // What is sent into a closed line is lost without a word, as on a socket until its first reset.
    if (this.destroyed || bytes.length === 0) return done();
    // Before the push, which can run a reader that asks for more.
    this.#sender = done;
    this.push(bytes);
  }

  #thankSender(): void {
    const done = this.#sender;
    this.#sender = undefined;
    // Not at once: the writer's callback and 'drain' are not to run inside this end's read().
    if (done !== undefined) process.nextTick(done);
  }

  #hangUp(): void {
    if (this.#hungUp || this.destroyed) return;
    this.#hungUp = true;
    this.push(null);
  }

  /** The other end is gone: what has arrived can still be read, then this end closes too. */
  #lineClosed(): void {
    this.#thankSender();
    this.#hangUp();
    if (this.readableEnded) this.destroy();
    else this.once('end', () => this.destroy());
  }
}

/**
 * Two crossed Duplexes in memory: what one writes the other reads. No timers; nothing arrives within write(), and most of it in the same
 * turn of the event loop, which others have theirs of.
 *
 * Back-pressure is that of a socket without kernel buffers: write() says false once `highWaterMark` bytes are
 * unread, and 'drain' follows when the other end reads. Like sockets with `allowHalfOpen`, end() ends one
 * direction; destroy() shows at the other end as 'end', then 'close', never as an error.
 */
export function memoryPair(options: { readonly highWaterMark?: number } = {}): [Duplex, Duplex] {
  checkNames('options', options, names);
  const { highWaterMark = 16 * 1024 } = options;
  if (!Number.isSafeInteger(highWaterMark) || highWaterMark < 1) {
    invalidOption('highWaterMark', highWaterMark, 'a whole number from 1');
  }
  return End.pair(highWaterMark);
}
