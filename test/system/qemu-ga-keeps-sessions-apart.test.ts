import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPeer, type CreatePeerOptions, type Peer } from '../../actors/index.ts';
import { unixConnect } from '../../transport/index.ts';
import { until } from '../channels/support.ts';
import { rejection } from '../support/peers.ts';
import { RealAgent } from './support/guest-agent.ts';
import { needs } from './support/needs.ts';

let agent: RealAgent;
const peers: Peer[] = [];

function host(options: Partial<CreatePeerOptions> = {}): Peer {
  const peer = createPeer({ protocol: 'qemu-ga', channel: unixConnect(agent.path), retries: true, ...options });
  peers.push(peer);
  return peer;
}

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.close();
  await agent.end();
});

needs('qemu-ga', 'socat')('a real guest agent on a serial line', () => {
  beforeEach(async () => {
    agent = await new RealAgent().startOnSerial();
  });

  test('what it says to a host that left is not taken for an answer by the next', async () => {
    for (let round = 0; round < 5; round++) {
      const many = Array.from({ length: 10 }, (_, id) => `{"execute":"guest-sync","arguments":{"id":${id}},"id":"x.${id}"}\n`).join('');
      await agent.departedHost(`${many}{"execute":"guest-sync-delimited","arguments":{"id":1}}\n{"execute":"gue`);
      const peer = host();
      expect(await peer.call('guest-sync', { id: 100 + round }, { timeoutMs: 20_000 })).toBe(100 + round);
      await peer.stop();
    }
  });
});

needs('qemu-ga')('a real guest agent on a unix socket', () => {
  beforeEach(async () => {
    agent = await new RealAgent().start();
  });

  test('half a command of a host that left does not reach the next one’s', async () => {
    // What it answers at once is not among them: on a unix socket the agent of 7.2 ends when a host leaves answers unread.
    for (const left of ['{"execute":"guest-p', '{"execute":"guest-exec","arguments":{"path":"', '{"a":[[[', '"']) {
      await agent.departedHost(left);
      const peer = host();
      expect(await peer.call('guest-ping', {}, { timeoutMs: 10_000 })).toEqual({});
      await peer.stop();
    }
  });

  test('the agent ended and started again: the call on the line ends, those that wait are answered by the next', async () => {
    const peer = host();
    await peer.ready();
    agent.signal('SIGSTOP');
    const { messagesOut } = peer.counters;
    const lost = rejection(peer.call('guest-ping'));
    const waits = peer.call('guest-get-host-name');
    await until(() => peer.counters.messagesOut > messagesOut);
    await agent.kill();
    expect(await lost).toMatchObject({ code: 'LINE_LOST', known: 'perhaps-executed' });
    await agent.start(['guest-exec']);
    expect(await waits).toHaveProperty('host-name');
    expect(await rejection(peer.call('guest-exec', { path: 'true' }))).toMatchObject({ code: 'METHOD_NOT_FOUND', known: 'not-sent' });
  });

  test('an agent that hangs costs each call its deadline; when it goes on the next is answered, and the late answers are nobody’s', async () => {
    const peer = host();
    await peer.ready();
    agent.signal('SIGSTOP');
    const ended: string[] = [];
    const note = (name: string) => (): void => void ended.push(name);
    // A second is a second, whatever is synced meanwhile: it is over before two are, also on a machine that rests for three.
    const later = setTimeout(note('two seconds'), 2_000);
    const calls = [1, 2, 3].map((id) => rejection(peer.call('guest-sync', { id }, { timeoutMs: 1_000 })));
    for (const call of calls) void call.then(note('a call'));
    const late = await Promise.all(calls);
    clearTimeout(later);
    expect(ended).toEqual(['a call', 'a call', 'a call']);
    expect(late.map(({ code, known }) => [code, known])).toEqual([
      ['TIMEOUT', 'perhaps-executed'],
      ['TIMEOUT', 'not-sent'],
      ['TIMEOUT', 'not-sent'],
    ]);
    const next = peer.call('guest-sync', { id: 4 });
    agent.signal('SIGCONT');
    expect(await next).toBe(4);
    expect(peer.counters).toMatchObject({ violations: 0, unclaimed: 0 });
  });

  test('a storm of errors ends one call and is dropped as one; the next is answered', async () => {
    const peer = host();
    await peer.ready();
    const dropped: number[] = [];
    peer.damage$.subscribe((damage) => dropped.push(damage.dropped));
    const before = process.memoryUsage().rss;
    // More tokens than its parser takes at once: it says an error or two for each that is left.
    const many = Array.from({ length: 1_500_000 }, () => 1);
    const call = rejection(peer.call('guest-ping', { many }, { timeoutMs: 60_000 }));
    expect(await call).toMatchObject({ code: 'PARSE_ERROR', known: 'refused' });
    expect(await peer.call('guest-sync', { id: 1 }, { timeoutMs: 60_000 })).toBe(1);
    expect(dropped).toHaveLength(1);
    // A hundred thousand lines of 80 bytes, and more.
    expect(dropped[0]).toBeGreaterThan(8_000_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1024 * 1024);
    expect(peer.counters.unclaimed).toBeLessThan(10_000);
  });

  test('a hundred hosts one after another are each answered', async () => {
    for (let i = 0; i < 100; i++) {
      const peer = host({ retries: false });
      expect(await peer.call('guest-sync', { id: i })).toBe(i);
      await peer.stop();
    }
  });
});
