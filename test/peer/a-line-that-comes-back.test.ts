import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { VirtagentError } from '../../actors/index.ts';
import { memoryPair, type Channel } from '../../transport/index.ts';
import { deferred, everyProtocol, opened, rejection, settled } from '../support/peers.ts';
import { virtualLine } from '../support/virtual-line.ts';

test.each(everyProtocol)(
  'queued calls wait for the next line, those on the line end as perhaps executed ($protocol)',
  async ({ protocol }) => {
    const line = virtualLine();
    const clock = new SimulatedClock();
    const aborted: unknown[] = [];
    const hang = (_: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise(() => signal.addEventListener('abort', () => aborted.push(signal.reason)));
    // A session ends with its line.
    const own = { protocol, clock, keepMs: 0 };
    const left = opened({ channel: line.left, ...own, window: 1 });
    const right = opened({ channel: line.right, ...own, methods: { hang, echo: (params: unknown) => params } });
    await Promise.all([left.ready(), right.ready()]);
    const onLine = rejection(left.call('hang', {}, { timeoutMs: Infinity }));
    const queued = left.call('echo', { n: 1 }, { timeoutMs: Infinity });
    await settled();
    line.cut();
    await settled();
    clock.increment(0);
    expect(await onLine).toMatchObject({ code: 'LINE_LOST', known: 'perhaps-executed' });
    await settled();
    clock.increment(0);
    await settled();
    expect(await queued).toEqual({ n: 1 });
    expect(aborted).toMatchObject([{ code: 'LINE_LOST' }]);
    expect(line.lines()).toBe(2);
    expect(right.slots.execute.taken).toBe(1);
  },
);

test('a reply of an earlier line is not taken for a call of this one', async () => {
  const clock = new SimulatedClock();
  const ends = [memoryPair(), memoryPair()];
  let opens = 0;
  const channel: Channel = { name: 'test', reopens: true, open: async () => (ends[opens++] ?? memoryPair())[0], close: async () => {} };
  const peer = opened({ channel, clock, protocol: 'jsonrpc-lines' });
  const heard: { id: string }[] = [];
  for (const [, far] of ends)
    far.on('data', (chunk: Buffer) =>
      heard.push(
        ...chunk
          .toString()
          .trim()
          .split('\n')
          .map((text) => JSON.parse(text) as { id: string }),
      ),
    );
  await peer.ready();
  const first = rejection(peer.call('ask'));
  await settled();
  ends[0]?.[1].destroy();
  expect(await first).toMatchObject({ code: 'LINE_LOST' });
  await settled();
  clock.increment(0);
  await settled();
  const second = peer.call('ask');
  await settled();
  const far = ends[1]?.[1];
  far?.write(`{"jsonrpc":"2.0","id":${JSON.stringify(heard[0]?.id)},"result":"old"}\n`);
  await settled();
  far?.write(`{"jsonrpc":"2.0","id":${JSON.stringify(heard[1]?.id)},"result":"new"}\n`);
  expect(await second).toBe('new');
  expect(peer.counters.violations).toBe(1);
});

test('half a frame of an earlier line is not joined to the first of this one', async () => {
  const clock = new SimulatedClock();
  const ends = [memoryPair(), memoryPair()];
  let opens = 0;
  const channel: Channel = { name: 'test', reopens: true, open: async () => (ends[opens++] ?? memoryPair())[0], close: async () => {} };
  const peer = opened({ channel, clock, methods: { ping: () => 'pong' }, protocol: 'jsonrpc-lines' });
  await peer.ready();
  ends[0]?.[1].write('{"jsonrpc":"2.0","id":1,');
  await settled();
  ends[0]?.[1].destroy();
  await settled();
  clock.increment(0);
  await settled();
  const far = ends[1]?.[1];
  const answer = deferred<string>();
  far?.on('data', (chunk: Buffer) => answer.resolve(chunk.toString()));
  far?.write('"method":"x"}\n{"jsonrpc":"2.0","id":2,"method":"ping"}\n');
  expect(await answer.promise).toContain('"id":');
  await settled();
  expect(peer.counters).toMatchObject({ damaged: 1 });
});

test('a line that can not be opened ends the peer with the reason, or is tried again with growing pauses', async () => {
  const clock = new SimulatedClock();
  let opens = 0;
  const channel: Channel = {
    name: 'test',
    reopens: true,
    open: async () => {
      opens++;
      throw new VirtagentError('CHANNEL_REFUSED', 'nobody listens');
    },
    close: async () => {},
  };
  const once = opened({ channel, clock });
  const call = rejection(once.call('ping'));
  await expect(once.ready()).rejects.toMatchObject({ code: 'CHANNEL_REFUSED' });
  expect(await call).toMatchObject({ known: 'not-sent' });
  opens = 0;
  const again = opened({ channel, clock, retries: true, random: () => 0 });
  const pauses: number[] = [];
  for (let attempt = 1; attempt <= 9; attempt++) {
    await settled();
    let waited = 0;
    while (opens === attempt) {
      clock.increment(100);
      waited += 100;
      await settled(1);
    }
    pauses.push(waited);
  }
  expect(pauses).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
  expect(again.link).toBe('waiting');
});
