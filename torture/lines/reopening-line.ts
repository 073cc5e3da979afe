import type { Duplex } from 'node:stream';
import { memoryPair, type Channel } from '../../transport/index.ts';
import { joinedLine, type Carry, type JoinedLine } from './joined.ts';

export type Direction = 'right' | 'left';

/** What the right end sees when a line ends: its end, or nothing, as the far end of a serial cable does. */
export type Seen = 'by both' | 'by one';

/**
 * A line that comes back: each open of the left end begins the next. `by both`, the right end is opened anew as well; `by one`, it
 * has one line from the first to the last, on which the bytes of one follow those of another.
 */
export class ReopeningLine {
  readonly left: Channel;
  readonly right: Channel;
  /** How many there have been. */
  lines = 0;
  readonly #carry: (direction: Direction, line: number, cut: () => void) => Carry;
  readonly #seen: Seen;
  readonly #pairs: JoinedLine[] = [];
  /** The right end's one line, and this side of it. */
  readonly #steady: readonly [Duplex, Duplex] | undefined;
  #now: Duplex | undefined;

  /** `carry`: what becomes of the bytes of one direction of the n-th line. */
  constructor(seen: Seen, carry: (direction: Direction, line: number, cut: () => void) => Carry) {
    this.#seen = seen;
    this.#carry = carry;
    if (seen === 'by one') {
      this.#steady = memoryPair();
      this.#steady[1].on('data', (chunk: Buffer) => void this.#now?.write(chunk));
    }
    this.left = this.#side('left');
    this.right = this.#side('right');
  }

  end(): void {
    for (const pair of this.#pairs) pair.cut();
    for (const end of this.#steady ?? []) end.destroy();
  }

  #side(side: 'left' | 'right'): Channel {
    let opens = 0;
    return {
      name: side,
      reopens: true,
      open: async () => (side === 'right' ? this.#steady?.[0] : undefined) ?? this.#pair(opens++)[side],
      close: async () => {},
    };
  }

  #pair(at: number): JoinedLine {
    const made = this.#pairs[at];
    if (made !== undefined) return made;
    this.lines = at + 1;
    const cut = (): void => this.#pairs[at]?.cut();
    const pair = joinedLine(this.#carry('right', at, cut), this.#carry('left', at, cut));
    this.#pairs[at] = pair;
    if (this.#seen === 'by one') this.#splice(pair.right);
    return pair;
  }

  /** The far end of this line is now in the middle of the right end's. */
  #splice(end: Duplex): void {
    this.#now = end;
    end.on('error', () => {});
    end.on('data', (chunk: Buffer) => {
      if (this.#now === end) this.#steady?.[1].write(chunk);
    });
    end.on('close', () => {
      if (this.#now === end) this.#now = undefined;
    });
  }
}
