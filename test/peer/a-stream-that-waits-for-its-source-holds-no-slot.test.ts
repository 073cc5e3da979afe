import { once, EventEmitter } from 'node:events';
import fc from 'fast-check';
import { NEVER, Subject } from 'rxjs';
import { expect, test, vi } from 'vitest';
import type { CallStream, HandlerContext } from '../../actors/index.ts';
import { durations } from '../../transport/timers.ts';
import { runs } from '../property.ts';
import { rejection, settled, type Loose } from '../support/peers.ts';
import { held, SessionPeers } from './session-peers.ts';

const long = 3 * durations.sourceWait;

/** A generator of what is emitted, which does not look at its signal. */
async function* emitted(source: EventEmitter): AsyncGenerator<unknown> {
  for (;;) yield ((await once(source, 'item')) as unknown[])[0];
}

/** What came of a stream, and how it ended. */
function watched(stream: CallStream): { items: unknown[]; end: unknown; leave: () => void } {
  const seen = { items: [] as unknown[], end: undefined as unknown, leave: () => stream.cancel() };
  const read = async (): Promise<void> => {
    for await (const item of stream) seen.items.push(item);
  };
  read().then(
    () => (seen.end ??= 'ended'),
    (error: unknown) => (seen.end ??= (error as { code?: string }).code),
  );
  return seen;
}

test.each<[string, () => unknown]>([
  ['observables', () => NEVER],
  ['generators', () => emitted(new EventEmitter())],
])('as many quiet %s as may be streamed at once leave every slot to others', async (_, quiet) => {
  const peers = await SessionPeers.up({}, { executeSlots: 2, methods: { quiet, ping: () => 'pong' } });
  const streams = Array.from({ length: 64 }, () => watched(peers.left.stream('quiet')));
  await peers.pass(40 * durations.sourceWait);
  expect(peers.right.slots.execute).toEqual({ slots: 2, taken: 0, parked: 64, waiting: 0 });
  expect(await peers.left.call('ping')).toBe('pong');
  for (const { leave } of streams) leave();
});

test('an item is sent when there is a slot again, and its source is not asked before', async () => {
  const { methods, release, begun } = held();
  const source = new EventEmitter();
  let asked = 0;
  const counted = async function* (): AsyncGenerator<unknown> {
    for await (const item of emitted(source)) yield ((asked++, item));
  };
  const peers = await SessionPeers.up({}, { executeSlots: 1, methods: { ...methods, counted } });
  const stream = watched(peers.left.stream('counted'));
  await peers.pass(long);
  const call = peers.left.call('held');
  await settled();
  expect(begun).toHaveLength(1);
  source.emit('item', 1);
  await settled();
  source.emit('item', 'nobody listens');
  await peers.pass(long);
  expect(stream.items).toEqual([]);
  expect(asked).toBe(1);
  expect(peers.right.slots.execute).toMatchObject({ taken: 1, parked: 1, waiting: 1 });
  release();
  expect(await call).toBe('released');
  await settled();
  expect(stream.items).toEqual([1]);
  source.emit('item', 2);
  await settled();
  expect(stream.items).toEqual([1, 2]);
  stream.leave();
});

test('one that ends, or fails, while others have the slots needs none', async () => {
  const { methods, release } = held();
  const subjects = [new Subject(), new Subject()];
  const peers = await SessionPeers.up({}, { executeSlots: 1, methods: { ...methods, made: ({ n }) => subjects[n] } });
  const streams = [0, 1].map((n) => watched(peers.left.stream('made', { n })));
  await peers.pass(2 * long);
  const call = peers.left.call('held');
  await settled();
  subjects[0]?.complete();
  subjects[1]?.error(new Error('no more'));
  await settled();
  expect(streams).toMatchObject([{ end: 'ended' }, { end: 'HANDLER_FAILED' }]);
  expect(peers.right.slots.execute).toMatchObject({ taken: 1, parked: 0, waiting: 0 });
  release();
  await call;
});

test('while its items come quickly it keeps its slot, and costs a timer now and then', async () => {
  const subject = new Subject();
  const peers = await SessionPeers.up({}, { executeSlots: 1, methods: { made: () => subject } });
  const stream = watched(peers.left.stream('made'));
  await settled();
  const started = vi.spyOn(peers.right.manager.timers, 'start');
  for (let n = 0; n < 400; n++) {
    subject.next(n);
    await settled(1);
    peers.clock.increment(1);
    expect(peers.right.slots.execute).toMatchObject({ taken: 1, parked: 0 });
  }
  expect(stream.items).toHaveLength(400);
  expect(started.mock.calls.length).toBeLessThan(10);
  stream.leave();
});

