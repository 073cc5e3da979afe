import { expect, test } from 'vitest';
import { VirtagentError } from '../../actors/index.ts';
import { settled } from '../support/peers.ts';
import { SessionPeers } from './session-peers.ts';

const methods = {
  async *count({ to }: { to: number }) {
    for (let n = 0; n < to; n++) yield `item${n}.`;
    return 'over';
  },
};

/** On a plain line, whose frames can be lost by what is in them: each as often as it is named. */
async function lossy(...lost: readonly (readonly [from: 0 | 1, text: string])[]): Promise<SessionPeers> {
  const peers = await SessionPeers.up({}, { methods });
  const left = [...lost];
  peers.relay.filter = (from, chunk) => {
    const at = left.findIndex(([side, text]) => side === from && chunk.includes(text));
    if (at < 0) return chunk;
    const [[, text]] = left.splice(at, 1) as [readonly [0 | 1, string]];
    // Frames that follow one another share a chunk: only the one with that text goes.
    const begin = chunk.lastIndexOf(0xff, chunk.indexOf(text));
    return Buffer.concat([chunk.subarray(0, begin), chunk.subarray(chunk.indexOf(0xff, begin + 1))]);
  };
  return peers;
}

async function read(peers: SessionPeers, to: number, room = { items: 4, bytes: 10_000 }): Promise<unknown> {
  const items: unknown[] = [];
  try {
    const stream = peers.left.stream('count', { to }, { room });
    for (;;) {
      const { done, value } = await peers.until(stream.next(), { steps: 1_000, ms: 50 });
      if (done === true) return [...items, value];
      items.push(value);
    }
  } catch (error) {
    return [...items, error instanceof VirtagentError ? error.code : error];
  }
}

test.each([
  ['the first item', 'item0.', ['ITEMS_LOST']],
  ['one in the middle', 'item2.', ['item0.', 'item1.', 'ITEMS_LOST']],
  ['the last', 'item4.', ['item0.', 'item1.', 'item2.', 'item3.', 'ITEMS_LOST']],
])('where the line has lost %s, the items before it come, and then an error', async (_, text, expected) => {
  const peers = await lossy([1, text]);
  expect(await read(peers, 5)).toEqual(expected);
  // The session and the next stream are none the worse.
  expect(await read(peers, 3)).toEqual(['item0.', 'item1.', 'item2.', 'over']);
  await peers.pass(2_000);
  expect(peers.right.slots).toMatchObject({ server: { count: 0 }, execute: { taken: 0, parked: 0 } });
});

test('what a reader allows is said in all, so the next one that comes makes up for one that was lost', async () => {
  const peers = await lossy([0, '"items":6']);
  const stream = peers.left.stream('count', { to: 12 }, { room: { items: 4, bytes: 10_000 } });
  for (let n = 0; n < 4; n++) expect(await stream.next()).toEqual({ done: false, value: `item${n}.` });
  await settled();
  // No time has passed: nothing had to be said again.
  for (let n = 4; n < 12; n++) expect(await stream.next()).toEqual({ done: false, value: `item${n}.` });
  expect(await stream.next()).toEqual({ done: true, value: 'over' });
});

test('and a reader who waits says it again, if all of it was lost', async () => {
  const peers = await lossy([0, '"items":6'], [0, '"items":8']);
  expect(await read(peers, 12)).toEqual([...Array.from({ length: 12 }, (_, n) => `item${n}.`), 'over']);
});

test('a response that does not say how many items came before it is not taken for the end of them', async () => {
  const peers = await SessionPeers.up({}, { methods: { mute: () => new Promise(() => {}) } });
  let tag = '';
  peers.right.messages$.subscribe(({ message }) => (tag ||= (message as { tag?: string }).tag ?? ''));
  const first = peers.left.stream('mute').next();
  await settled();
  const { codec } = peers.right.transport;
  peers.right.transport.write(codec.encode({ type: 'response', tag, answer: { ok: true, value: 1 } }), () => {});
  await expect(peers.until(first)).rejects.toMatchObject({ code: 'INVALID_RESPONSE' });
});

test('a reliable session says nothing again: it loses nothing', async () => {
  const peers = await SessionPeers.up(
    { reliable: true },
    {
      methods: {
        slow: async function* () {
          for (let n = 0; n < 4; n++) yield n;
          await new Promise(() => {});
        },
      },
    },
  );
  const stream = peers.left.stream('slow', undefined, { room: { items: 4, bytes: 10_000 } });
  for (let n = 0; n < 4; n++) await peers.until(stream.next());
  void stream.next().catch(() => {});
  const said: string[] = [];
  peers.left.messages$.subscribe(({ direction, message }) => direction === 'out' && said.push((message as { type: string }).type));
  await peers.pass(60_000, 500);
  expect(said.filter((type) => type === 'more' || type === 'status')).toEqual([]);
  stream.cancel();
});

