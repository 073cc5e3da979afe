import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { createPeer, type Peer } from '../../actors/index.ts';
import { settled, type Loose } from '../support/peers.ts';
import { framesOf, onLine, Relay, seeded } from '../support/relay.ts';
import { runs } from '../property.ts';

type Step =
  | { readonly do: 'call'; readonly side: 0 | 1; readonly size: number; readonly timeoutMs: number; readonly nested: boolean }
  | { readonly do: 'cancel' | 'release'; readonly which: number }
  | { readonly do: 'cut' | 'restart' | 'turn' }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'noise'; readonly rate: number };

const scripts = (isNoisy: boolean): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      {
        weight: 10,
        arbitrary: fc.record({
          do: fc.constant('call' as const),
          side: fc.constantFrom(0 as const, 1 as const),
          size: fc.constantFrom(0, 0, 900, 3000, 40_000),
          timeoutMs: fc.constantFrom(20_000, 20_000, 20_000, 300),
          nested: fc.boolean(),
        }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), which: fc.nat(40) }) },
      { weight: 5, arbitrary: fc.record({ do: fc.constant('release' as const), which: fc.nat(40) }) },
      { weight: 1, arbitrary: fc.constant({ do: 'cut' as const }) },
      { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
      { weight: 10, arbitrary: fc.constant({ do: 'turn' as const }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 30, 250, 1_500) }) },
      { weight: isNoisy ? 2 : 0, arbitrary: fc.record({ do: fc.constant('noise' as const), rate: fc.constantFrom(0, 0.1, 0.3) }) },
    ),
    { minLength: 5, maxLength: 60 },
  );

/** What became of a call, and how often its handler was begun. */
interface Made {
  outcome: string | undefined;
  executed: number;
}

class World {
  readonly clock = new SimulatedClock();
  readonly made: Made[] = [];
  readonly held: (() => void)[] = [];
  readonly aborts: AbortController[] = [];
  readonly relay = new Relay();
  noise = 0;
  sides: [Peer<Loose>, Peer<Loose>];
  readonly #reliable: boolean;
  readonly #random: () => number;

  constructor(reliable: boolean, seed: number) {
    this.#reliable = reliable;
    this.#random = seeded(seed);
    this.relay.filter = (_, chunk) => this.#pass(chunk);
    this.sides = [this.#peer('left'), this.#peer('right')];
  }

  play(one: Step): Promise<void> | undefined {
    if (one.do === 'call') this.#call(one);
    else if (one.do === 'cancel') this.aborts[one.which % Math.max(1, this.aborts.length)]?.abort();
    else if (one.do === 'release') this.held[one.which % Math.max(1, this.held.length)]?.();
    else if (one.do === 'cut') this.relay.cut();
    else if (one.do === 'wait') this.clock.increment(one.ms);
    else if (one.do === 'noise') this.noise = one.rate;
    else if (one.do === 'turn') return settled(1);
    else {
      this.sides[1].close();
      this.sides[1] = this.#peer('right');
    }
    return undefined;
  }

  async calm(): Promise<void> {
    this.noise = 0;
    for (let round = 0; round < 60 && this.made.some(({ outcome }) => outcome === undefined); round++) {
      for (const release of this.held) release();
      await settled(3);
      this.clock.increment(round < 40 ? 50 : 5_000);
    }
    // Answers that nobody waits for any more are on their way.
    for (let round = 0; round < 8; round++) {
      for (const release of this.held) release();
      await settled(3);
      this.clock.increment(300);
    }
  }

  #call({ side, size, timeoutMs, nested }: Extract<Step, { do: 'call' }>): void {
    const which = this.made.length;
    const one: Made = { outcome: undefined, executed: 0 };
    this.made.push(one);
    const abort = new AbortController();
    this.aborts.push(abort);
    const method = nested ? 'nested' : 'held';
    this.sides[side].call(method, { which, text: 'x'.repeat(size) }, { timeoutMs, signal: abort.signal }).then(
      () => (one.outcome = 'value'),
      (error: { code: string; known: string }) => (one.outcome = `${error.code} ${error.known}`),
    );
  }

  #peer(side: 'left' | 'right'): Peer<Loose> {
    type Context = { readonly call: (method: string, params: unknown) => Promise<unknown> };
    const begun = ({ which }: { which: number }): void => void (this.made[which] as Made).executed++;
    return createPeer<Loose>({
      channel: this.relay[side],
      protocol: 'virtagent-2',
      clock: this.clock,
      reliable: this.#reliable,
      random: this.#random,
      keepMs: 5_000,
      retries: true,
      maxServerJobs: 8,
      executeSlots: 2,
      methods: {
        held: async (params: { which: number }) => {
          begun(params);
          await new Promise<void>((resolve) => this.held.push(resolve));
          return params.which;
        },
        nested: async (params: { which: number }, context: Context) => {
          begun(params);
          return context.call('echo', params);
        },
        echo: (params: unknown) => params,
      },
    });
  }

  /** Frames are lost, and damaged. */
  #pass(chunk: Buffer): Buffer {
    if (this.noise === 0) return chunk;
    const frames = framesOf(chunk).flatMap((frame) => {
      if (this.#random() >= this.noise) return [frame];
      const damaged = Buffer.from(frame);
      const at = Math.floor(this.#random() * damaged.length);
      damaged[at] = (damaged[at] as number) ^ 4;
      return this.#random() < 0.5 ? [] : [damaged];
    });
    return onLine(frames);
  }
}

test.each([false, true])(
  'over cuts, restarts, cancels and (reliable: %s) noise, each call ends once, is executed at most once, and is told the truth about that',
  async (reliable) => {
    await fc.assert(
      fc.asyncProperty(scripts(reliable), fc.nat(), async (steps, seed) => {
        const world = new World(reliable, seed);
        for (const one of steps) await world.play(one);
        await world.calm();
        for (const { outcome, executed } of world.made) {
          expect(outcome).toBeDefined();
          expect(executed, outcome).toBeLessThanOrEqual(1);
          if (outcome === 'value') expect(executed).toBe(1);
          if (outcome?.endsWith('not-sent') === true || outcome?.endsWith('refused') === true) expect(executed, outcome).toBe(0);
          if (outcome?.endsWith(' executed') === true) expect(executed, outcome).toBe(1);
        }
        for (const side of world.sides) {
          expect(side.manager.jobs).toBe(0);
          expect(side.slots).toMatchObject({
            send: { taken: 0, waiting: 0 },
            server: { count: 0, bytes: 0 },
            client: { count: 0, bytes: 0 },
          });
          side.close();
          expect(side.manager.timers.size).toBe(0);
        }
      }),
      runs(80),
    );
  },
);
