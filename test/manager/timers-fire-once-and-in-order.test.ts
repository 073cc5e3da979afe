import fc from 'fast-check';
import { SimulatedClock } from 'xstate';
import { expect, test } from 'vitest';
import { realClock, Timers, type Clock, type Timer } from '../../transport/timers.ts';
import { runs } from '../property.ts';

/** A clock that takes no delay beyond a host's longest, and counts what it has armed. */
class HostClock implements Clock {
  readonly clock = new SimulatedClock();
  readonly delays: number[] = [];

  now(): number {
    return this.clock.now();
  }

  setTimeout(fn: () => void, ms: number): unknown {
    if (!(ms >= 0 && ms <= 0x7fff_ffff && Number.isInteger(ms))) throw new Error(`a host timer can't take ${ms}`);
    this.delays.push(ms);
    return this.clock.setTimeout(fn, ms);
  }

  clearTimeout(handle: unknown): void {
    this.clock.clearTimeout(handle as number);
  }

  get armed(): number {
    return (this.clock as unknown as { timeouts: Map<number, unknown> }).timeouts.size;
  }

  /** Lets time pass; what is armed for now, by what has just fired, fires as well. */
  pass(ms: number): void {
    this.clock.increment(ms);
    for (let i = 0; i < 20; i++) this.clock.increment(0);
  }
}

const step = fc.record({
  does: fc.constantFrom('start', 'start', 'start', 'cancel', 'pass', 'cancel inside', 'start inside', 'clear'),
  ms: fc.oneof(
    fc.nat(50),
    fc.nat(5),
    fc.constant(0),
    fc.constant(-3),
    fc.constant(Infinity),
    fc.constant(Number.NaN),
    fc.constant(3 * 2 ** 31),
  ),
  pick: fc.nat(),
});

test('whatever is started and cancelled, also while they fire, each fires once, when it is due, in order', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
      const clock = new HostClock();
      const timers = new Timers(clock);
      /** By number: when it is due, and its timer while it may still fire. */
      const running = new Map<number, { at: number; timer: Timer }>();
      let fired: number[] = [];
      let numbers = 0;
      const start = (ms: number, then: () => void = () => {}): void => {
        const number = ++numbers;
        const timer = timers.start(ms, () => {
          fired.push(number);
          const due = running.get(number);
          expect(due, 'one that was cancelled, or has fired').toBeDefined();
          expect(clock.now()).toBeGreaterThanOrEqual(due?.at ?? Infinity);
          running.delete(number);
          then();
        });
        const at = clock.now() + (ms > 0 ? ms : 0);
        if (at !== Infinity) running.set(number, { at, timer });
      };
      const cancelOne = (pick: number): void => {
        const number = [...running.keys()][pick % Math.max(1, running.size)];
        if (number === undefined) return;
        timers.cancel(running.get(number)?.timer);
        timers.cancel(running.get(number)?.timer);
        running.delete(number);
      };
      for (const { does, ms, pick } of steps) {
        const before = numbers;
        if (does === 'start') start(ms);
        else if (does === 'cancel') cancelOne(pick);
        else if (does === 'cancel inside') start(ms, () => cancelOne(pick));
        else if (does === 'start inside') start(ms, () => start(pick % 3));
        else if (does === 'clear' && pick % 10 === 0) {
          timers.clear();
          running.clear();
        } else if (does === 'pass') {
          const due = [...running].filter(([, { at }]) => at <= clock.now() + (pick % 40));
          fired = [];
          clock.pass(pick % 40);
          expect(
            [...running].filter(([, { at }]) => at <= clock.now()),
            'what is due',
          ).toEqual([]);
          // Those that were there before fire by date, then by when they were started.
          const order = due.toSorted(([a, { at: x }], [b, { at: y }]) => x - y || a - b).map(([number]) => number);
          const first = fired.filter((number) => order.includes(number));
          expect(first).toEqual(order.filter((number) => first.includes(number)));
        }
        expect(numbers).toBeGreaterThanOrEqual(before);
        expect(timers.size).toBe(running.size);
        expect(clock.armed).toBe(running.size === 0 ? 0 : 1);
      }
    }),
    runs(400),
  );
});

test('one that is further off than a host timer reaches is armed again on the way', () => {
  const clock = new HostClock();
  const timers = new Timers(clock);
  let fired = 0;
  const year = 365 * 24 * 3600 * 1000;
  timers.start(year, () => fired++);
  for (let passed = 0; passed < year - 1;) {
    const next = Math.min(0x7fff_ffff, year - 1 - passed);
    clock.pass(next);
    passed += next;
    expect(fired).toBe(0);
  }
  clock.pass(1);
  expect([fired, timers.size, clock.armed]).toEqual([1, 0, 0]);
  expect(clock.delays.length).toBeLessThan(20);
});

test('an earlier one is not kept waiting by one that was started before it', () => {
  const clock = new HostClock();
  const timers = new Timers(clock);
  const order: string[] = [];
  timers.start(100, () => order.push('late'));
  timers.start(10, () => order.push('early'));
  clock.pass(10);
  expect(order).toEqual(['early']);
  clock.pass(90);
  expect(order).toEqual(['early', 'late']);
});

test('those that are due together may cancel each other: what was cancelled does not fire', () => {
  const clock = new HostClock();
  const timers = new Timers(clock);
  const fired: string[] = [];
  let second: Timer | undefined;
  timers.start(5, () => {
    fired.push('first');
    timers.cancel(second);
  });
  second = timers.start(5, () => fired.push('second'));
  timers.start(5, () => {
    fired.push('third');
    timers.clear();
  });
  timers.start(5, () => fired.push('fourth'));
  clock.pass(5);
  expect([fired, timers.size, clock.armed]).toEqual([['first', 'third'], 0, 0]);
});

test('one that starts another for now inside itself lets the host have its turn in between', () => {
  const clock = new HostClock();
  const timers = new Timers(clock);
  let fired = 0;
  const again = (): void => {
    fired++;
    timers.start(0, again);
  };
  timers.start(0, again);
  clock.clock.increment(0);
  expect(fired).toBe(1);
  clock.clock.increment(0);
  expect(fired).toBe(2);
});

test('one that throws does not keep the others from firing; what it threw is thrown after them', () => {
  const clock = new HostClock();
  const timers = new Timers(clock);
  let fired = 0;
  timers.start(1, () => {
    throw new Error('mine');
  });
  timers.start(1, () => fired++);
  timers.start(2, () => fired++);
  expect(() => clock.clock.increment(1)).toThrow('mine');
  expect([fired, timers.size]).toEqual([1, 1]);
});

test('Infinity is never, and no timer; what makes no sense is at once', () => {
  const clock = new HostClock();
  const timers = new Timers(clock);
  const fired: number[] = [];
  timers.cancel(timers.start(Infinity, () => fired.push(Infinity)));
  expect([timers.size, clock.armed]).toEqual([0, 0]);
  timers.start(Number.NaN, () => fired.push(0));
  timers.start(-5, () => fired.push(-5));
  clock.pass(0);
  expect(fired).toEqual([0, -5]);
});

test('on the machine’s own clock it fires, and fractions are no trouble', async () => {
  const timers = new Timers();
  expect(timers.clock).toBe(realClock);
  const began = realClock.now();
  await new Promise<void>((resolve) => timers.start(2.5, resolve));
  expect(realClock.now() - began).toBeGreaterThanOrEqual(2.5);
  expect(timers.size).toBe(0);
});
