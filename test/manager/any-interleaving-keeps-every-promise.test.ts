import fc from 'fast-check';
import { expect, test } from 'vitest';
import { actions, Model, type Step } from './model.ts';
import { runs } from '../property.ts';

/** Mostly work, sometimes an end of everything. */
const weights: Readonly<Record<(typeof actions)[number], number>> = {
  'add server': 8,
  'add client': 8,
  'execute done': 6,
  'send done': 10,
  'piece done': 5,
  read: 5,
  cancel: 3,
  abort: 2,
  park: 5,
  unpark: 5,
  'line lost': 1,
  gate: 1,
  credit: 3,
  time: 2,
  stop: 1,
  kill: 1,
};

const steps = (inside: fc.Arbitrary<boolean>): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      does: fc.oneof(...actions.map((does) => ({ weight: weights[does], arbitrary: fc.constant(does) }))),
      a: fc.nat(1000),
      b: fc.nat(1000),
      inside,
    }),
    { minLength: 20, maxLength: 110, size: 'max' },
  );

function runAll(all: Step[], credits: boolean): void {
  let seed = all.length;
  const model = new Model(() => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647, { credits });
  for (const step of all) model.run(step);
  model.finish();
}

test('whatever is completed, given up, lost and stopped in whatever order, the model and the manager agree, and nothing is left', () => {
  // A failure prints the seed and the steps; `fc.assert(…, { seed, path })` runs them again.
  fc.assert(fc.property(steps(fc.constant(false)), fc.boolean(), runAll), runs(1500));
});

test('and so they do when any of it happens inside operations', () => {
  fc.assert(fc.property(steps(fc.boolean()), fc.boolean(), runAll), runs(1000));
});

test('the model can tell a broken manager from a sound one', () => {
  const model = new Model(() => 0);
  model.run({ does: 'add server', a: 1, b: 0, inside: false });
  // A permit that comes back behind the model's back.
  model.manager.send({ type: 'execute_done', job: { seq: 1 } as never, permit: 1, completion: { ok: true } });
  expect(() => model.check()).toThrow('execute slots');
});
