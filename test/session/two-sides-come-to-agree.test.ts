import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Hello } from '../../transport/codecs/virtagent-2-frames.ts';
import { Side } from './agreement-support.ts';
import { runs } from '../property.ts';

/** What happens to the lines between two sides, and to the sides. */
type Step =
  | { readonly do: 'deliver' | 'lose' | 'echo'; readonly to: 0 | 1 }
  /** What was once on the line comes again, however old. */
  | { readonly do: 'replay'; readonly to: 0 | 1; readonly which: number }
  | { readonly do: 'repeat' | 'line' | 'restart' | 'exchange'; readonly to: 0 | 1 }
  | { readonly do: 'back'; readonly to: 0 | 1; readonly by: number }
  | { readonly do: 'wait'; readonly ms: number };

const to = fc.constantFrom(0 as const, 1 as const);
const happens = (what: 'deliver' | 'lose' | 'echo' | 'repeat' | 'line' | 'restart' | 'exchange'): fc.Arbitrary<Step> =>
  fc.record({ do: fc.constant(what), to });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: happens('deliver') },
  { weight: 2, arbitrary: happens('lose') },
  { weight: 1, arbitrary: happens('echo') },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('replay' as const), to, which: fc.nat(40) }) },
  { weight: 4, arbitrary: happens('repeat') },
  { weight: 2, arbitrary: happens('line') },
  { weight: 1, arbitrary: happens('restart') },
  { weight: 4, arbitrary: happens('exchange') },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('back' as const), to, by: fc.nat(30) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 60, 1000, 20_000) }) },
);

class World {
  sides: [Side, Side] = [new Side('a'.repeat(8)), new Side('b'.repeat(8))];
  readonly history: [Hello[], Hello[]] = [[], []];
  now = 0;
  #restarts = 0;

  constructor() {
    for (const side of this.sides) side.begin();
  }

  play(one: Step): void {
    if (one.do === 'wait') {
      this.now += one.ms;
      return;
    }
    const side = this.sides[one.to];
    const other = this.sides[1 - one.to] as Side;
    if (one.do === 'deliver') this.deliver(one.to);
    else if (one.do === 'lose') other.said.shift();
    else if (one.do === 'echo') {
      const [hello] = side.said;
      if (hello !== undefined) side.hear(hello, this.now);
    } else if (one.do === 'replay') {
      const old = this.history[one.to];
      const hello = old[one.which % Math.max(1, old.length)];
      if (hello !== undefined) side.hear(hello, this.now);
    } else if (one.do === 'repeat') side.repeat(this.now);
    else if (one.do === 'line') side.begin();
    else if (one.do === 'restart') {
      this.sides[one.to] = new Side(String(++this.#restarts).padStart(8, one.to === 0 ? 'c' : 'd'));
      this.sides[one.to].begin();
    } else if (one.do === 'back') {
      side.putBack(Math.max(1, side.age - one.by));
    } else this.exchange();
  }

  /** The oldest that was said to that side arrives. */
  deliver(which: 0 | 1): void {
    const hello = (this.sides[1 - which] as Side).said.shift();
    if (hello === undefined) return;
    this.history[which].push(hello);
    this.sides[which].hear(hello, this.now);
  }

  /** Frames go each way, and are confirmed: behind what was said before. */
  exchange(): void {
    if (!this.isAgreed || this.sides.some(({ said }) => said.length > 0)) return;
    for (const side of this.sides) side.exchange();
  }

  get isAgreed(): boolean {
    const [left, right] = this.sides;
    const [one, other] = left.halves;
    return left.agreed && right.agreed && right.halves[0] === other && right.halves[1] === one;
  }

  /** From now on everything arrives, in order, and whoever has not agreed repeats itself. */
  calm(): number {
    for (let round = 0; round < 40; round++) {
      for (let turn = 0; turn < 60 && this.sides.some(({ said }) => said.length > 0); turn++)
        for (const at of [0, 1] as const) this.deliver(at);
      if (this.isAgreed && this.sides.every(({ said }) => said.length === 0)) return round;
      this.now += 100 * 2 ** Math.min(round, 6);
      for (const side of this.sides) side.repeat(this.now);
    }
    return Infinity;
  }
}

test('whatever is lost, late, doubled or echoed, whoever is restarted or put back, two sides agree once the line carries', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const world = new World();
      for (const one of steps) world.play(one);
      // Where a side was put back while its line stays, the other only finds out by what it is told.
      for (const side of world.sides) side.begin();
      expect(world.calm()).toBeLessThan(12);
      const [left, right] = world.sides;
      expect(left.halves).toEqual([right.halves[1], right.halves[0]]);
      // They mean the same place in it.
      expect(left.progress.got).toBeLessThanOrEqual(right.progress.sent);
      expect(right.progress.got).toBeLessThanOrEqual(left.progress.sent);
    }),
    runs(3000),
  );
});

test('with lines that only lose and keep their order, a session that both have agreed on is resumed and never ended', () => {
  const gentle = fc.oneof(
    { weight: 12, arbitrary: happens('deliver') },
    { weight: 3, arbitrary: happens('lose') },
    { weight: 1, arbitrary: happens('echo') },
    { weight: 4, arbitrary: happens('repeat') },
    { weight: 2, arbitrary: happens('line') },
    { weight: 4, arbitrary: happens('exchange') },
  );
  fc.assert(
    fc.property(fc.array(gentle, { maxLength: 80 }), (steps) => {
      const world = new World();
      world.calm();
      for (const one of steps) world.play(one);
      expect(world.calm()).toBeLessThan(12);
      for (const side of world.sides) expect(side.events.filter((event) => event !== 'resumed')).toEqual(['agreed']);
    }),
    runs(2000),
  );
});

test('a process that is new is never taken for the one before it', () => {
  const world = new World();
  world.calm();
  world.exchange();
  const [left] = world.sides;
  world.play({ do: 'restart', to: 1 });
  expect(world.calm()).toBe(0);
  expect(left.events).toEqual(['agreed', 'over', 'agreed']);
  expect(world.sides[1].events).toEqual(['agreed']);
});

test('a side that is put back to before what the other has seen of it is recognised, a side that lost nothing by it goes on', () => {
  const world = new World();
  world.calm();
  const early = world.sides[1].age;
  world.exchange();
  world.sides[1].putBack(early);
  world.sides[1].begin();
  expect(world.calm()).toBeLessThan(3);
  expect(world.sides[0].events).toEqual(['agreed', 'over', 'agreed']);
  const now = world.sides[1].age;
  world.sides[1].putBack(now);
  world.sides[1].begin();
  world.calm();
  expect(world.sides[0].events).toEqual(['agreed', 'over', 'agreed', 'resumed']);
});

test('what comes back to its sender is an echo, also what it said on an earlier line', () => {
  const side = new Side('a'.repeat(8));
  side.begin();
  const [hello] = side.said as [Hello];
  expect(side.hear(hello, 0)?.verdict).toBe('echo');
  side.begin();
  expect(side.hear(hello, 0)?.verdict).toBe('echo');
});
