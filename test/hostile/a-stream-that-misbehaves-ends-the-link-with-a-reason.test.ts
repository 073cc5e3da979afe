import { Duplex, PassThrough, Readable, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { createPeer } from '../../actors/index.ts';
import { memoryPair, type Channel } from '../../transport/index.ts';
import { opened, rejection, settled, everyProtocol, type Loose } from '../support/peers.ts';
import { farSide } from '../support/far-side.ts';

test('a stream of text is refused before it is touched', () => {
  const stream = new PassThrough();
  stream.setEncoding('utf8');
  expect(() => createPeer({ stream })).toThrow(
    expect.objectContaining({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(/^stream is "of text in utf8"; it takes a stream of bytes/) as string,
    }) as Error,
  );
  expect(stream.listenerCount('error')).toBe(0);
});

test.each(['text', { an: 'object' }, 5])('one that gives something else than bytes ends the link: %s', async (what) => {
  const stream = new Duplex({ readableObjectMode: true, read() {}, write: (_c, _e, done) => done() });
  const peer = opened<Loose>({ stream, protocol: 'jsonrpc-lines' });
  await peer.ready();
  const call = rejection(peer.call('any'));
  stream.push(what);
  expect(await call).toMatchObject({ code: 'LINE_LOST', known: 'perhaps-executed' });
  expect(await peer.ended()).toMatchObject({ code: 'CHANNEL_UNUSABLE', message: expect.stringMatching(/bytes/) as string });
  expect(stream.destroyed).toBe(true);
});

test('one in object mode that gives buffers is served', async () => {
  const stream: Duplex = new Duplex({
    objectMode: true,
    read() {},
    write(chunk: Buffer, _e, done) {
      const { id } = JSON.parse(chunk.toString()) as { id: string };
      this.push(Buffer.from(`{"jsonrpc":"2.0","id":"${id}","result":1}\n`));
      done();
    },
  });
  expect(await opened<Loose>({ stream, protocol: 'jsonrpc-lines' }).call('any')).toBe(1);
});

test.each(everyProtocol)(
  'one that throws as it is written to: the call says so, and nothing is written behind it ($protocol)',
  async ({ protocol }) => {
    let writes = 0;
    const stream = new Duplex({ read() {} });
    const side = farSide(protocol, (bytes) => setImmediate(() => stream.push(bytes)));
    stream.write = (chunk: Uint8Array) => {
      // A greeting it takes.
      if (side.push(chunk).length === 0) return true;
      writes++;
      throw new Error('no write today');
    };
    const peer = opened<Loose>({ stream, protocol });
    const calls = Array.from({ length: 4 }, () => rejection(peer.call('any', {})));
    const [first, ...rest] = await Promise.all(calls);
    if (protocol !== 'virtagent-2')
      expect(first).toMatchObject({ code: 'SEND_FAILED', known: 'perhaps-executed', cause: { message: 'no write today' } });
    // In a session it waits for the next line, and there is none.
    else
      expect(first).toMatchObject({
        code: 'LINE_LOST',
        known: 'perhaps-executed',
        message: expect.stringContaining('no write today') as string,
      });
    for (const error of rest) expect(error).toMatchObject({ code: 'LINE_LOST', known: 'not-sent' });
    expect(writes).toBe(1);
    expect(await peer.ended()).toMatchObject({ message: 'no write today' });
  },
);

test('one whose write fails later', async () => {
  const stream = new Duplex({ read() {}, write: (_c, _e, done) => setImmediate(done, new Error('EIO')) });
  const peer = opened<Loose>({ stream, protocol: 'jsonrpc-lines' });
  const calls = [rejection(peer.call('any')), rejection(peer.call('any'))];
  expect(await Promise.all(calls)).toMatchObject([
    { code: 'LINE_LOST', known: 'perhaps-executed' },
    { code: 'LINE_LOST', known: 'perhaps-executed' },
  ]);
  expect(await peer.ended()).toMatchObject({ message: 'EIO' });
});

test('one that was destroyed, or ended, before', async () => {
  const destroyed = memoryPair()[0];
  destroyed.destroy();
  const ended = memoryPair()[0];
  ended.end();
  const failed = memoryPair()[0];
  failed.on('error', () => {});
  failed.destroy(new Error('earlier'));
  const half = Duplex.from({ readable: Readable.from([]), writable: new Writable({ write: (_c, _e, done) => done() }) });
  for await (const chunk of half) void chunk;
  for (const stream of [destroyed, ended, failed, half]) {
    const peer = opened<Loose>({ stream, protocol: 'jsonrpc-lines' });
    const call = rejection(peer.call('any'));
    expect(await peer.ended()).toMatchObject({ code: 'CHANNEL_UNUSABLE' });
    expect(await call).toMatchObject({ code: 'LINE_LOST', known: 'not-sent' });
  }
});

test('one that says error after close, data after end, and drain for nothing', async () => {
  const [stream, far] = memoryPair();
  const peer = opened<Loose>({ stream, methods: { ping: () => 'pong' }, protocol: 'jsonrpc-lines' });
  await peer.ready();
  stream.emit('drain');
  far.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\n');
  await settled();
  far.end();
  await peer.ended();
  const before = peer.counters;
  stream.emit('data', Buffer.from('{"jsonrpc":"2.0","id":1,"method":"ping"}\n'));
  stream.emit('end');
  stream.emit('close');
  stream.emit('error', new Error('after close'));
  stream.emit('drain');
  await settled();
  expect(peer.counters).toEqual(before);
});

test('one that its owner ends under us: the call was not sent, and the link ends', async () => {
  const [stream, far] = memoryPair();
  far.resume();
  const peer = opened<Loose>({ stream, protocol: 'jsonrpc-lines' });
  await peer.ready();
  stream.end();
  const [first, second] = await Promise.all([rejection(peer.call('any')), rejection(peer.call('any'))]);
  expect([first, second]).toMatchObject([{ known: 'not-sent' }, { known: 'not-sent' }]);
  expect(await peer.ended()).toBeInstanceOf(Error);
});

test('one with a high-water mark of zero takes a frame at a time', async () => {
  const written: string[] = [];
  const stream = new Duplex({
    writableHighWaterMark: 0,
    readableHighWaterMark: 0,
    read() {},
    write: (chunk: Buffer, _e, done) => void (written.push(chunk.toString()), setImmediate(done)),
  });
  const peer = opened<Loose>({ stream, protocol: 'jsonrpc-lines' });
  for (let i = 0; i < 5; i++) peer.call('any', [i]).catch(() => {});
  await settled(20);
  expect(written.map((text) => (JSON.parse(text) as { params: number[] }).params[0])).toEqual([0, 1, 2, 3, 4]);
});

const channels: Record<string, Partial<Channel> | { open: unknown }> = {
  'throws at once': {
    open: () => {
      throw new Error('at once');
    },
  },
  'gives nothing': { open: () => undefined },
  'gives no stream': { open: async () => ({}) },
  'rejects with nothing': { open: () => Promise.reject() }, // oxlint-disable-line typescript/prefer-promise-reject-errors -- as bad as can be
};

test.each(Object.entries(channels))('a channel whose open %s ends the peer, and is closed', async (_, own) => {
  let closes = 0;
  const channel = {
    name: 'test',
    reopens: false,
    close: () => {
      closes++;
      throw new Error('close too');
    },
    ...own,
  } as unknown as Channel;
  const clock = new SimulatedClock();
  const peer = opened<Loose>({ channel, clock });
  const call = rejection(peer.call('any'));
  await peer.ended();
  expect(await call).toMatchObject({ known: 'not-sent' });
  expect(peer.link).toBe('ended');
  expect(closes).toBe(1);
  expect((clock as unknown as { timeouts: Map<number, unknown> }).timeouts.size).toBe(0);
});
