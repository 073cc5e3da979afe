import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { createPeer, type Peer } from '../../actors/index.ts';
import { actorWatch } from '../support/actors.ts';
import { deferred, settled, type Loose } from '../support/peers.ts';
import { seeded } from '../support/relay.ts';
import type { ProtocolName } from '../../transport/index.ts';
import { virtualLine } from '../support/virtual-line.ts';
import { runs } from '../property.ts';

type Step =
  | { do: 'call'; side: 0 | 1; method: 'echo' | 'fail' | 'held' | 'nested' | 'missing'; urgency: 0 | 1 | 2; timeoutMs: number | undefined }
  | { do: 'cancel'; which: number }
  | { do: 'release'; which: number }
  | { do: 'cut' }
  | { do: 'wait'; ms: number }
  | { do: 'turn' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      side: fc.constantFrom(0 as const, 1 as const),
      method: fc.constantFrom('echo' as const, 'fail' as const, 'held' as const, 'nested' as const, 'missing' as const),
      urgency: fc.constantFrom(0 as const, 1 as const, 2 as const),
      timeoutMs: fc.constantFrom(undefined, undefined, 1, 50, 400),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), which: fc.nat(60) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), which: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'cut' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 20, 500) }) },
  { weight: 4, arbitrary: fc.constant({ do: 'turn' as const }) },
);

/** Two peers that are given a script, and everything that they come to. */
async function play(protocol: ProtocolName, steps: readonly Step[], reliable = false): Promise<void> {
  const clock = new SimulatedClock();
  const line = virtualLine(256);
  const held: { promise: Promise<void>; resolve: () => void }[] = [];
  const methods = {
    echo: (params: unknown) => params,
    fail: () => Promise.reject(new Error('as asked')),
    held: async () => {
      const wait = deferred();
      held.push(wait);
      await wait.promise;
      return {};
    },
    nested: async (params: { depth: number }, context: { call: (method: string, params: unknown) => Promise<unknown> }) =>
      params.depth <= 0 ? {} : context.call('nested', { depth: params.depth - 1 }),
  };
  const common = {
    protocol,
    clock,
    methods,
    timeoutMs: 100_000,
    retries: true,
    executeSlots: 2,
    maxServerJobs: 12,
    ...(protocol === 'virtagent-2' ? { reliable, keepMs: 400 } : undefined),
  } as const;
  const watches = [actorWatch(), actorWatch()] as const;
  const sides: [Peer<Loose>, Peer<Loose>] = [
    createPeer<Loose>({ ...common, channel: line.left, inspect: watches[0].inspect, random: seeded(1) }),
    createPeer<Loose>({ ...common, channel: line.right, inspect: watches[1].inspect, random: seeded(2) }),
  ];
  const cancels: AbortController[] = [];
  const outcomes: string[] = [];
  let made = 0;
  for (const one of steps) {
    if (one.do === 'call') {
      const cancel = new AbortController();
      cancels.push(cancel);
      made++;
      const { timeoutMs, urgency } = one;
      sides[one.side].call(one.method, { depth: 3 }, { signal: cancel.signal, timeoutMs, urgency }).then(
        () => outcomes.push('value'),
        (error: { code: string; known?: string }) => outcomes.push(`${error.code} ${error.known}`),
      );
    } else if (one.do === 'cancel') cancels[one.which % Math.max(1, cancels.length)]?.abort();
    else if (one.do === 'release') held[one.which % Math.max(1, held.length)]?.resolve();
    else if (one.do === 'cut') line.cut();
    else if (one.do === 'wait') clock.increment(one.ms);
    else await settled(1);
    for (const side of sides) {
      expect(side.slots.send.taken).toBeLessThanOrEqual(1);
      expect(side.slots.execute.taken).toBeLessThanOrEqual(2);
    }
  }
  // The line comes back, everything that is held is let go, and deadlines pass: then nothing may be left.
  for (let round = 0; round < 40 && (outcomes.length < made || sides.some((side) => side.manager.jobs > 0)); round++) {
    for (const wait of held) wait.resolve();
    await settled(2);
    clock.increment(20_000);
    await settled(2);
  }
  expect(outcomes).toHaveLength(made);
  expect(outcomes.filter((outcome) => outcome.endsWith('undefined'))).toEqual([]);
  for (const wait of held) wait.resolve();
  await settled(2);
  for (const side of sides) {
    expect(side.slots).toMatchObject({
      send: { taken: 0, waiting: 0 },
      execute: { taken: 0, parked: 0, waiting: 0 },
      server: { count: 0, bytes: 0 },
      client: { count: 0, bytes: 0 },
    });
    expect(side.manager.jobs).toBe(0);
    side.close();
    expect(side.manager.timers.size).toBe(0);
  }
  for (const watch of watches) expect(watch.active()).toEqual([]);
}

test.each([
  ['jsonrpc-lines', false],
  ['jsonrpc-headers', false],
  ['virtagent-v7', false],
  ['virtagent-2', false],
  ['virtagent-2', true],
] as const)(
  'whatever two peers do and whenever the line is cut, every call ends once and nothing is left (%s, reliable: %s)',
  async (protocol, reliable) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => play(protocol, steps, reliable)),
      runs(60),
    );
  },
);
