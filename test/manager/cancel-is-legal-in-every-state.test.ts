import { expect, test } from 'vitest';
import { nothingLeft, World } from './world.ts';

interface Case {
  /** Brings job `a` to the state. */
  readonly reach: (world: World) => void;
  readonly outcome: string;
  /** The slots that are still taken after it: `send/execute/parked`. */
  readonly holds: string;
  /** Whether its handler, or the peer, is told. */
  readonly told: boolean;
  /** What is still to be completed for the slots to come back. */
  readonly owes?: (world: World) => void;
}

const cases: Readonly<Record<string, Case>> = {
  'a server job that is new': {
    reach: (world) => {
      for (const tag of ['1', '2', '3', '4']) world.server(tag);
      world.server('a');
    },
    outcome: 'cancelled/refused',
    holds: '0/4/0',
    told: false,
    owes: (world) => ['1', '2', '3', '4'].forEach((tag) => world.job(tag).cancel()),
  },
  'a server job that executes': {
    reach: (world) => world.server('a'),
    outcome: 'cancelled/perhaps-executed',
    holds: '0/1/0',
    told: true,
    owes: (world) => world.executed('a'),
  },
  'a server job that is parked': {
    reach: (world) => {
      world.server('a');
      world.execution('a').park();
    },
    outcome: 'cancelled/perhaps-executed',
    // Its handler was woken by the abort, so it runs and holds a slot again.
    holds: '0/1/0',
    told: true,
    owes: (world) => world.executed('a'),
  },
  'a server job that is parked with its answer here': {
    reach: (world) => {
      for (const tag of ['a', '1', '2', '3', '4']) {
        world.server(tag);
        if (tag === 'a') world.execution('a').park();
      }
      world.execution('a').unpark();
    },
    outcome: 'cancelled/perhaps-executed',
    holds: '0/4/1',
    told: true,
    owes: (world) => ['a', '1', '2', '3', '4'].forEach((tag) => (world.executed(tag), tag === 'a' || world.job(tag).cancel())),
  },
  'a server job that is executed': {
    reach: (world) => {
      world.client('1');
      world.server('a');
      world.executed('a');
    },
    outcome: 'cancelled/executed',
    holds: '1/0/0',
    told: false,
    owes: (world) => (world.sent('1'), world.read('1')),
  },
  'a server job that is being sent': {
    reach: (world) => {
      world.server('a');
      world.executed('a');
    },
    outcome: 'cancelled/executed',
    holds: '1/0/0',
    told: false,
    owes: (world) => world.sent('a'),
  },
  'a client job that is new': {
    reach: (world) => {
      world.client('1');
      world.client('a');
    },
    outcome: 'cancelled/not-sent',
    holds: '1/0/0',
    told: false,
    owes: (world) => (world.sent('1'), world.read('1')),
  },
  'a client job that is being sent': {
    reach: (world) => world.client('a'),
    outcome: 'cancelled/perhaps-executed',
    holds: '1/0/0',
    told: true,
    owes: (world) => world.sent('a'),
  },
  'a client job that is being sent and answered already': {
    reach: (world) => {
      world.client('a');
      world.read('a');
    },
    outcome: 'cancelled/executed',
    holds: '1/0/0',
    told: true,
    owes: (world) => world.sent('a'),
  },
  'a client job that is sent': {
    reach: (world) => {
      world.client('a');
      world.sent('a');
    },
    outcome: 'cancelled/perhaps-executed',
    holds: '0/0/0',
    told: true,
  },
};

test.each(Object.keys(cases))('%s: one callback, at once, and each slot comes back once', (name) => {
  const { reach, outcome, holds, told, owes } = cases[name] as Case;
  const world = new World();
  reach(world);
  world.news();
  world.job('a').cancel('why');
  expect(world.news()).toEqual(told ? ['abort a', 'callback a'] : ['callback a']);
  expect([world.outcome('a'), world.taken]).toEqual([outcome, holds]);
  world.job('a').cancel('again');
  owes?.(world);
  for (const tag of ['1', '2', '3', '4']) {
    if (name.includes('server')) tryTo(() => world.executed(tag));
    tryTo(() => world.sent(tag));
  }
  expect(world.left).toEqual(nothingLeft);
});

const operations = ['execute', 'send', 'abort', 'callback'] as const;
test.each(operations)('inside the %s of the job itself', (operation) => {
  const world = new World();
  world.inside(`${operation} a`, () => world.job('a').cancel());
  // Its own handle is not there yet inside the first operation of an add: it is added from within another.
  world.inside('callback first', () => {
    world.server('a');
  });
  world.client('first');
  world.job('first').cancel();
  world.sent('first');
  if (operation === 'abort') world.job('a').cancel();
  tryTo(() => world.executed('a'));
  tryTo(() => world.sent('a'));
  expect(world.outcome('a')).toMatch(/^(cancelled|value)\//);
  expect(world.log.filter((line) => line === 'callback a')).toHaveLength(1);
  expect(world.log.at(-1)).toBe('callback a');
  expect(world.left).toEqual(nothingLeft);
});

test.each(operations)('inside the %s of another job', (operation) => {
  const world = new World();
  world.server('b');
  world.server('b2');
  world.client('c');
  world.client('c2');
  world.inside(`${operation} a`, () => ['b', 'b2', 'c', 'c2'].forEach((tag) => world.job(tag).cancel()));
  world.server('a');
  world.executed('a');
  world.sent('c');
  tryTo(() => world.sent('a'));
  if (operation === 'abort') {
    world.server('again');
    world.inside('abort again', () => ['b', 'b2', 'c', 'c2'].forEach((tag) => world.job(tag).cancel()));
    world.job('again').cancel();
    world.executed('again');
  }
  for (const tag of ['b', 'b2']) world.executed(tag);
  for (const tag of ['c2', 'a']) tryTo(() => world.sent(tag));
  expect(['b', 'b2', 'c', 'c2'].map((tag) => world.outcome(tag).split('/')[0])).toEqual(Array(4).fill('cancelled'));
  expect(world.left).toEqual(nothingLeft);
});

test('a running handler hears of it by its signal, with the reason', () => {
  const world = new World();
  world.server('a');
  const { signal } = world.execution('a');
  expect(signal.aborted).toBe(false);
  world.job('a').cancel('enough');
  expect(signal.aborted).toBe(true);
  expect(signal.reason).toMatchObject({ code: 'CANCELLED', cause: 'enough' });
});

test('a handler that asks for its signal only after the cancel finds it aborted', () => {
  const world = new World();
  world.server('a');
  world.job('a').cancel();
  expect(world.execution('a').signal.aborted).toBe(true);
});

function tryTo(act: () => unknown): void {
  try {
    act();
  } catch {
    // There is no such job in this case.
  }
}
