import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { createActor } from 'xstate';
import { memoryPair, protocolByName, streamChannel, transportLogic, transportOf } from '../../transport/index.ts';
import type { SendResult, Transport, TransportInput } from '../../transport/index.ts';
import { program } from './run-program.ts';
import { ending, text } from './support.ts';
import { runs } from '../property.ts';

/** What the stream was given, a write each; it takes none before it is let go on, if it is to wait. */
class Recorder extends Duplex {
  readonly writes: string[] = [];
  waits = false;
  #done: (() => void) | undefined;

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.writes.push(chunk.toString('latin1'));
    if (this.waits) this.#done = done;
    else done();
  }

  goOn(): void {
    const done = this.#done;
    this.#done = undefined;
    done?.();
  }
}

/** A transport whose line is up, and why it was lost, once it is. */
async function up(stream: Duplex): Promise<{ transport: Transport; lost: unknown[]; send: (text: string) => SendResult[] }> {
  const { createCodec, limits } = protocolByName('jsonrpc-lines');
  const lost: unknown[] = [];
  let onUp = (): void => {};
  const isUp = new Promise<void>((resolve) => (onUp = resolve));
  const input: TransportInput = {
    channel: streamChannel(ending(stream)),
    createCodec: () => createCodec(limits),
    onMessage: () => {},
    onUp: () => onUp(),
    onDown(reason) {
      lost.push(reason);
      transport.settled();
    },
  };
  const actor = createActor(transportLogic, { input: input as never }).start();
  const transport = transportOf(actor);
  onTestFinished(() => transport._stop());
  actor.send({ type: 'open' });
  await isUp;
  const send = (what: string): SendResult[] => {
    const results: SendResult[] = [];
    transport.write(Buffer.from(what, 'latin1'), (one) => results.push(one));
    return results;
  };
  return { transport, lost, send };
}

const ok = [{ ok: true }];
const immediate = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Where a turn may begin: of ticks and promises, some come before the others. */
const beginnings: { from: string; begin: (turn: () => void) => void }[] = [
  { from: 'a callback', begin: (turn) => void setImmediate(turn) },
  { from: 'a timer', begin: (turn) => void setTimeout(turn, 0) },
  { from: 'a tick', begin: (turn) => process.nextTick(turn) },
  { from: 'a promise', begin: (turn) => void Promise.resolve().then(turn) },
];

test.each(beginnings)('a lone message is with the stream before write() returns, whatever its size: from $from', async ({ begin }) => {
  const stream = new Recorder();
  const { transport } = await up(stream);
  for (const size of [1, 100, 100_000]) {
    const message = 'a'.repeat(size);
    await immediate();
    const seen = await new Promise<string[]>((resolve) =>
      begin(() => {
        transport.write(Buffer.from(message), () => {});
        resolve([...stream.writes]);
      }),
    );
    expect(seen).toEqual([message]);
    await immediate();
    expect(stream.writes.splice(0)).toEqual([message]);
  }
});

test('what one turn sends leaves as its first, at once, and the rest in one write, in order; each is said to be sent at once', async () => {
  const stream = new Recorder();
  const { transport, send } = await up(stream);
  for (let turn = 1; turn <= 3; turn++) {
    expect(send('0')).toEqual(ok);
    expect(stream.writes).toEqual(['0']);
    expect([...send('a'), ...send('b'), ...send('c')]).toEqual([...ok, ...ok, ...ok]);
    expect(stream.writes).toEqual(['0']);
    expect(transport.counters).toMatchObject({ bytesOut: 4 * turn, messagesOut: 4 * turn });
    await immediate();
    expect(stream.writes.splice(0)).toEqual(['0', 'abc']);
  }
});

test.each(beginnings)(
  'the rest is also what the promises send that the turn settles, however many hang on each other: from $from',
  async ({ begin }) => {
    const stream = new Recorder();
    const { send } = await up(stream);
    const answer = async (name: string, awaits: number): Promise<void> => {
      for (let i = 0; i < awaits; i++) await Promise.resolve();
      send(name);
    };
    await immediate();
    await new Promise<unknown>((resolve) =>
      begin(() => {
        resolve(Promise.all([answer('c', 9), answer('b', 3), answer('a', 1)]));
        send('0');
      }),
    );
    await immediate();
    expect(stream.writes).toEqual(['0', 'abc']);
  },
);

