import { expect, test } from 'vitest';
import { createActor, setup, SimulatedClock } from 'xstate';
import { peer, peerOf, type PeerOptions } from '../../actors/index.ts';
import { memoryPair } from '../../transport/index.ts';
import { actorWatch } from '../support/actors.ts';
import { everyProtocol, opened, settled, type Loose } from '../support/peers.ts';

const app = setup({ types: {} as { input: PeerOptions; context: PeerOptions }, actors: { peer } }).createMachine({
  context: ({ input }) => input,
  initial: 'on',
  states: {
    on: { invoke: { src: 'peer', id: 'agent', input: ({ context }) => context }, on: { LEAVE: 'off' } },
    off: {},
  },
});

test.each(everyProtocol)('leaving the state that invoked the peer settles 100 calls in flight ($protocol)', async ({ protocol }) => {
  const [here, there] = memoryPair();
  const clock = new SimulatedClock();
  const actors = actorWatch();
  const handlers: AbortSignal[] = [];
  const never = (_: unknown, { signal }: { signal: AbortSignal }): Promise<never> => {
    handlers.push(signal);
    return new Promise(() => {});
  };
  const other = opened({ stream: there, protocol, methods: { never }, executeSlots: 200, window: 200 });
  const parent = createActor(app, {
    input: { stream: here, protocol, clock, window: 200, methods: { never }, executeSlots: 50 },
    inspect: actors.inspect,
  });
  parent.start();
  const agent = peerOf<Loose>(parent.getSnapshot().children.agent);
  await agent.ready();
  const calls = Array.from({ length: 100 }, (_, i) =>
    agent.call('never', { i }).then(
      () => 'value',
      (error: { code: string; known: string }) => `${error.code} ${error.known}`,
    ),
  );
  const otherCalls = Array.from({ length: 40 }, () => other.call('never', {}).catch((error: { code: string }) => error.code));
  await settled();
  expect(agent.manager.jobs).toBe(140);
  expect(handlers).toHaveLength(140);
  expect(handlers.some((signal) => signal.aborted)).toBe(false);

  parent.send({ type: 'LEAVE' });

  expect(parent.getSnapshot().value).toBe('off');
  expect(new Set(await Promise.all(calls))).toEqual(new Set(['STOPPED perhaps-executed']));
  expect(new Set(await Promise.all(otherCalls))).toEqual(new Set(['LINE_LOST']));
  expect(here.destroyed).toBe(true);
  expect(handlers.every((signal) => signal.aborted)).toBe(true);
  expect(agent.manager.jobs).toBe(0);
  expect(agent.manager.timers.size).toBe(0);
  expect(timersOf(clock)).toBe(0);
  expect(actors.all.length).toBeGreaterThan(140);
  expect(actors.active()).toEqual([parent.id]);
  await expect(agent.call('never')).rejects.toMatchObject({ code: 'STOPPED', known: 'not-sent' });
});

test('an app that is stopped as a whole ends them too', async () => {
  const [here, there] = memoryPair();
  opened({ stream: there, methods: { never: () => new Promise(() => {}) } });
  const parent = createActor(app, { input: { stream: here } }).start();
  const agent = peerOf<Loose>(parent.getSnapshot().children.agent);
  await agent.ready();
  const call = agent.call('never');
  await settled();
  parent.stop();
  await expect(call).rejects.toMatchObject({ code: 'STOPPED', known: 'perhaps-executed' });
  expect(here.destroyed).toBe(true);
});

/** How many timers a SimulatedClock still holds. */
function timersOf(clock: SimulatedClock): number {
  return (clock as unknown as { timeouts: Map<number, unknown> }).timeouts.size;
}
