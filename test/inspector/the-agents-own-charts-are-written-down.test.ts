import { expect, test } from 'vitest';
import { memoryPair } from '../../transport/index.ts';
import { opened, pairOfPeers, settled } from '../support/peers.ts';
import { Kept } from './journals.ts';

test('the link, the session and the peer are written down with every step, each under a number of its own', async () => {
  const [a, b] = memoryPair();
  const host = opened({ stream: a, protocol: 'virtagent-2' });
  const kept = new Kept(host.manager);
  opened({ stream: b, protocol: 'virtagent-2' });
  await host.ready();
  const { parts } = kept.journal;
  expect(parts.map(({ name, number }) => [name, number])).toEqual([
    ['manager', -1],
    ['peer', -2],
    ['link', -3],
    ['session', -4],
  ]);
  expect(kept.counted).toEqual(kept.seen);
  expect(kept.paths.get(-4)).toEqual(expect.arrayContaining(['off', 'greeting', 'open']));
  expect(kept.paths.get(-3)?.at(-1)).toBe('up');
  await host.stop();
  expect(kept.paths.get(-2)).toEqual(expect.arrayContaining(['stopping', 'closing', 'ended']));
  expect(kept.paths.get(-1)).toEqual(['draining', 'closed']);
  kept.release();
});

test.each([false, true])('two peers of one process keep journals of their own (interpreted: %s)', async (interpretCharts) => {
  const { host, guest } = await pairOfPeers({ interpretCharts }, { methods: { double: (n: number) => 2 * n }, interpretCharts });
  const [here, there] = [new Kept(host.manager), new Kept(guest.manager)];
  await Promise.all(Array.from({ length: 20 }, (_, n) => host.call('double', n)));
  await settled();
  expect(here.journal.counts.reduce((sum, count) => sum + count)).toBeGreaterThan(0);
  expect(new Set([...here.paths].filter(([job]) => job > 0).map(([, path]) => path.join(' ')))).toEqual(
    new Set(['new busy.sending sent read busy.callback done']),
  );
  const server = [...there.paths].filter(([job]) => job > 0 && there.paths.get(job)?.includes('executed'));
  expect(new Set(server.map(([, path]) => path.join(' ')))).toEqual(
    new Set(['new busy.executing executed busy.sending sent busy.callback done']),
  );
  expect(server.length).toBe(20);
  here.release();
  await host.call('double', 1);
  expect(there.counted).toEqual(there.seen);
  there.release();
});

test('a released journal is written to no more, and another begins anew', async () => {
  const { host } = await pairOfPeers({}, { methods: { nothing: () => null } });
  const first = new Kept(host.manager);
  await host.call('nothing');
  const { head } = first.journal.ring;
  expect(head).toBeGreaterThan(0);
  first.release();
  await host.call('nothing');
  expect(first.journal.ring.head).toBe(head);
  const second = new Kept(host.manager);
  expect(second.journal.ring.head).toBe(0);
  expect(second.counted).toEqual(second.seen);
  second.release();
});

test('who wants the journal of a manager that is kept already gets the same one, until the last has released it', async () => {
  const { host } = await pairOfPeers({}, { methods: { nothing: () => null } });
  const [one, other] = [new Kept(host.manager), new Kept(host.manager)];
  expect(other.journal).toBe(one.journal);
  one.release();
  await host.call('nothing');
  expect(other.kinds.begun).toBe(1);
  other.release();
});
