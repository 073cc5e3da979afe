import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import type { FarSide, Manners } from './far-side.ts';
import type { RawSide } from './raw-side.ts';

/** How long a flood goes on. */
const FLOOD_MS = 600;
/** How long a side that says nothing more is watched. */
const WATCH_MS = 300;

/** Something that a peer does which no peer should. */
export interface Attack<Side = FarSide> {
  readonly name: string;
  run(far: Side, attacker: Attacker): Promise<unknown>;
  /** How the far side behaves besides; default: it greets, reads and confirms. */
  readonly manners?: Manners;
  /** Begins before the two sides have met. */
  readonly unmet?: boolean;
  /** What the link must come to, where that matters: `cut`, the victim ends it; `served`, it does not. */
  readonly ends?: 'cut' | 'served';
}

/** What attacks have in common. */
export class Attacker {
  readonly #until: number;

  constructor(ms = FLOOD_MS) {
    this.#until = performance.now() + ms;
  }

  get isOver(): boolean {
    return performance.now() >= this.#until;
  }

  /** Says something again and again, as fast as the line takes it, until it is cut off or the time is over. */
  async flood(far: RawSide, say: (i: number) => unknown, most = Infinity): Promise<void> {
    for (let i = 0; i < most && !far.closed && !this.isOver; i++) {
      say(i);
      if (i % 64 === 63 || far.line.writableNeedDrain) await Promise.race([far.drained(), pause(50)]);
    }
  }

  /** Waits, to see what becomes of it. */
  watch(far: RawSide, ms = WATCH_MS): Promise<unknown> {
    return Promise.race([far.until(() => far.closed), pause(ms)]);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export async function connected(path: string): Promise<Socket> {
  const socket = connect(path);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}