test.each([
  ['the request', [[0, '"method":"count"']], { items: 4, bytes: 10_000 }, ['ITEMS_LOST']],
  ['all that may be sent, before anything was read', [[1, 'item0.']], { items: 1, bytes: 10_000 }, ['ITEMS_LOST']],
  ['all that may be sent, later', [[1, 'item2.']], { items: 1, bytes: 10_000 }, ['item0.', 'item1.', 'ITEMS_LOST']],
  ['the response', [[1, '"result":"over"']], { items: 4, bytes: 10_000 }, ['item0.', 'item1.', 'item2.', 'item3.', 'item4.', 'ITEMS_LOST']],
  [
    'the response, and what was said of that',
    [
      [1, '"result":"over"'],
      [1, '"status"'],
      [0, '$/status'],
    ],
    { items: 4, bytes: 10_000 },
    ['item0.', 'item1.', 'item2.', 'item3.', 'item4.', 'ITEMS_LOST'],
  ],
] satisfies [string, [0 | 1, string][], { items: number; bytes: number }, string[]][])(
  'where the line has lost %s, a reader that waits is told, without a deadline',
  async (_, texts, room, expected) => {
    const peers = await lossy(...texts);
    expect(await read(peers, 5, room)).toEqual(expected);
    await peers.pass(2_000);
    expect(peers.right.slots).toMatchObject({ server: { count: 0 }, execute: { taken: 0, parked: 0 } });
  },
);

test('a producer that has nothing to say yet is waited for, however often it is asked', async () => {
  let say: (value: unknown) => void = () => {};
  const late = {
    async *late() {
      yield await new Promise((resolve) => (say = resolve));
    },
  };
  const peers = await SessionPeers.up({}, { methods: late });
  const first = peers.left.stream('late').next();
  await peers.pass(300_000, 1_000);
  say('here');
  expect(await peers.until(first)).toEqual({ done: false, value: 'here' });
});

test('a stream that is given up where the line loses that ends at the other side all the same', async () => {
  const ended: number[] = [];
  const endless = {
    async *endless() {
      try {
        for (let n = 0; ; n++) yield n;
      } finally {
        ended.push(1);
      }
    },
  };
  const peers = await SessionPeers.up({}, { methods: endless });
  const stream = peers.left.stream('endless', undefined, { room: { items: 1, bytes: 10_000 } });
  await peers.until(stream.next());
  let lost = 0;
  peers.relay.filter = (from, chunk) => {
    if (from === 1 || !chunk.includes('$/cancel') || lost === 2) return chunk;
    lost++;
    return chunk.subarray(0, chunk.lastIndexOf(0xff, chunk.indexOf('$/cancel')));
  };
  stream.cancel();
  await peers.pass(2_000);
  expect([lost, ended]).toEqual([2, []]);
  await peers.pass(4_000);
  expect(ended).toEqual([1]);
  expect(peers.right.slots).toMatchObject({ server: { count: 0 }, execute: { taken: 0, parked: 0 } });
  // It has been answered, and is told no more.
  const said: string[] = [];
  peers.left.messages$.subscribe(({ direction, message }) => direction === 'out' && said.push((message as { type: string }).type));
  await peers.pass(60_000, 500);
  expect(said).toEqual([]);
});

test('a question that was refused, as the queue was full, is asked again', async () => {
  const peers = await SessionPeers.up({ maxClientJobs: 2 }, { methods: { ...methods, hang: () => new Promise(() => {}) } });
  peers.relay.filter = (from, chunk) =>
    from === 1 && chunk.includes('item1.') ? chunk.subarray(0, chunk.lastIndexOf(0xff, chunk.indexOf('item1.'))) : chunk;
  const stream = peers.left.stream('count', { to: 5 }, { room: { items: 1, bytes: 10_000 } });
  await peers.until(stream.next());
  const filling = peers.left.call('hang', 1, { timeoutMs: 5_000 }).catch(() => 'over');
  const next = stream.next().catch((error: { code?: string }) => error.code);
  await peers.pass(6_000);
  expect(await filling).toBe('over');
  expect(await peers.until(next, { steps: 1_000, ms: 50 })).toBe('ITEMS_LOST');
});
