import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import { clientJob } from '../../machines/client-job.ts';
import { managerMachine } from '../../machines/manager.ts';
import { serverJob } from '../../machines/server-job.ts';
import { Coverage } from '../machines/coverage.ts';
import { actions, Model } from './model.ts';
import { World } from './world.ts';

const coverage = new Coverage();
const world = (options: object = {}): World => {
  const one = new World(options);
  watched(one);
  return one;
};
const watched = (one: World): void => void (one.manager.ref.system as unknown as { inspect(see: unknown): void }).inspect(coverage.see);

/** Does something in the middle of the manager's next transition. */
function amid(one: World, act: () => void): void {
  const watching = one.manager.ref.subscribe(() => {
    watching.unsubscribe();
    act();
  });
}

/** The first piece of `a` is on the line, and nothing else may be. */
function halfSent(one: World): void {
  one.manager.gate('none');
  one.sent('a', { ok: true, more: true });
}

/** What random runs don't come to. Each is run with an open manager, and with one that is being stopped. */
const scenarios: Readonly<Record<string, (one: World) => void>> = {
  'one nested answer is here, another is out': (one) => {
    one.execution('s').park();
    one.execution('s').park();
    one.execution('s').unpark();
  },
  'a handler is given up while it is about to give its slot back': (one) => {
    one.execution('s').park();
    one.execution('s').park();
    amid(one, () => amid(one, () => one.job('s').abort()));
    one.execution('s').unpark();
  },
  'a nested answer comes together with the end of its handler': (one) => {
    one.execution('s').park();
    amid(one, () => {
      one.execution('s').unpark();
      one.executed('s');
    });
    one.manager.gate('all');
  },
  'a busy peer': (one) => {
    one.read('c', { ok: false, error: 'busy' }, true);
    one.step(5000);
  },
  'a job asks for what it has': (one) => one.manager.send({ type: 'want', job: one.job('c').ref, grant: 'send' }),
  'a pause': (one) => one.manager.pause(true),
  'other terms': (one) => one.manager.terms({ window: 5, credits: false }),
  'a stop while it stops': (one) => void one.manager.stop(),
  'a kill': (one) => one.manager.kill(),
};

test('random runs and a few more take every transition of the manager’s chart, by the Manager’s own methods', () => {
  const step = fc.record({ does: fc.constantFrom(...actions), a: fc.nat(1000), b: fc.nat(1000), inside: fc.boolean() });
  for (const steps of fc.sample(fc.array(step, { minLength: 40, maxLength: 100, size: 'max' }), { seed: 1, numRuns: 250 })) {
    const model = new Model(() => 0.5, { inspect: coverage.see });
    for (const one of steps) model.run(one);
    model.finish();
  }
  for (const run of Object.values(scenarios)) {
    for (const stopping of [false, true]) {
      const one = world();
      one.server('s');
      one.client('c');
      if (stopping) void one.manager.stop();
      run(one);
      one.manager.kill();
    }
  }
  const full = world({ maxServerJobs: 1 });
  full.server('a');
  expect(full.refused('server', 'b')).toBe('BUSY');
  expect(coverage.missing(managerMachine as unknown as AnyStateMachine)).toEqual([]);
});

test('and of the jobs’ charts all but violations, which the manager keeps from them, and repeats in the callback', () => {
  const queued = world({ executeSlots: 1 });
  queued.server('parked');
  queued.execution('parked').park();
  queued.execution('parked').park();
  for (const tag of ['runs', 'late', 'given up']) queued.server(tag, { timeoutMs: tag === 'late' ? 10 : 100 });
  queued.execution('parked').unpark();
  queued.execution('parked').unpark();
  queued.job('given up').abort();
  queued.step(10);
  queued.executed('runs');
  queued.step(100);
  queued.manager.kill();
  const ends = [(one: World) => one.job('a').cancel(), (one: World) => one.step(10), (one: World) => one.manager.lineLost()];
  const reach = [
    ['all', () => {}],
    ['all', (one: World) => one.sent('a')],
    ['all', halfSent],
    ['all', (one: World) => one.read('a')],
    ['none', () => {}],
  ] as const;
  for (const end of ends) {
    for (const [gate, to] of reach) {
      const one = world();
      one.manager.gate(gate);
      one.client('a', { timeoutMs: 10 });
      to(one);
      end(one);
      one.manager.kill();
    }
  }
  // A handler that was given up runs on: what it does is nobody's while its answer waits, and between two pieces of that.
  const runsOn = [
    (one: World) => one.executed('a'),
    (one: World) => one.execution('a').park(),
    (one: World) => one.execution('a').unpark(),
    (one: World) => one.job('a').abort(),
  ];
  for (const then of [...ends, ...runsOn]) {
    for (const [gate, to] of [
      ['none', () => {}],
      ['all', halfSent],
    ] as const) {
      const one = world();
      one.manager.gate(gate);
      one.server('a', { timeoutMs: 10 });
      one.job('a').abort();
      to(one);
      then(one);
      one.manager.kill();
    }
  }
  const full = world({ executeSlots: 1 });
  full.server('parked', { timeoutMs: 10 });
  full.execution('parked').park();
  full.server('runs');
  full.server('queued', { answers: false });
  full.job('queued').abort();
  full.step(10);
  full.manager.kill();
  for (const [name, chart] of [
    ['server', serverJob],
    ['client', clientJob],
  ] as const) {
    // Inside its callback, where everything is only late.
    const one = world();
    one.add(name, 'a');
    if (name === 'server') one.executed('a');
    one.inside('callback a', () => {
      one.job('a').cancel();
      one.job('a').abort();
      one.read('a');
    });
    one.sent('a');
    if (name === 'client') one.read('a');
    const missing = coverage
      .missing(chart as unknown as AnyStateMachine)
      .filter((transition) => !isViolation(chart as unknown as AnyStateMachine, transition));
    expect(missing.filter((transition) => !transition.startsWith(`${name}.busy.callback on `))).toEqual([]);
  }
});

function isViolation(chart: AnyStateMachine, name: string): boolean {
  const [, id, type, at] = /^(\S+) on (\S+) #(\d+)$/.exec(name) as unknown as [string, string, string, string];
  const transition = chart.getStateNodeById(id).transitions.get(type)?.[Number(at)];
  return transition?.actions.some((action) => (action as { type?: string }).type === 'report') ?? false;
}
