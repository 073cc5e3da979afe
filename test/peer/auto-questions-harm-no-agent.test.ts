/** `protocol: 'auto'` asks whoever is there in three protocols: to agents of the others that is noise, and leaves nothing behind. */
import type { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import type { Peer } from '../../actors/index.ts';
import type { Probe } from '../../machines/detect.ts';
import { probeBytes } from '../../transport/detect/probes.ts';
import { Recogniser } from '../../transport/detect/recogniser.ts';
import { memoryPair, type ProtocolName } from '../../transport/index.ts';
import { capture } from '../codecs/support.ts';
import { GuestAgent } from '../support/guest-agent.ts';
import { opened, settled, type Loose } from '../support/peers.ts';
import { names, others } from './auto-support.ts';

const probes: readonly Probe[] = ['virtagent-2', 'virtagent-v7', 'qemu-ga'];
const cases = probes.flatMap((probe) => names.map((name) => ({ probe, name })));

/** What an agent was asked to do, its greeting's own methods left out. */
function watch(other: Peer<Loose> | GuestAgent): () => readonly (string | undefined)[] {
  if (other instanceof GuestAgent) return () => other.asked.filter((name) => name !== undefined);
  const jobs: string[] = [];
  other.jobs$.subscribe(({ kind, state }) => kind === 'server' && state === 'busy.executing' && jobs.push(kind));
  return () => jobs;
}

/** A host of that protocol alone, which comes after the questions on the same line. */
function host(stream: Duplex, protocol: ProtocolName): Peer<Loose> {
  return opened<Loose>({ stream, protocol, clock: new SimulatedClock(), ...(protocol === 'virtagent-v7' ? { role: 'host' } : {}) });
}

describe.each(cases)('the question of $probe to who speaks $name', ({ probe, name }) => {
  test.each([1, 3])('runs nothing there, %d times, and the next call is answered', async (times) => {
    const [ours, theirs] = memoryPair();
    const asked = watch(others[name](theirs));
    let nonce = 0;
    for (let i = 0; i < times; i++) ours.write(probeBytes(probe, () => (++nonce).toString(16).padStart(12, '0')));
    // As the host's detection does for who speaks by lines.
    if (name.startsWith('jsonrpc')) ours.write('\r\n');
    await settled();
    expect(asked()).toEqual(probe === name && name === 'virtagent-v7' ? Array.from({ length: times }, () => 'server') : []);
    const peer = host(ours, name);
    const call = peer.call('echo', { n: 1 }, { timeoutMs: 5_000 });
    for (let ms = 0; ms < 1_000; ms += 50) {
      (peer.manager.timers.clock as SimulatedClock).increment(50);
      await settled(2);
    }
    expect(await call).toEqual({ n: 1 });
  });
});

test.each(probes)('a question of %s whose middle is lost leaves nothing behind either', async (probe) => {
  for (const name of names) {
    const [ours, theirs] = memoryPair();
    others[name](theirs);
    const whole = Buffer.from(probeBytes(probe, () => '7b227b227b22'));
    ours.write(Buffer.concat([whole.subarray(0, whole.length >> 1), probeBytes('qemu-ga', () => '1')]));
    if (name.startsWith('jsonrpc')) ours.write('\r\n');
    await settled();
    const peer = host(ours, name);
    const call = peer.call('echo', { n: 1 }, { timeoutMs: 5_000 });
    for (let ms = 0; ms < 1_000; ms += 50) {
      (peer.manager.timers.clock as SimulatedClock).increment(50);
      await settled(2);
    }
    expect(await call).toEqual({ n: 1 });
  }
});

test.each(['01-start-hello', '02-basic-calls', '17-chost-cguest'])('the agent of 2011 is known by what it said: %s', (name) => {
  for (const size of [1, 7, 100_000]) {
    const recogniser = new Recogniser();
    const bytes = capture(`${name}.guest-out`);
    let found: unknown;
    for (let at = 0; at < bytes.length && found === undefined; at += size) found = recogniser.push(bytes.subarray(at, at + size));
    expect(found).toEqual({ protocol: 'virtagent-v7' });
  }
});
