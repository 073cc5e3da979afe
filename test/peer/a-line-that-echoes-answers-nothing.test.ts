import { describe, expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import type { CreatePeerOptions, Peer } from '../../actors/index.ts';
import { memoryPair } from '../../transport/index.ts';
import { everyProtocol, opened, rejection, settled, type Loose } from '../support/peers.ts';

/** A peer on a line that gives back what is written to it, and what its own methods were called for. */
function echoing(options: CreatePeerOptions): { peer: Peer<Loose>; clock: SimulatedClock; served: string[] } {
  const [ours, line] = memoryPair();
  line.pipe(line);
  const clock = new SimulatedClock();
  const served: string[] = [];
  const ping = (): void => void served.push('ping');
  return { peer: opened<Loose>({ ...options, stream: ours, clock, methods: { ping } }), clock, served };
}

async function pass(clock: SimulatedClock, ms: number): Promise<void> {
  for (let at = 0; at < ms; at += 50) {
    clock.increment(50);
    await settled(2);
  }
}

describe.each(everyProtocol)('$protocol', ({ protocol }) => {
  test('a call is not answered by the side that made it, which tells why', async () => {
    const { peer, clock, served } = echoing({ protocol });
    const told: string[] = [];
    peer.damage$.subscribe(({ reason, message }) => told.push(`${reason} ${message}`));
    const call = rejection(peer.call('ping', undefined, { timeoutMs: 1_000 }));
    await pass(clock, 1_000);
    expect(await call).toMatchObject({ code: 'TIMEOUT' });
    expect(served).toEqual([]);
    expect(told).toContainEqual(expect.stringMatching(/^noise .*what this side says comes back to it: the line echoes$/));
  });
});

test('a host of virtagent-v7 takes its own question for no list of methods', async () => {
  const { peer, clock } = echoing({ protocol: 'virtagent-v7', role: 'host' });
  await pass(clock, 2_000);
  expect([peer.link, peer.remoteMethods]).toEqual(['greeting', undefined]);
  peer.close();
});

test('who finds out what is spoken takes no question of its own for an answer', async () => {
  const { peer, clock, served } = echoing({ protocol: 'auto' });
  const call = rejection(peer.call('ping', undefined, { timeoutMs: 5_000 }));
  await pass(clock, 5_000);
  expect(await call).toMatchObject({ code: 'TIMEOUT', known: 'not-sent' });
  expect([peer.link, peer.protocol, served]).toEqual(['greeting', undefined, []]);
  peer.close();
});

test('what has a tag of ours and another method is of the other side, as of one that was given the same numbers', async () => {
  const [left, right] = memoryPair();
  const same = { protocol: 'jsonrpc-lines', random: () => 0.5 } as const;
  const one = opened<Loose>({ ...same, stream: left, methods: { one: () => 1 } });
  const two = opened<Loose>({ ...same, stream: right, methods: { two: () => 2 } });
  expect(await Promise.all([one.call('two'), two.call('one')])).toEqual([2, 1]);
});