test('many slow ones keep one slot for hardly any of the time', async () => {
  const subject = new Subject();
  const peers = await SessionPeers.up({}, { executeSlots: 1, methods: { made: () => subject, ping: () => 'pong' } });
  const streams = Array.from({ length: 60 }, () => watched(peers.left.stream('made')));
  await peers.pass(80 * durations.sourceWait);
  for (let n = 0; n < 5; n++) {
    subject.next(n);
    await peers.pass(150, 1);
    expect(peers.right.slots.execute).toMatchObject({ taken: 0, parked: 60, waiting: 0 });
    expect(await peers.left.call('ping')).toBe('pong');
  }
  expect(streams.map(({ items }) => items)).toEqual(streams.map(() => [0, 1, 2, 3, 4]));
  for (const { leave } of streams) leave();
});

test('one that was slow and is quick again is given its time again', async () => {
  const subject = new Subject();
  const peers = await SessionPeers.up({}, { executeSlots: 1, methods: { made: () => subject } });
  const stream = watched(peers.left.stream('made'));
  await peers.pass(long);
  for (let n = 0; n < 400; n++) {
    subject.next(n);
    await settled(1);
    peers.clock.increment(0.5);
  }
  await settled();
  peers.clock.increment(durations.sourceWait / 2);
  expect(peers.right.slots.execute).toMatchObject({ taken: 1, parked: 0 });
  await peers.pass(long);
  expect(peers.right.slots.execute).toMatchObject({ taken: 0, parked: 1 });
  stream.leave();
});

test('one that is left leaves nothing, whether it waits or an item of it waits for a slot', async () => {
  const { methods, release } = held();
  const subject = new Subject();
  const peers = await SessionPeers.up({}, { executeSlots: 1, methods: { ...methods, made: () => subject } });
  const { right } = peers;
  const before = right.manager.timers.size;
  const streams = Array.from({ length: 4 }, () => watched(peers.left.stream('made')));
  await peers.pass(10 * durations.sourceWait);
  expect(right.manager.timers.size).toBe(before);
  streams[0]?.leave();
  await settled();
  expect(right.slots.execute).toMatchObject({ taken: 0, parked: 3 });
  const call = peers.left.call('held');
  await settled();
  streams[1]?.leave();
  subject.next('an item');
  await settled();
  streams[2]?.leave();
  await settled();
  expect(right.slots.execute).toMatchObject({ taken: 1, parked: 1, waiting: 1 });
  release();
  await call;
  await settled();
  expect(streams.map(({ items }) => items)).toEqual([[], [], [], ['an item']]);
  // Its source was asked again, and has the time that it has.
  streams[3]?.leave();
  await settled();
  expect(subject.observed).toBe(false);
  expect(right.manager.timers.size).toBe(before);
  expect(right.slots).toMatchObject({ execute: { taken: 0, parked: 0, waiting: 0 }, server: { count: 0, bytes: 0 } });
});

test('one that is left and goes on waiting holds a slot until it returns', async () => {
  const source = new EventEmitter();
  const peers = await SessionPeers.up({}, { executeSlots: 1, methods: { deaf: () => emitted(source), ping: () => 'pong' } });
  const stream = watched(peers.left.stream('deaf'));
  await peers.pass(long);
  stream.leave();
  await settled();
  expect(peers.right.slots.execute).toMatchObject({ taken: 1, parked: 0 });
  const ping = peers.left.call('ping');
  await peers.pass(long);
  expect(peers.right.slots.execute).toMatchObject({ taken: 1, parked: 0, waiting: 1 });
  source.emit('item', 'the last');
  expect(await ping).toBe('pong');
  expect(peers.right.slots).toMatchObject({ execute: { taken: 0, parked: 0, waiting: 0 }, server: { count: 0, bytes: 0 } });
});

