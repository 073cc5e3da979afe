/** What an observable gives to whoever subscribes, and what its end throws, harms nobody. */
import { concat, defer, from, generate, map, mergeMap, NEVER, Observable, of, range, repeat, Subject, take, timer } from 'rxjs';
import { expect, test } from 'vitest';
import { pairOfPeers, rejection, settled } from '../support/peers.ts';

interface Observer {
  next(value: unknown): void;
  error(error: unknown): void;
  complete(): void;
}

const boom = (): never => {
  throw new Error('boom');
};

/** Reads it to its end, or leaves it at an item. */
async function read(stream: AsyncIterable<unknown>, leaveAt?: unknown): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of stream) {
    items.push(item);
    if (item === leaveAt) break;
  }
  return items;
}

const pair = async (made: () => unknown) => pairOfPeers({ protocol: 'virtagent-2' }, { executeSlots: 1, methods: { made } });

test.each<[string, () => unknown]>([
  ['an observable of rxjs whose teardown throws', () => new Observable((to) => (to.next(1), boom))],
  ['a subscription that throws', () => ({ subscribe: (to: Observer) => (to.next(1), { unsubscribe: boom }) })],
  ['one that rejects', () => ({ subscribe: (to: Observer) => (to.next(1), { unsubscribe: () => Promise.reject(new Error('boom')) }) })],
  [
    'one that can not be looked at',
    () => ({ subscribe: (to: Observer) => (to.next(1), Object.defineProperty({}, 'unsubscribe', { get: boom })) }),
  ],
  ['a function that throws', () => ({ subscribe: (to: Observer) => (to.next(1), boom) })],
  ['none at all', () => ({ subscribe: (to: Observer) => to.next(1) })],
])('%s: leaving it gives the slot back', async (_, made) => {
  const { host, guest } = await pair(made);
  expect(await read(host.stream('made'), 1)).toEqual([1]);
  await settled();
  expect(guest.slots).toMatchObject({ execute: { taken: 0, parked: 0 }, server: { count: 0 } });
});

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['a function', () => {}],
  ['a subscription that throws', { unsubscribe: boom }],
])('one that ends while it is subscribed to, and gives %s, is a stream as any other', async (_, subscription) => {
  const ends = { subscribe: (to: Observer) => (to.next(1), to.complete(), subscription) };
  expect(await read((await pair(() => ends)).host.stream('made'))).toEqual([1]);
  const fails = { subscribe: (to: Observer) => (to.error(new Error('no more')), subscription) };
  expect(await rejection(read((await pair(async () => fails)).host.stream('made')))).toMatchObject({
    code: 'HANDLER_FAILED',
    remote: { message: 'no more' },
  });
});

test('a function unsubscribes, and once', async () => {
  let times = 0;
  const { host } = await pair(() => ({ subscribe: (to: Observer) => (to.next(1), () => times++) }));
  await read(host.stream('made'), 1);
  await settled();
  expect(times).toBe(1);
});

test('one that is ahead by too much fails as such, whatever its end throws', async () => {
  const subject = new Subject<number>();
  const { host } = await pair(() => ({ subscribe: (to: Observer) => (subject.subscribe(to), { unsubscribe: boom }) }));
  const stream = host.stream('made', undefined, { room: { items: 1, bytes: 1_000 } });
  const first = stream.next();
  await settled();
  for (let n = 0; n < 2_000; n++) subject.next(n);
  expect(await first).toMatchObject({ value: 0 });
  expect(await rejection(read(stream))).toMatchObject({ code: 'HANDLER_FAILED', message: expect.stringContaining('ahead') as string });
});

test('an asynchronous subscribe that rejects fails the handler', async () => {
  const { host, guest } = await pair(() => ({ subscribe: () => Promise.reject(new Error('no such topic')) }));
  expect(await rejection(read(host.stream('made')))).toMatchObject({ code: 'HANDLER_FAILED', remote: { message: 'no such topic' } });
  expect(guest.slots.execute.taken).toBe(0);
});

test('an observable that says it is no iterable is none', async () => {
  const odd = { [Symbol.asyncIterator]: undefined, subscribe: (to: Observer) => (to.next(1), to.complete()) };
  expect(await read((await pair(() => odd)).host.stream('made'))).toEqual([1]);
});

/** More than anybody holds; a source that does not stop ends the test, and not the run. */
const endless = 100_000;
let emitted = 0;
const counted = <T>(value: T): T => (emitted++, value);

test.each<[string, () => unknown]>([
  [
    'a generator',
    () =>
      from(
        (function* () {
          while (emitted < endless) yield counted(emitted);
        })(),
      ),
  ],
  ['a range', () => range(0, endless).pipe(map(counted))],
  ['what is generated', () => generate({ initialState: 0, condition: (n) => n < endless, iterate: (n) => n + 1, resultSelector: counted })],
  ['what is repeated', () => defer(() => of(counted(1))).pipe(repeat(endless))],
  ['one of several', () => concat(of(1), range(0, endless).pipe(map(counted)), NEVER)],
  ['what comes of each', () => timer(1).pipe(mergeMap(() => range(0, endless).pipe(map(counted))))],
  [
    'an observable that looks whether it is closed',
    () =>
      new Observable((to) => {
        while (!to.closed && emitted < endless) to.next(counted(emitted));
      }),
  ],
])('%s that emits without end at once is stopped, and fails as one that is ahead', async (_, made) => {
  emitted = 0;
  const { host, guest } = await pair(made);
  expect(await rejection(read(host.stream('made')))).toMatchObject({
    code: 'HANDLER_FAILED',
    message: expect.stringContaining('ahead') as string,
  });
  expect(emitted).toBeLessThan(2_000);
  await settled();
  expect(guest.slots).toMatchObject({ execute: { taken: 0, parked: 0 }, server: { count: 0 } });
});

test('functions of an observer may be taken out of it', async () => {
  const made = { subscribe: ({ next, complete }: Observer) => (next(1), complete(), () => {}) };
  expect(await read((await pair(() => made)).host.stream('made'))).toEqual([1]);
});

test('what an observable is made of is torn down once: when it has ended, and when it is left', async () => {
  const ends: string[] = [];
  const source = (name: string): Observable<number> =>
    new Observable<number>((to) => {
      to.next(1);
      to.next(2);
      if (name === 'ends') to.complete();
      return () => ends.push(name);
    }).pipe(map((n) => n));
  expect(await read((await pair(() => source('ends'))).host.stream('made'))).toEqual([1, 2]);
  expect(await read((await pair(() => source('taken').pipe(take(1)))).host.stream('made'))).toEqual([1]);
  expect(await read((await pair(() => source('left'))).host.stream('made'), 1)).toEqual([1]);
  await settled();
  expect(ends).toEqual(['ends', 'taken', 'left']);
});