test('what is sent while the stream takes the first, or is told that it did, is of the rest', async () => {
  const stream = new Recorder();
  const { transport, send } = await up(stream);
  const write = stream._write.bind(stream);
  stream._write = (...args) => {
    if (stream.writes.length === 0) send('a');
    write(...args);
  };
  transport.write(Buffer.from('0'), () => send('b'));
  expect(stream.writes).toEqual(['0']);
  await immediate();
  expect(stream.writes).toEqual(['0', 'ab']);
});

test('the rest leaves before anything of a later turn', async () => {
  const stream = new Recorder();
  const { send } = await up(stream);
  const seen: string[][] = [];
  await immediate();
  const later = [
    new Promise<void>((resolve) => setImmediate(() => resolve(void seen.push([...stream.writes])))),
    new Promise<void>((resolve) => setTimeout(() => resolve(void seen.push([...stream.writes])), 0)),
  ];
  send('0');
  send('a');
  await Promise.all(later);
  expect(seen).toEqual([
    ['0', 'a'],
    ['0', 'a'],
  ]);
});

test('a batch that has grown leaves at once, and what is large by itself, behind it', async () => {
  const stream = new Recorder({ writableHighWaterMark: 1024 * 1024 });
  const { send } = await up(stream);
  send('0');
  for (let i = 0; i < 25; i++) send(`${i % 10}`.repeat(100));
  expect(stream.writes.map(({ length }) => length)).toEqual([1, 2000]);
  send('x'.repeat(100_000));
  expect(stream.writes.map(({ length }) => length)).toEqual([1, 2000, 500, 100_000]);
  send('y');
  send('z');
  expect(stream.writes).toHaveLength(4);
  await immediate();
  expect(stream.writes.slice(4)).toEqual(['yz']);
});

test('what finds the stream full waits for it to drain, as one by one', async () => {
  const stream = new Recorder({ writableHighWaterMark: 10 });
  stream.waits = true;
  const { send } = await up(stream);
  const results = ['0', '1234', '5678', '90', '12'].map(send);
  expect(results).toEqual([ok, ok, ok, [], []]);
  expect(stream.writes).toEqual(['0']);
  await immediate();
  expect(results).toEqual([ok, ok, ok, [], []]);
  // No more than it would have taken by itself.
  expect(stream.writableLength).toBe(13);
  for (let i = 0; i < 4; i++) {
    stream.goOn();
    await immediate();
  }
  expect(results).toEqual([ok, ok, ok, ok, ok]);
  expect(stream.writes).toEqual(['0', '12345678', '90', '12']);
});

test('a first message that finds the stream full, or fills it, waits too, and so do those after it', async () => {
  const stream = new Recorder({ writableHighWaterMark: 10 });
  stream.waits = true;
  const { send } = await up(stream);
  const results = ['0'.repeat(10), 'a'].map(send);
  await immediate();
  results.push(...['b', 'c'].map(send));
  expect(results).toEqual([[], [], [], []]);
  expect(stream.writableLength).toBe(13);
  for (let i = 0; i < 4; i++) {
    stream.goOn();
    await immediate();
  }
  expect(results).toEqual([ok, ok, ok, ok]);
  expect(stream.writes).toEqual(['0'.repeat(10), 'a', 'b', 'c']);
});

test('an in-memory line whose other end has not read has no room for a batch', async () => {
  const [stream, far] = memoryPair({ highWaterMark: 100 });
  const { send } = await up(stream);
  expect(send('x'.repeat(90))).toEqual(ok);
  await immediate();
  expect(far.readableLength).toBe(90);
  expect(send('0')).toEqual(ok);
  const results = send('y'.repeat(20));
  expect(results).toEqual([]);
  far.resume();
  await immediate();
  expect(results).toEqual(ok);
});

test('in object mode, where a chunk may be a message, each is written by itself', async () => {
  const stream = new Recorder({ objectMode: true, highWaterMark: 1000 });
  const { send } = await up(stream);
  send('0');
  send('a');
  send('b');
  expect(stream.writes).toEqual(['0', 'a', 'b']);
});

test('a line that dies before its batch leaves has lost it: it is down, and nothing is written to it', async () => {
  const stream = new Recorder();
  const { lost, send } = await up(stream);
  expect([...send('0'), ...send('a')]).toEqual([...ok, ...ok]);
  stream.destroy(new Error('unplugged'));
  await immediate();
  expect(stream.writes).toEqual(['0']);
  expect(lost).toMatchObject([{ message: 'unplugged' }]);
  expect(send('b')).toMatchObject([{ ok: false, known: 'not-sent', error: { code: 'LINE_LOST' } }]);
});

