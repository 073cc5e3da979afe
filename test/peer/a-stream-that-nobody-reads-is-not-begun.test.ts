import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { deferred, everyProtocol, pairOfPeers, rejection, settled } from '../support/peers.ts';

const protocol = 'virtagent-2' as const;

/** Streams of every kind, and what became of them. */
function streams() {
  const seen: string[] = [];
  const see = (what: string) => () => void seen.push(what);
  const readable = new Readable({ read: see('readable begun') });
  const made = {
    async *generator() {
      seen.push('generator begun');
      yield 1;
    },
    iterator: () => ({ [Symbol.asyncIterator]: see('iterator begun'), next: see('iterator begun'), return: see('iterator ended') }),
    iterable: () => ({ [Symbol.asyncIterator]: see('iterable begun') }),
    observable: () => ({ subscribe: see('observable begun') }),
    readable: () => readable.on('close', see('readable ended')),
    web: () => new ReadableStream({ pull: see('web begun'), cancel: see('web ended') }, { highWaterMark: 0 }),
    failing: () => ({ [Symbol.asyncIterator]: see('failing begun'), return: () => Promise.reject(new Error('in return')) }),
  };
  return { seen, made };
}

const ended = ['iterator ended', 'readable ended', 'web ended'];

test.each(everyProtocol)(
  'one that is called for as one result: the handler has run, and what it made is not begun ($protocol)',
  async (name) => {
    const { seen, made } = streams();
    const told: unknown[] = [];
    const { host, guest } = await pairOfPeers(name, { methods: made, onError: (error) => told.push(error) });
    for (const method of Object.keys(made))
      expect(await rejection(host.call(method)), method).toMatchObject({
        code: 'HANDLER_FAILED',
        known: 'executed',
        message: expect.stringContaining('streams its result') as string,
      });
    await settled();
    expect(seen.toSorted()).toEqual(ended);
    expect(told).toHaveLength(Object.keys(made).length);
    expect(guest.slots).toMatchObject({ execute: { taken: 0, parked: 0 }, server: { count: 0 } });
  },
);

test('nor one that comes when its reader has left', async () => {
  const { seen, made } = streams();
  const opened = deferred();
  const later = async ({ name }: { name: keyof typeof made }): Promise<unknown> => {
    await opened.promise;
    return made[name]();
  };
  const { host, guest } = await pairOfPeers({ protocol }, { executeSlots: 10, methods: { later } });
  const reading = Object.keys(made).map((name) => host.stream('later', { name }));
  const first = reading.map((stream) => rejection(stream.next()));
  await settled();
  for (const stream of reading) stream.cancel();
  await Promise.all(first);
  await settled();
  opened.resolve();
  await settled();
  expect(seen.toSorted()).toEqual(ended);
  expect(guest.slots).toMatchObject({ execute: { taken: 0, parked: 0 }, server: { count: 0 } });
});