test('one that waits for a call of its own is parked once, and for its source when that was answered', async () => {
  const { methods, release } = held();
  const source = new EventEmitter();
  const relays = {
    async *relays(_: unknown, { call }: HandlerContext<Loose>) {
      const first = await call('held');
      for await (const item of emitted(source)) yield [first, item];
    },
  };
  const peers = await SessionPeers.up({ methods }, { executeSlots: 1, methods: relays });
  const stream = watched(peers.left.stream('relays'));
  await peers.pass(long);
  expect(peers.right.slots.execute).toMatchObject({ taken: 0, parked: 1 });
  release();
  await settled();
  expect(peers.right.slots.execute).toMatchObject({ taken: 1, parked: 0 });
  await peers.pass(long);
  expect(peers.right.slots.execute).toMatchObject({ taken: 0, parked: 1 });
  source.emit('item', 'more');
  await settled();
  expect(stream.items).toEqual([['released', 'more']]);
  stream.leave();
  await settled();
  source.emit('item', 'none');
  await settled();
  expect(peers.right.slots).toMatchObject({ execute: { taken: 0, parked: 0 }, server: { count: 0 } });
  expect(peers.right.counters.violations).toBe(0);
});

test('a deadline, a cancel and the end of the peer end one that is parked', async () => {
  const signals: AbortSignal[] = [];
  const made = (_: unknown, { signal }: HandlerContext) => (signals.push(signal), NEVER);
  const peers = await SessionPeers.up({}, { executeSlots: 1, methods: { made } });
  const aborter = new AbortController();
  const ends = [{ timeoutMs: 1_000 }, { signal: aborter.signal }, {}].map(async (options) =>
    rejection(peers.left.stream('made', undefined, options).next()),
  );
  await peers.pass(4 * long);
  await peers.until(ends[0] as Promise<unknown>);
  aborter.abort();
  await ends[1];
  peers.left.close();
  expect((await Promise.all(ends)).map(({ code }) => code)).toEqual(['TIMEOUT', 'CANCELLED', 'STOPPED']);
  await settled();
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true]);
  expect(peers.right.slots).toMatchObject({ execute: { taken: 0, parked: 0, waiting: 0 }, server: { count: 0, bytes: 0 } });
});

/** An observable and an emitter, and what those who listened to them were given. */
class Source {
  readonly subject = new Subject();
  readonly emitter = new EventEmitter();
  readonly sent: unknown[] = [];

  emit(): void {
    if (!this.subject.observed && this.emitter.listenerCount('item') === 0) return;
    const item = this.sent.length;
    this.sent.push(item);
    this.subject.next(item);
    this.emitter.emit('item', item);
  }
}

const step = fc.oneof(
  fc.record({ does: fc.constant('emit'), n: fc.nat(5) }),
  fc.record({ does: fc.constant('leave'), n: fc.nat(5) }),
  fc.record({ does: fc.constantFrom('call', 'release', 'turn'), n: fc.nat(3) }),
  fc.record({ does: fc.constant('pass'), n: fc.constantFrom(0, 1, 2, 50, 100, 250) }),
);

test('whatever is emitted, left and called meanwhile: items come in order, and all slots come back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), async (steps, executeSlots) => {
      const { methods, release } = held();
      const sources = Array.from({ length: 6 }, () => new Source());
      const made = ({ n }: { n: number }): unknown => (n % 2 === 0 ? sources[n]?.subject : emitted((sources[n] as Source).emitter));
      const peers = await SessionPeers.up({}, { executeSlots, methods: { ...methods, made } });
      const { right } = peers;
      const streams = sources.map((_, n) => watched(peers.left.stream('made', { n })));
      const calls: Promise<unknown>[] = [];
      for (const { does, n } of steps) {
        const source = sources[n];
        if (does === 'emit') source?.emit();
        else if (does === 'leave') streams[n]?.leave();
        else if (does === 'call') calls.push(peers.left.call('held'));
        else if (does === 'release') release();
        else if (does === 'turn') await settled(n);
        else if (does === 'pass') peers.clock.increment(n);
        expect(right.slots.execute.taken).toBeLessThanOrEqual(executeSlots);
      }
      for (let round = 0; round < 30; round++) {
        release();
        await peers.pass(10 * durations.sourceWait, durations.sourceWait);
      }
      await Promise.all(calls);
      streams.forEach(({ items, end }, n) => {
        if (end === undefined) expect(items).toEqual(sources[n]?.sent);
        else expect(items).toEqual(sources[n]?.sent.slice(0, items.length));
      });
      for (const { leave } of streams) leave();
      for (const { emitter } of sources) emitter.emit('item');
      await settled();
      for (const { emitter } of sources) emitter.emit('item');
      await settled();
      expect(right.slots).toMatchObject({ execute: { taken: 0, parked: 0, waiting: 0 }, server: { count: 0, bytes: 0 } });
      expect(right.counters.violations).toBe(0);
      peers.left.close();
      right.close();
    }),
    runs(15),
  );
});
