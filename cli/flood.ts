import { realClock, type Clock } from '../transport/timers.ts';

/** Lines of one kind within a second: enough to see what happens, whatever the peer does. */
const MOST_A_SECOND = 3;
const SECOND = 1000;

interface Kind {
  taken: number;
  left: number;
  timer: unknown;
}

/** Lets a few lines of each kind through a second, and tells the number of the others when the second is over. */
export class Flood {
  readonly #kinds = new Map<string, Kind>();
  readonly #tell: (kind: string, count: number) => void;
  readonly #clock: Clock;

  constructor(tell: (kind: string, count: number) => void, clock: Clock = realClock) {
    this.#tell = tell;
    this.#clock = clock;
  }

  /** Whether a line of that kind may be written now. Kinds are few, and never a peer's text. */
  take(name: string): boolean {
    const kind = this.#kinds.get(name) ?? this.#begin(name);
    if (kind.taken < MOST_A_SECOND) kind.taken++;
    else kind.left++;
    return kind.left === 0;
  }

  /** Tells what is left to tell. */
  end(): void {
    for (const name of this.#kinds.keys()) this.#over(name);
  }

  #begin(name: string): Kind {
    const timer = this.#clock.setTimeout(() => this.#over(name), SECOND);
    // A line that was left out is no reason to live on.
    (timer as Partial<NodeJS.Timeout>).unref?.();
    const kind = { taken: 0, left: 0, timer };
    this.#kinds.set(name, kind);
    return kind;
  }

  #over(name: string): void {
    const kind = this.#kinds.get(name) as Kind;
    this.#clock.clearTimeout(kind.timer);
    this.#kinds.delete(name);
    if (kind.left > 0) this.#tell(name, kind.left);
  }
}
