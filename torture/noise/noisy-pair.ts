/** One protocol on a line with noise: so many calls both ways, and what came of each. */
import { isDeepStrictEqual } from 'node:util';
import { createPeer, type CreatePeerOptions, type Peer, type VirtagentError } from '../../actors/index.ts';
import { GuestAgent } from '../../test/support/guest-agent.ts';
import type { Channel } from '../../transport/index.ts';
import type { Carry } from '../lines/joined.ts';
import { ReopeningLine, type Direction } from '../lines/reopening-line.ts';
import type { Random } from '../random.ts';
import { SteppedClock } from '../stepped-clock.ts';
import { FramesHit } from './frames-hit.ts';
import { Noise } from './noise.ts';

/** How a protocol is set up for this. */
export interface Setup {
  readonly name: string;
  readonly protocol: NonNullable<CreatePeerOptions['protocol']>;
  readonly reliable?: boolean;
  /** Calls at once. */
  readonly inFlight: number;
}

/** What a run came to. */
export interface NoiseResult {
  calls: number;
  right: number;
  /** Answered, and not with what was asked for. */
  wrong: number;
  /** Answered with an error that no handler gave. */
  errors: number;
  /** Not answered until their deadline, or until the line was lost. */
  lost: number;
  /** Calls of which the handler was run twice, or with parameters that nobody gave. */
  twice: number;
  wronglyRun: number;
  /** How often something hit the line, and how many frames with messages that was (virtagent-2). */
  hits: number;
  framesHit: number;
  /** Lines that a side gave up, and how many of them without a reason. */
  givenUp: number;
  unexplained: number;
  /** What either side counted as breaking the protocol. */
  violations: number;
  /** Whether a call was answered right after the noise was over: on the same line, unless one was given up. */
  goesOn: boolean;
  /** Milliseconds of the line's own time. */
  ms: number;
}

interface Ask {
  readonly n: number;
  readonly text: string;
}

type Remote = { echo: (params: Ask) => unknown };

/** The most calls that it may take to find the way back after the noise: what is half read swallows what follows. */
const LAST_CALLS = 8;
/** Plenty for a call that is lost; the clock is stepped. Where nothing is lost every call is waited for. */
const CALL_MS = 60_000;
/** Of the line's own time. Where no call ends for so long none will: a reliable session sends a frame again after five seconds at most. */
const HUNG_MS = 1_800_000;
/** Between calls that are refused. */
const PAUSE_MS = 3_000;

export class NoisyPair {
  readonly #setup: Setup;
  readonly #rate: number;
  readonly #random: Random;
  readonly #clock = new SteppedClock();
  readonly #line: ReopeningLine;
  readonly #near: Peer<Remote>;
  readonly #far: Peer<Remote> | undefined;
  readonly #begun = new Set<string>();
  readonly #noises: Noise[] = [];
  #isQuiet = false;
  #asked = 0;
  #settled = 0;
  #settledAt = 0;
  readonly #result: NoiseResult;

