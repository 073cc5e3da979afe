import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { VirtagentError, type Peer } from '../../actors/index.ts';
import { memoryPair, type Channel } from '../../transport/index.ts';
import { everyProtocol, opened, rejection, settled, type Loose } from '../support/peers.ts';
import { farEnd, timeless } from './support.ts';

const never = (): Promise<never> => new Promise(() => {});
const channel = (open: Channel['open'], reopens = true): Channel => ({ name: 'test', reopens, open, close: async () => {} });

/** A peer in each state in which it can be ended. */
const states: Record<string, (clock: SimulatedClock) => Promise<Peer<Loose>>> = {
  connecting: async (clock) => opened<Loose>({ clock, channel: channel(never) }),
  greeting: async (clock) => {
    const peer = opened<Loose>({ clock, stream: memoryPair()[0], protocol: 'virtagent-v7', role: 'host' });
    await settled();
    return peer;
  },
  up: async (clock) => {
    const peer = opened<Loose>({ clock, stream: memoryPair()[0], protocol: 'jsonrpc-lines' });
    await peer.ready();
    return peer;
  },
  waiting: async (clock) => {
    const peer = opened<Loose>({
      clock,
      retries: true,
      channel: channel(() => Promise.reject(new VirtagentError('CHANNEL_REFUSED', 'no'))),
    });
    await settled();
    return peer;
  },
  ended: async (clock) => {
    const peer = opened<Loose>({ clock, channel: channel(() => Promise.reject(new VirtagentError('CHANNEL_REFUSED', 'no')), false) });
    await settled();
    return peer;
  },
};
const twice: Record<string, (peer: Peer<Loose>) => Promise<unknown>> = {
  'stop, stop': (peer) => Promise.all([peer.stop(), peer.stop()]),
  'stop, close': (peer) => {
    const stopped = peer.stop();
    peer.close();
    return stopped;
  },
  'close, close': async (peer) => {
    peer.close();
    peer.close();
  },
  'close, stop': (peer) => {
    peer.close();
    return peer.stop({ timeoutMs: 5 });
  },
  'dispose, dispose': async (peer) => {
    await peer[Symbol.asyncDispose]();
    await peer[Symbol.asyncDispose]();
  },
};
const cases = Object.keys(states).flatMap((state) => Object.keys(twice).map((how) => ({ state, how })));

test.each(cases)('$how in $state', async ({ state, how }) => {
  const clock = new SimulatedClock();
  const peer = (await states[state]?.(clock)) as Peer<Loose>;
  expect(peer.link).toBe(state);
  await twice[how]?.(peer);
  await peer.ended();
  await settled();
  expect(peer.link).toBe('ended');
  expect((clock as unknown as { timeouts: Map<number, unknown> }).timeouts.size).toBe(0);
  expect(await rejection(peer.call('any'))).toMatchObject({ code: 'STOPPED', known: 'not-sent' });
  expect(await rejection(peer.notify('any'))).toMatchObject({ code: 'STOPPED', known: 'not-sent' });
  await peer.stop();
});

test.each([-1, Number.NaN, '5', null])('a time for stop that is none is refused, and nothing is stopped: %s', async (timeoutMs) => {
  const peer = opened<Loose>({ stream: memoryPair()[0], protocol: 'jsonrpc-lines' });
  await peer.ready();
  expect(await rejection(peer.stop({ timeoutMs: timeoutMs as number }))).toMatchObject({ code: 'INVALID_OPTION' });
  expect(peer.link).toBe('up');
});

test.each(everyProtocol)(
  'stop waits for a line that can not take the last answer, and its limit ends that ($protocol)',
  async ({ protocol }) => {
    const clock = new SimulatedClock();
    const [ours, line] = memoryPair({ highWaterMark: 16 });
    const peer = opened<Loose>({ stream: ours, clock, protocol, ...timeless });
    farEnd(line, protocol);
    await peer.ready();
    // The far end has greeted, and reads no more.
    line.pause();
    await settled();
    const call = rejection(peer.call('any', { text: 'x'.repeat(500) }, { timeoutMs: 1_000 }));
    let isOver = false;
    const stopped = peer.stop({ timeoutMs: 60_000 }).then(() => (isOver = true));
    clock.increment(2_000);
    expect(await call).toMatchObject({ code: 'TIMEOUT', known: 'perhaps-executed' });
    await settled();
    expect(isOver).toBe(false);
    clock.increment(60_000);
    await stopped;
    // What was written gets a second to leave.
    clock.increment(1_000);
    expect(ours.destroyed).toBe(true);
  },
);
