import type { Duplex } from 'node:stream';
import type { SimulatedClock } from 'xstate';
import { memoryPair, type Channel } from '../../transport/index.ts';

/** What becomes of bytes that a side has written: what is passed on of them. */
export type Filter = (from: 0 | 1, chunk: Buffer) => Buffer | undefined;

/** Lines between two sides that can be cut and come back, with somebody in the middle. Each side's n-th open meets the other's n-th. */
export class Relay {
  readonly left: Channel;
  readonly right: Channel;
  /** Bytes that were passed on, in both directions. */
  passed = 0;
  /** At so many, the line is cut in the middle of whatever that is. */
  cutAt = Infinity;
  filter: Filter = (_, chunk) => chunk;
  readonly #lines: { readonly outer: readonly [Duplex, Duplex]; readonly inner: readonly [Duplex, Duplex] }[] = [];
  /** Nothing passes any more, until the sides have seen it. */
  #isCut = false;
  readonly #opens: [number, number] = [0, 0];

  constructor() {
    this.left = this.#channel(0);
    this.right = this.#channel(1);
  }

  get lines(): number {
    return this.#lines.length;
  }

  cut(): void {
    this.#isCut = false;
    for (const stream of this.#lines.at(-1)?.inner ?? []) stream.destroy();
  }

  /** Says bytes to a side, as if the other had. */
  say(to: 0 | 1, bytes: Uint8Array): void {
    this.#lines.at(-1)?.inner[to].write(bytes);
  }

  #channel(which: 0 | 1): Channel {
    return {
      name: which === 0 ? 'left' : 'right',
      reopens: true,
      open: async () => {
        const at = this.#opens[which]++;
        return (this.#lines[at] ?? this.#line()).outer[which];
      },
      close: async () => {},
    };
  }

  #line(): { readonly outer: readonly [Duplex, Duplex] } {
    const pairs = [memoryPair(), memoryPair()] as const;
    const line = { outer: [pairs[0][0], pairs[1][0]], inner: [pairs[0][1], pairs[1][1]] } as const;
    this.#lines.push(line);
    for (const from of [0, 1] as const) {
      const [own, other] = [line.inner[from], line.inner[1 - from] as Duplex];
      own.on('error', () => {});
      // What was passed on gets there first.
      own.on('end', () => other.end());
      own.on('close', () => setImmediate(() => other.destroy()));
      own.on('data', (chunk: Buffer) => this.#pass(from, chunk, other));
    }
    return line;
  }

  #pass(from: 0 | 1, chunk: Buffer, other: Duplex): void {
    const passed = this.filter(from, chunk);
    if (passed === undefined || this.#isCut) return;
    const left = this.cutAt - this.passed;
    this.passed += passed.length;
    other.write(passed.length > left ? passed.subarray(0, left) : passed);
    if (passed.length < left) return;
    this.cutAt = Infinity;
    this.#isCut = true;
    // What was written gets there.
    setImmediate(() => this.cut());
  }
}

/** The bytes between flags of a chunk of virtagent-2, each a whole frame if the chunk has whole frames. */
export function framesOf(chunk: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < chunk.length;) {
    const end = chunk.indexOf(0xff, at);
    const to = end < 0 ? chunk.length : end;
    if (to > at) frames.push(chunk.subarray(at, to));
    at = to + 1;
  }
  return frames;
}

/** Frames as they are on the line. */
export function onLine(frames: readonly Buffer[]): Buffer {
  const flag = Buffer.from([0xff]);
  return Buffer.concat(frames.flatMap((frame) => [flag, frame, flag]));
}

/** Kinds of frames, by their heads. */
export const kindOf = (frame: Buffer): 'hello' | 'data' | 'status' | 'bye' | undefined =>
  ({ 1: 'hello', 2: 'data', 3: 'status', 4: 'bye' } as const)[(frame[0] as number) >> 4];

/** Lets time pass in small steps until a promise has settled; fails if it does not. */
export async function until<Value>(clock: SimulatedClock, promise: Promise<Value>, { steps = 600, ms = 5 } = {}): Promise<Value> {
  let isOver = false;
  const over = (): void => void (isOver = true);
  promise.then(over, over);
  for (let step = 0; step < steps && !isOver; step++) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.increment(ms);
  }
  if (!isOver) throw new Error(`nothing came of it within ${steps * ms} ms`);
  return promise;
}

/** Random numbers that are the same in each run. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
