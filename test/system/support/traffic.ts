import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { VirtagentError, type Methods, type Peer } from '../../../actors/index.ts';

/** What became of the calls that one end made. */
export interface Tally {
  readonly started: number;
  readonly right: number;
  /** Answers to something that was not asked. */
  readonly wrong: number;
  /** By code. */
  readonly failed: Readonly<Record<string, number>>;
}

/** Parameters and result of `work`: the answer can be told from that of any other call. */
interface Work {
  readonly id: string;
  readonly ms?: number;
  readonly pad?: string;
}

/** What both ends of a test's line do when asked; notes what it has done. */
export class Worker {
  /** Requests that are being worked on. */
  running = 0;
  readonly #done = new Map<string, number>();
  readonly methods: Methods = {
    work: async ({ id, ms = 0, pad = '' }: Work) => {
      this.#done.set(id, (this.#done.get(id) ?? 0) + 1);
      this.running++;
      if (ms > 0) await pause(ms);
      this.running--;
      return { id, answer: answerTo(id, pad) };
    },
  };

  /** Requests that were executed more than once: there must be none. */
  get twice(): string[] {
    return [...this.#done].filter(([, times]) => times > 1).map(([id]) => id);
  }

  get executed(): number {
    return this.#done.size;
  }
}

export interface TrafficOptions {
  /** Calls that are out at once. */
  readonly width?: number;
  /** Deadline of each. */
  readonly timeoutMs?: number;
  /** How long the other side is at each. */
  readonly ms?: number;
  /** Bytes that each call carries. */
  readonly bytes?: number;
}

/** Calls of `work`, one after another in `width` lanes, each answer compared with what was asked. */
export class Traffic {
  readonly #peer: Peer;
  readonly #options: Required<TrafficOptions>;
  readonly #origin = randomUUID();
  readonly #lanes: Promise<void>[] = [];
  readonly #failed: Record<string, number> = {};
  readonly #waiting = new Set<() => void>();
  #isOn = true;
  #started = 0;
  #right = 0;
  #wrong = 0;

  constructor(peer: Peer, { width = 2, timeoutMs = 3000, ms = 0, bytes = 20 }: TrafficOptions = {}) {
    this.#peer = peer;
    this.#options = { width, timeoutMs, ms, bytes };
    for (let lane = 0; lane < width; lane++) this.#lanes.push(this.#run());
  }

  get tally(): Tally {
    return { started: this.#started, right: this.#right, wrong: this.#wrong, failed: { ...this.#failed } };
  }

  /** Resolves when `count` more calls have had their answer: calls go on. */
  async goesOn(count = 5): Promise<void> {
    const goal = this.#right + count;
    while (this.#right < goal) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  /** Starts no more; resolves when every call has had its outcome. */
  async stop(): Promise<Tally> {
    this.#isOn = false;
    await Promise.all(this.#lanes);
    return this.tally;
  }

  async #run(): Promise<void> {
    const { bytes, ms, timeoutMs } = this.#options;
    const pad = 'p'.repeat(bytes);
    while (this.#isOn) {
      const id = `${this.#origin}:${++this.#started}`;
      try {
        const result = await this.#peer.call('work', { id, ms, pad }, { timeoutMs });
        if (isAnswer(result, id, pad)) this.#right++;
        else this.#wrong++;
      } catch (error) {
        const code = error instanceof VirtagentError ? `${error.code}, ${error.known}` : String(error);
        this.#failed[code] = (this.#failed[code] ?? 0) + 1;
        // Who tries at once what can't be taken does little else.
        await pause(code.startsWith('QUEUE_FULL') ? 500 : 20);
      }
      for (const wake of this.#waiting) wake();
      this.#waiting.clear();
    }
  }
}

/** Every call had one outcome, and none a wrong one. */
export function settled({ started, right, wrong, failed }: Tally): boolean {
  return wrong === 0 && started === right + Object.values(failed).reduce((sum, count) => sum + count, 0);
}

function isAnswer(result: unknown, id: string, pad: string): boolean {
  const { id: answered, answer } = (result ?? {}) as { id?: unknown; answer?: unknown };
  return answered === id && answer === answerTo(id, pad);
}

function answerTo(id: string, pad: string): string {
  return `${id.split('').toReversed().join('')}/${pad.length}`;
}
