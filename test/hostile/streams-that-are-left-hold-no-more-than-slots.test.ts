import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { sessionLimits } from '../../transport/limits.ts';
import { durations } from '../../transport/timers.ts';
import { pairOfPeers, settled } from '../support/peers.ts';

function deaf() {
  const made = { begun: 0 };
  const methods = {
    async *deaf() {
      made.begun++;
      yield 'begun';
      await new Promise(() => {});
    },
  };
  return { made, methods };
}

test('who begins and leaves streams of handlers that never return has as many of them run as there are slots', async () => {
  const { methods, made } = deaf();
  const clock = new SimulatedClock();
  const { host, guest } = await pairOfPeers({ clock }, { methods, executeSlots: 3, clock });
  for (let round = 0; round < 50; round++) {
    const streams = Array.from({ length: 40 }, () => host.stream('deaf'));
    for (const stream of streams) void stream.next().catch(() => {});
    await settled();
    for (const stream of streams) stream.cancel();
  }
  await settled(20);
  expect(made.begun).toBe(3);
  expect(guest.slots).toMatchObject({ execute: { taken: 3, parked: 0, waiting: 0 }, server: { count: 3 } });
});

test('who waits until they are parked before he leaves them has one set of them run, and no more', async () => {
  const { methods, made } = deaf();
  const clock = new SimulatedClock();
  const { host, guest } = await pairOfPeers({ clock }, { methods, executeSlots: 3, clock });
  for (let round = 0; round < 10; round++) {
    const streams = Array.from({ length: sessionLimits.streams }, () => host.stream('deaf'));
    for (const stream of streams) void stream.next().catch(() => {});
    for (let turn = 0; turn < 60; turn++) {
      await settled(2);
      clock.increment(durations.sourceWait);
    }
    for (const stream of streams) stream.cancel();
    await settled();
  }
  expect(made.begun).toBe(sessionLimits.streams);
  expect(guest.slots.execute).toMatchObject({ taken: 3, parked: sessionLimits.streams - 3 });
});
