import { expect, test } from 'vitest';
import { createPeer } from '../../actors/index.ts';
import { memoryPair } from '../../transport/index.ts';
import { rejection, settled } from '../support/peers.ts';
import { autoScene, others } from './auto-support.ts';

const timersOf = (clock: unknown): number => (clock as { timeouts: Map<number, unknown> }).timeouts.size;

test('a deadline covers the finding out: nothing was sent', async () => {
  const { host, clock, pass } = autoScene();
  const calls = [rejection(host.call('any', {}, { timeoutMs: 1_000 })), rejection(host.call('any', {}, { timeoutMs: 0 }))];
  await pass(1_000);
  for (const call of calls) expect(await call).toMatchObject({ code: 'TIMEOUT', known: 'not-sent', method: 'any' });
  expect(host.link).toBe('greeting');
  host.close();
  await settled();
  expect(timersOf(clock)).toBe(0);
});

test('what is left of the deadline is left for the call', async () => {
  const { host, line, pass } = autoScene();
  const call = rejection(host.call('never', {}, { timeoutMs: 2_000 }));
  await pass(500);
  const guest = others['jsonrpc-lines'](line);
  await pass(1_450);
  expect(host.protocol).toBe('jsonrpc-lines');
  expect(await call).toMatchObject({ code: 'METHOD_NOT_FOUND' });
  expect(guest).toBeDefined();
});

test('a signal gives a call up, also one that was aborted before', async () => {
  const { host, pass } = autoScene();
  const abort = new AbortController();
  const calls = [
    rejection(host.call('any', {}, { signal: abort.signal })),
    rejection(host.call('any', {}, { signal: AbortSignal.abort(new Error('before')) })),
  ];
  await pass(300);
  abort.abort(new Error('later'));
  expect(await calls[0]).toMatchObject({ code: 'CANCELLED', known: 'not-sent', cause: { message: 'later' } });
  expect(await calls[1]).toMatchObject({ code: 'CANCELLED', known: 'not-sent', cause: { message: 'before' } });
});

test('notifications wait too, and streams; where the protocol has none they fail then', async () => {
  for (const name of ['virtagent-2', 'virtagent-v7'] as const) {
    const { host, line, pass } = autoScene();
    const told = host.notify('ping').then(
      () => 'told',
      (error: { code: string }) => error.code,
    );
    const first = host
      .stream('echo', { n: 1 })
      .next()
      .then(
        ({ value }) => value as unknown,
        (error: { code: string }) => error.code,
      );
    await settled();
    others[name](line);
    await pass(1_000);
    expect(await Promise.all([told, first])).toEqual(name === 'virtagent-2' ? ['told', { n: 1 }] : ['UNSUPPORTED', 'UNSUPPORTED']);
  }
});

test('a stream that is given up before is not read', async () => {
  const { host, line, pass } = autoScene();
  const stream = host.stream('echo', {});
  const first = rejection(stream.next());
  stream.cancel();
  expect(await first).toMatchObject({ code: 'CANCELLED', known: 'not-sent' });
  others['virtagent-2'](line);
  await pass(500);
  expect(host.slots.client.count).toBe(0);
});

test('stop finishes what waits, and takes nothing new; close ends it', async () => {
  const { host, line, pass } = autoScene();
  const call = host.call('echo', { n: 1 });
  const stopped = host.stop();
  expect(await rejection(host.call('late'))).toMatchObject({ code: 'STOPPING', known: 'not-sent' });
  others['virtagent-2'](line);
  await pass(500);
  expect(await call).toEqual({ n: 1 });
  await stopped;
  const other = autoScene();
  const waiting = rejection(other.host.call('any'));
  other.host.close();
  expect(await waiting).toMatchObject({ code: 'STOPPED', known: 'not-sent' });
});

test('as many calls wait as may wait otherwise', async () => {
  const { host } = autoScene({ maxClientJobs: 2 });
  const calls = Array.from({ length: 3 }, () => rejection(host.call('any')));
  expect(await calls[2]).toMatchObject({ code: 'QUEUE_FULL', known: 'not-sent' });
  host.close();
  await Promise.all(calls);
});

test('a line that is lost before ends them with its peer', async () => {
  const { host, line } = autoScene();
  const call = rejection(host.call('any'));
  await settled();
  line.destroy();
  expect(await call).toMatchObject({ code: 'LINE_LOST', known: 'not-sent' });
  await host.ended();
});

test('a guest does not find out: it is asked', () => {
  const [stream] = memoryPair();
  expect(() => createPeer({ stream, protocol: 'auto', role: 'guest' })).toThrow(/role is "guest"; it takes host, or nothing/);
  expect(() => createPeer({ stream, protocol: 'soap' as never })).toThrow(/jsonrpc-headers, qemu-ga, auto/);
});
