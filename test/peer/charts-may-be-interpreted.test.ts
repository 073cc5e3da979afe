import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { createPeer, type HandlerContext } from '../../actors/index.ts';
import { memoryPair } from '../../transport/index.ts';
import { everyProtocol, pairOfPeers, rejection, type Loose } from '../support/peers.ts';

test.each(everyProtocol)('a peer whose charts are interpreted does what others do ($protocol)', async ({ protocol }) => {
  const states = async (interpretCharts: boolean): Promise<unknown[]> => {
    // What is drawn, and the time, have a length on the line.
    let drawn = 0;
    const own = { protocol, clock: new SimulatedClock(), random: () => (drawn = (drawn + 0.377) % 1) };
    const methods = {
      twice: async (_: unknown, { call }: HandlerContext<Loose>) => ({ a: await call('n'), b: await call('n') }),
      n: () => ({ n: 21 }),
    };
    const { host, guest } = await pairOfPeers({ ...own, interpretCharts, methods }, { ...own, interpretCharts, methods });
    const seen: unknown[] = [];
    for (const peer of [host, guest]) peer.jobs$.subscribe(({ kind, state }) => seen.push([peer === host, kind, state]));
    seen.push(await host.call('twice'), await rejection(host.call('missing')), guest.slots, host.counters);
    return seen;
  };
  const [onTables, interpreted] = [await states(false), await states(true)];
  expect(onTables.length).toBeGreaterThan(20);
  expect(JSON.stringify(interpreted)).toBe(JSON.stringify(onTables));
});

test('anything but true or false is refused', () => {
  const [stream] = memoryPair();
  expect(() => createPeer({ stream, interpretCharts: 'no' as never })).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION' }) as Error,
  );
});
