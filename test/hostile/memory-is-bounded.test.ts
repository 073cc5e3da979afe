/** What is held after a flood, and during one: measured, not reasoned. The bounds leave room for the engine's own ways. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import type { HandlerContext } from '../../actors/index.ts';
import type { OutgoingMessage } from '../../transport/index.ts';
import { pairOfPeers, settled, type Loose } from '../support/peers.ts';
import { against, answer, ask, asked } from './support.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const MB = 1024 * 1024;

/** Bytes of heap, and of buffers beside it, that are really in use. */
async function held(): Promise<number> {
  await settled(10);
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** What rounds of the same work leave behind: the first, which warms up, is not counted. */
async function leftBehind(rounds: number, work: (round: number) => Promise<unknown>): Promise<number> {
  await work(0);
  const before = await held();
  for (let round = 1; round <= rounds; round++) await work(round);
  return (await held()) - before;
}

const echo = { echo: (params: unknown) => params, never: () => new Promise(() => {}) };

test('thousands of calls that are answered, refused, cancelled or time out leave nothing', async () => {
  const { signal } = new AbortController();
  const clock = new SimulatedClock();
  const { host, guest } = await pairOfPeers({ protocol: 'jsonrpc-headers', clock }, { methods: echo, executeSlots: 1_000 });
  const quiet = (call: Promise<unknown>): Promise<unknown> => call.catch(() => {});
  const left = await leftBehind(2, async () => {
    for (let part = 0; part < 2; part++) {
      const abort = new AbortController();
      const calls = Array.from({ length: 400 }, (_, i) => [
        quiet(host.call('echo', { i }, { signal, onProgress: () => {} })),
        quiet(host.call('missing', {}, { signal })),
        quiet(host.call('echo', {}, { signal: AbortSignal.abort() })),
        quiet(host.call('echo', { i }, { signal: abort.signal, timeoutMs: 5 })),
        quiet(host.notify('echo', { i })),
      ]);
      abort.abort();
      clock.increment(10);
      await Promise.all(calls.flat());
    }
  });
  expect(left).toBeLessThan(3 * MB);
  for (const side of [host, guest]) {
    expect(side.manager.jobs).toBe(0);
    expect(side.manager.timers.size).toBe(0);
  }
});

test('a long-lived signal given to nested calls keeps nothing of them', async () => {
  const { signal } = new AbortController();
  const { host } = await pairOfPeers(
    { methods: echo },
    {
      methods: {
        fan: async (_: unknown, { call }: HandlerContext<Loose>) => {
          for (let i = 0; i < 50; i++) await Promise.all(Array.from({ length: 20 }, () => call('echo', {}, { signal })));
        },
      },
    },
  );
  // Ten thousand calls: two hundred bytes of each would show. The engine itself keeps up to six hundred kilobytes more or less.
  expect(await leftBehind(10, () => host.call('fan'))).toBeLessThan(2 * MB);
});

const floods: Record<string, (i: number) => OutgoingMessage[]> = {
  'requests for a handler that never returns': (i) => [ask(i, 'never', { pad: 'x'.repeat(200) })],
  'the same, cancelled at once': (i) => [ask(i, 'never', {}), { type: 'cancel', tag: i }],
  'requests with large answers': (i) => [ask(i, 'big')],
  'requests for no method': (i) => [ask(`${i}`, 'missing')],
  'requests that are refused': (i) => [{ type: 'request', tag: i, method: 'm'.repeat(300), params: {} }],
  notifications: (i) => [{ type: 'notification', method: 'never', params: { i } }],
  'responses to nobody': (i) => [answer(`nobody ${i}`, {})],
  'cancels of nothing': (i) => [{ type: 'cancel', tag: `nothing ${i}` }],
  'progress for nobody': (i) => [{ type: 'progress', token: `nobody ${i}`, value: i }],
  'requests that ask for progress': (i) => [ask(i, 'talk', { workDoneToken: i })],
};

test.each(Object.keys(floods))('a peer that sends %s and reads nothing costs a bounded amount', async (what) => {
  const { peer, line, say } = against(
    {
      protocol: 'jsonrpc-headers',
      clock: new SimulatedClock(),
      maxOwedBytes: 2 * MB,
      maxServerBytes: 4 * MB,
      methods: {
        ...echo,
        big: () => 'x'.repeat(10_000),
        talk: (_: unknown, { progress }: HandlerContext) => {
          for (let i = 0; i < 100; i++) progress('x'.repeat(100));
        },
      },
    },
    { deaf: true, highWaterMark: 16_384 },
  );
  await peer.ready();
  const message = floods[what] as (i: number) => OutgoingMessage[];
  const before = await held();
  let peak = 0;
  // Until 30,000 are said, or our side has long stopped reading.
  for (let at = 0; at < 30_000 && line.writableLength < 4 * MB; at += 500) {
    say(...Array.from({ length: 500 }, (_, i) => message(at + i)).flat());
    await settled(1);
    if (at % 5_000 === 0) peak = Math.max(peak, (await held()) - before - line.writableLength);
  }
  peak = Math.max(peak, (await held()) - before - line.writableLength);
  // 4096 jobs of 4 to 5 kB each, the bytes that they and their answers may hold, and one chunk of messages.
  expect(peak).toBeLessThan(40 * MB);
  expect(peer.manager.jobs).toBeLessThan(6_000);
  peer.close();
  line.destroy();
});

test('calls to a peer that answers none cost no more than their queue', async () => {
  const { peer, heard } = against({ protocol: 'jsonrpc-lines', clock: new SimulatedClock(), maxClientBytes: 4 * MB }, { deaf: true });
  await peer.ready();
  const before = await held();
  let refused = 0;
  for (let i = 0; i < 20_000; i++)
    void peer.call('any', { pad: 'x'.repeat(2_000) }).catch(({ code }: { code: string }) => (refused += Number(code === 'QUEUE_FULL')));
  expect((await held()) - before).toBeLessThan(20 * MB);
  expect(refused).toBeGreaterThan(18_000);
  expect(asked(heard)).toEqual([]);
});
