import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import type { FarSide, Manners } from './far-side.ts';
import type { RawSide } from './raw-side.ts';

/** How long a flood goes on, unless an attack says otherwise. */
const FLOOD_MS = 600;
/** How long a side that says nothing more is watched. */
const WATCH_MS = 300;
/** How often it is looked whether the victim has ended a link that is not read. */
const LOOK_MS = 100;

/** What an attack came to on its link, at both ends of it. */
export interface Effects {
  // The victim's counters.
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly damaged: number;
  readonly violations: number;
  readonly unclaimed: number;
  readonly late: number;
  readonly sessions: number;
  /** Handlers of the victim that were run, calls that they made of the attacker, and what became of those. */
  readonly handled: number;
  readonly asked: number;
  readonly answered: number;
  readonly failed: number;
  /** Items of streamed results. */
  readonly items: number;
  // What the attacker has said in floods, and heard: frames of each kind, the largest of them, requests, and answers with an error.
  readonly said: number;
  readonly hellos: number;
  readonly statuses: number;
  readonly largest: number;
  readonly requests: number;
  readonly errors: number;
}

/** Something that a peer does which no peer should. */
export interface Attack<Side = FarSide> {
  readonly name: string;
  run(far: Side, attacker: Attacker): Promise<unknown>;
  /** Whether it was what it is named: an attack that does nothing would hold. */
  expects(effects: Effects): boolean;
  /** How the far side behaves besides; default: it greets, reads and confirms. */
  readonly manners?: Manners;
  /** Begins before the two sides have met. */
  readonly unmet?: boolean;
  /** What the link must come to, where that matters: the victim ends it, at once or after a silence or a stall; or it does not. */
  readonly ends?: 'cut' | 'cut in time' | 'served';
  /** Milliseconds that it may take, where what it says is counted. */
  readonly ms?: number;
  /** Bytes that it may have the victim's memory grow by, where that is more than others may, and why. */
  readonly grows?: { readonly bytes: number; readonly why: string };
}

/** What an attacker can do besides what it says on its line. */
export interface Means {
  readonly ms?: number | undefined;
  /** Another link to the same victim, met. */
  readonly another: () => Promise<FarSide>;
  /** Whether the victim has ended the attacker's link: who does not read does not see that. */
  readonly isCut: () => Promise<boolean>;
}

/** What attacks have in common. */
export class Attacker {
  /** How often something was said in floods. */
  said = 0;
  readonly #means: Means;
  readonly #until: number;

  constructor(means: Means) {
    this.#means = means;
    this.#until = performance.now() + (means.ms ?? FLOOD_MS);
  }

  get isOver(): boolean {
    return performance.now() >= this.#until;
  }

  /** Says something again and again, as fast as the line takes it, until it is cut off or the time is over. */
  async flood(far: RawSide, say: (i: number) => unknown, most = Infinity): Promise<void> {
    for (let i = 0; i < most && !far.closed && !this.isOver; i++) {
      say(i);
      this.said++;
      if (i % 64 === 63 || far.line.writableNeedDrain) await Promise.race([far.drained(), pause(50)]);
    }
  }

  /** The same without reading, and then waits whether it is cut off. */
  async floodUnread(far: RawSide, say: (i: number) => unknown, most = Infinity): Promise<void> {
    far.line.pause();
    await this.flood(far, say, most);
    await this.watch(far, 3_000);
  }

  /** Waits, to see what becomes of it. */
  async watch(far: RawSide, ms = WATCH_MS): Promise<void> {
    const until = performance.now() + ms;
    while (!far.closed && performance.now() < until) {
      await Promise.race([far.until(() => far.closed), pause(Math.min(LOOK_MS, ms))]);
      if (far.line.isPaused() && (await this.#means.isCut())) return;
    }
  }

  another(): Promise<FarSide> {
    return this.#means.another();
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
