import { expect, test } from 'vitest';
import { notAsked, probeBytes } from '../support/probes.ts';
import { rejection, settled, type Loose } from '../support/peers.ts';
import type { Peer } from '../../actors/index.ts';
import { autoScene, names, others } from './auto-support.ts';

test.each(names)('%s: calls that were made before are made then, in order', async (name) => {
  const { host, line, pass } = autoScene({ methods: { own: () => ({ of: 'the host' }) } });
  const states: string[] = [];
  host.link$.subscribe(({ state }) => states.push(state));
  const calls = [host.call('echo', { n: 1 }), host.call('echo', { n: 2 })];
  expect(host.protocol).toBeUndefined();
  expect(host.slots).toMatchObject({ client: { count: 2 }, send: { taken: 0, waiting: 2 } });
  const other = others[name](line);
  await settled();
  await pass(2_000);
  expect(await Promise.all(calls)).toEqual([{ n: 1 }, { n: 2 }]);
  expect(host.protocol).toBe(name);
  expect(states).toEqual(['connecting', 'greeting', 'up']);
  expect(host.counters).toMatchObject({ violations: 0 });
  if (name === 'qemu-ga') return;
  expect(await (other as Peer<Loose>).call('own')).toEqual({ of: 'the host' });
});

test('who says something unasked is known by it, and nothing is asked', async () => {
  for (const name of ['virtagent-2', 'virtagent-v7'] as const) {
    const { host, line } = autoScene();
    const said: Buffer[] = [];
    line.on('data', (chunk: Buffer) => said.push(chunk));
    others[name](line);
    await settled(20);
    expect(host.protocol).toBe(name);
    expect(notAsked(Buffer.concat(said), name)).toBe(true);
  }
});

test('one question after the other: nothing for 250 ms, then each 500 ms, then again after a pause that grows', async () => {
  const { host, line, pass } = autoScene();
  let chunks: Buffer[] = [];
  line.on('data', (chunk: Buffer) => chunks.push(chunk));
  const asked: [number, string | undefined][] = [];
  await settled();
  for (let ms = 0; ms < 9_000; ms += 50) {
    await pass(50);
    if (chunks.length > 0) asked.push([ms + 50, probeBytes(Buffer.concat(chunks))]);
    chunks = [];
  }
  expect(asked).toEqual([
    [250, 'virtagent-2'],
    [750, 'virtagent-v7'],
    [1_250, 'qemu-ga'],
    [2_750, 'virtagent-2'],
    [3_250, 'virtagent-v7'],
    [3_750, 'qemu-ga'],
    [6_250, 'virtagent-2'],
    [6_750, 'virtagent-v7'],
    [7_250, 'qemu-ga'],
  ]);
  expect(host.link).toBe('greeting');
  host.close();
});

test('the noise of a boot before it says nothing', async () => {
  const { host, line, pass } = autoScene();
  const call = host.call('echo', { n: 1 });
  for (let i = 0; i < 100; i++) {
    line.write(`[    ${i}.123456] something \u{1b}[31m{ [ "boots" : \u{ff}\r\n`.repeat(100));
    await pass(50);
  }
  expect(host.protocol).toBeUndefined();
  others['virtagent-2'](line);
  await pass(1_000);
  expect(await call).toEqual({ n: 1 });
});

test('a method of the host goes over what a greeting has, only where it has none of its own', async () => {
  const { host, line, pass } = autoScene({ methods: { hello: () => 'not the greeting', ping: () => 'own' } });
  const guest = others['virtagent-v7'](line) as Peer<Loose>;
  await pass(500);
  expect(host.protocol).toBe('virtagent-v7');
  expect(host.remoteMethods).toContain('echo');
  expect(await guest.call('ping')).toBeUndefined();
  expect(await rejection(host.call('missing'))).toMatchObject({ code: 'METHOD_NOT_FOUND' });
});