test('a line that somebody else has ended is lost when the batch is to leave', async () => {
  const stream = new Recorder();
  const { lost, send } = await up(stream);
  expect([...send('0'), ...send('a')]).toEqual([...ok, ...ok]);
  stream.end();
  await immediate();
  expect(stream.writes).toEqual(['0']);
  expect(lost).toMatchObject([{ code: 'LINE_LOST' }]);
});

test.each(['at the end of the turn', 'in the middle'])('a stream that does not take a batch is not tried again: %s', async (when) => {
  const stream = new Recorder();
  const { lost, send } = await up(stream);
  expect(send('0')).toEqual(ok);
  let tries = 0;
  stream.write = () => {
    tries++;
    throw new Error('no write today');
  };
  expect(send('a')).toEqual(ok);
  if (when === 'in the middle') expect(send('x'.repeat(20_000))).toMatchObject([{ ok: false, known: 'not-sent' }]);
  await immediate();
  expect(tries).toBe(1);
  expect(lost).toMatchObject([{ message: 'no write today' }]);
});

test('a stream that does not take the first message is not tried again, and its sender hears of it', async () => {
  const stream = new Recorder();
  const { lost, send } = await up(stream);
  let tries = 0;
  stream.write = () => {
    tries++;
    throw new Error('no write today');
  };
  const [result] = send('0');
  expect(result).toMatchObject({ ok: false, error: { message: 'no write today' } });
  // Some of it may be out.
  expect(result).not.toHaveProperty('known');
  for (const behind of ['a', 'x'.repeat(20_000)]) expect(send(behind)).toMatchObject([{ ok: false, known: 'not-sent' }]);
  await immediate();
  expect(tries).toBe(1);
  expect(lost).toMatchObject([{ message: 'no write today' }]);
});

test('a line that is closed, stopped, finished or given up in the same turn is given its batch first', async () => {
  const ends: ((transport: Transport) => void)[] = [
    (transport) => transport.ref.send({ type: 'close' } as never),
    (transport) => transport._stop(),
    (transport) => transport.finished(),
    (transport) => transport.fail(new Error('enough')),
  ];
  for (const end of ends) {
    const stream = new Recorder();
    const { transport, send } = await up(stream);
    send('0');
    send('a');
    send('b');
    end(transport);
    await immediate();
    expect(stream.writes).toEqual(['0', 'ab']);
  }
});

test('a process that exits in the turn in which it was told that it sent has sent', async () => {
  const { child, exited, notes } = program('send-and-exit');
  const said = (method: string): string => `{"jsonrpc":"2.0","method":"${method}","params":{"words":1}}\n`;
  expect(await text(child.stdout)).toBe(said('first') + said('last'));
  expect(await exited, notes()).toBe(7);
});

test('however it is written and however the stream holds back, the same bytes leave, in order, the first of a turn at once, and no more wait than it holds', async () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ does: fc.constant('send' as const), size: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.nat(20_000)) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ does: fc.constantFrom('turn' as const, 'hold' as const, 'go on' as const), size: fc.constant(0) }),
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.constantFrom(1, 50, 1000, 16_384, 100_000), async (steps, mark) => {
      const stream = new Recorder({ writableHighWaterMark: mark });
      const { transport, lost, send } = await up(stream);
      const sent: string[] = [];
      const results: SendResult[][] = [];
      let isFirst = true;
      for (const { does, size } of steps) {
        if (does === 'turn') {
          await immediate();
          isFirst = true;
        } else if (does === 'hold') stream.waits = true;
        else if (does === 'go on') {
          stream.waits = false;
          stream.goOn();
        } else {
          const frame = String.fromCharCode(0x30 + (sent.length % 70)).repeat(size);
          sent.push(frame);
          const before = sent.slice(0, -1).join('').length - stream.writes.join('').length;
          const one = send(frame);
          // Said to be sent at once only while all that the stream has not passed on is below its mark.
          if (one.length > 0 && stream.waits) expect(before + size).toBeLessThan(mark);
          results.push(one);
          if (isFirst && !stream.waits) expect(stream.writes.join('') === sent.join('')).toBe(true);
          isFirst = false;
        }
      }
      stream.waits = false;
      for (let i = 0; i < 200 && results.some((one) => one.length === 0); i++) {
        stream.goOn();
        await immediate();
      }
      stream.goOn();
      await immediate();
      expect(stream.writes.join('') === sent.join('')).toBe(true);
      expect(results).toEqual(sent.map(() => [{ ok: true }]));
      expect(lost).toEqual([]);
      expect(transport.counters).toMatchObject({ bytesOut: sent.join('').length, messagesOut: sent.length });
      transport._stop();
    }),
    runs(300),
  );
});
