import { expect, test } from 'vitest';
import { leastV2Limits } from '../../transport/limits.ts';
import { rejection, settled } from '../support/peers.ts';
import { held, SessionPeers } from './session-peers.ts';

const limits = leastV2Limits;

test.each([false, true])('with the least limits of virtagent-2 all of it works (reliable: %s)', async (reliable) => {
  const work = held();
  const methods = {
    ...work.methods,
    echo: (params: unknown) => params,
    count: async function* ({ to }: { to: number }) {
      for (let n = 0; n < to; n++) yield n;
    },
    watched: (_: unknown, { progress }: { progress: (value: unknown) => boolean }) => progress('halfway'),
    fails: () => {
      throw new Error('e'.repeat(2_000));
    },
  };
  const peers = await SessionPeers.up({ limits, reliable }, { limits, methods });
  const { left, right } = peers;
  expect(await peers.until(left.call('echo', { text: 'x'.repeat(800) }))).toEqual({ text: 'x'.repeat(800) });
  expect(await peers.until(left.call('echo', { data: Buffer.from('bytes') }))).toEqual({ data: Buffer.from('bytes') });
  const told: unknown[] = [];
  expect(await peers.until(left.call('watched', 1, { onProgress: (value) => told.push(value) }))).toBe(true);
  expect(told).toEqual(['halfway']);
  const items: unknown[] = [];
  const read = async (): Promise<void> => {
    for await (const item of left.stream('count', { to: 100 }, { room: { items: 2, bytes: 200 } })) items.push(item);
  };
  await peers.until(read());
  expect(items).toHaveLength(100);
  expect(await rejection(peers.until(left.call('fails')))).toMatchObject({
    code: 'HANDLER_FAILED',
    message: expect.stringMatching(/^e{500,1000}$/) as string,
  });
  const abort = new AbortController();
  const call = left.call('held', 1, { signal: abort.signal });
  const ended = rejection(call);
  await peers.pass(500);
  expect(await peers.until(left.statusOf(call))).toBe('running');
  abort.abort();
  await ended;
  await peers.pass(500);
  expect(work.aborted).toEqual(['CANCELLED']);
  expect([left.counters.damaged, right.counters.damaged]).toEqual([0, 0]);
  await peers.until(left.stop());
  await settled();
});