  constructor(setup: Setup, rate: number, calls: number, random: Random) {
    this.#setup = setup;
    this.#rate = rate;
    this.#random = random;
    const none = { right: 0, wrong: 0, errors: 0, lost: 0, twice: 0, wronglyRun: 0, hits: 0, framesHit: 0, givenUp: 0, unexplained: 0 };
    this.#result = { calls, ...none, violations: 0, goesOn: false, ms: 0 };
    this.#line = new ReopeningLine('by both', (direction, line) => this.#carry(direction, line));
    this.#near = this.#peer('near', setup.protocol === 'qemu-ga' ? this.#withAgents(this.#line.left) : this.#line.left);
    this.#far = setup.protocol === 'qemu-ga' ? undefined : this.#peer('far', this.#line.right);
    for (const peer of [this.#near, this.#far]) peer?.link$.subscribe(({ state, reason }) => this.#moved(state, reason));
  }

  async run(): Promise<NoiseResult> {
    const result = this.#result;
    for (let i = 0; i < this.#setup.inFlight; i++) void this.#keepCalling();
    await this.#clock.run(() => this.#settled === result.calls || this.#clock.now() - this.#settledAt > HUNG_MS);
    if (this.#settled < result.calls)
      throw new Error(`none of ${this.#asked - this.#settled} calls has an outcome after ${HUNG_MS / 1000} s`);
    result.ms = Math.round(this.#clock.now());
    await this.#findBack();
    for (const peer of [this.#near, this.#far]) result.violations += peer?.counters.violations ?? 0;
    this.#isOver = true;
    this.#near.close();
    this.#far?.close();
    this.#line.end();
    return result;
  }

  #carry(direction: Direction, line: number): Carry {
    const result = this.#result;
    const frames = new FramesHit();
    const noise = new Noise(this.#random.fork(`${direction} ${line}`), this.#isQuiet ? 0 : this.#rate, (from, to) => {
      result.hits++;
      frames.hit(from, to);
    });
    this.#noises.push(noise);
    return (chunk) => {
      this.#clock.moved++;
      const arrives = noise.pass(chunk);
      if (this.#setup.protocol !== 'virtagent-2') return arrives;
      result.framesHit -= frames.data;
      frames.sent(chunk);
      result.framesHit += frames.data;
      return arrives;
    };
  }

  #peer(side: 'near' | 'far', channel: Channel): Peer<Remote> {
    const { protocol, reliable } = this.#setup;
    return createPeer<Remote>({
      channel,
      protocol,
      clock: this.#clock,
      random: this.#random.fork(side).next,
      retries: true,
      timeoutMs: reliable === true ? Infinity : CALL_MS,
      ...(reliable === undefined ? {} : { reliable }),
      ...(protocol === 'virtagent-v7' ? { role: side === 'near' ? 'host' : 'guest' } : {}),
      ...(protocol === 'qemu-ga' ? {} : { methods: { echo: (params: Ask) => this.#echo(side, params) } }),
    });
  }

  /** A scripted agent at the far end of each line. */
  #withAgents(channel: Channel): Channel {
    const commands = { echo: (params: unknown) => this.#echo('far', params as Ask) };
    return {
      ...channel,
      open: async (signal) => {
        new GuestAgent({ commands }).serve(await this.#line.right.open(signal));
        return channel.open(signal);
      },
    };
  }

  #echo(side: string, params: Ask): unknown {
    const n = (params as Ask | undefined)?.n;
    const key = `${side} ${n}`;
    if (typeof n !== 'number' || !isDeepStrictEqual(params, askOf(n))) this.#result.wronglyRun++;
    else if (this.#begun.has(key)) this.#result.twice++;
    this.#begun.add(key);
    return params;
  }

  async #keepCalling(): Promise<void> {
    while (this.#asked < this.#result.calls) {
      const n = this.#asked++;
      // Both ways, where both sides ask.
      const outcome = await this.#call(n, n % 2 === 0);
      this.#result[outcome]++;
      // Who is refused at once is not to ask all else in the same moment.
      if (outcome === 'errors') await this.#clock.pause(PAUSE_MS);
      this.#settled++;
      this.#settledAt = this.#clock.now();
      this.#clock.moved++;
    }
  }

  async #call(n: number, isFar: boolean): Promise<'right' | 'wrong' | 'errors' | 'lost'> {
    const ask = askOf(n);
    try {
      return isDeepStrictEqual(await (isFar ? (this.#far ?? this.#near) : this.#near).call('echo', ask), ask) ? 'right' : 'wrong';
    } catch (error) {
      const { code } = error as VirtagentError;
      return code === 'TIMEOUT' || code === 'LINE_LOST' ? 'lost' : 'errors';
    }
  }

  async #findBack(): Promise<void> {
    this.#isQuiet = true;
    for (const noise of this.#noises) noise.stop();
    for (let i = 0; i < LAST_CALLS && !this.#result.goesOn; i++) {
      let outcome: string | undefined;
      void this.#call(this.#result.calls + i, false).then((one) => (outcome = one));
      await this.#clock.run(() => outcome !== undefined);
      this.#result.goesOn = outcome === 'right';
      await this.#clock.pass(PAUSE_MS);
    }
  }

  #isOver = false;

  /** The side that gives a line up says why; the other one sees it closed. */
  #moved(state: string, reason: unknown): void {
    if (this.#isOver || state !== 'down') return;
    const why = reason instanceof Error ? reason.message : '';
    if (why === '') this.#result.unexplained++;
    else if (!/the line was closed|the peer closed/.test(why)) this.#result.givenUp++;
  }
}

/** What is asked under a number: short and long in turn, and never alike. */
function askOf(n: number): Ask {
  const length = n % 64 === 63 ? 1500 : (n * 37) % 150;
  // A number that is damaged is not to be that of another with the same text.
  return { n, text: `${Math.imul(n + 1, 0x9e37_79b1).toString(36)} ${'çalışma 7 '.repeat(length / 10 + 1).slice(0, length)}` };
}
