import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { memoryPair, protocolByName } from '../../transport/index.ts';
import { everyProtocol, opened, rejection, settled, type Loose } from '../support/peers.ts';
import { answer, answers, ask, asked, farEnd, against } from './support.ts';

test.each(everyProtocol)(
  'a response that comes while its request is still being written is delivered once it is ($protocol)',
  async ({ protocol }) => {
    const { createCodec, limits } = protocolByName(protocol);
    const codec = createCodec(limits);
    let done: (() => void) | undefined;
    const stream: Duplex = new Duplex({
      writableHighWaterMark: 1,
      read() {},
      write(chunk: Buffer, _encoding, callback) {
        done = callback;
        const [request] = codec.push(chunk) as unknown as { tag: string }[];
        // Twice: the second is counted.
        for (const n of [1, 2]) this.push(codec.encode(answer(request?.tag, { n })));
      },
    });
    const peer = opened<Loose>({ stream, protocol });
    await peer.ready();
    let result: unknown;
    const call = peer.call('any', {}).then((value) => (result = value));
    await settled();
    expect(result).toBeUndefined();
    expect(peer.slots.send.taken).toBe(1);
    done?.();
    expect(await call).toEqual({ n: 1 });
    expect(peer.counters.violations).toBe(1);
    expect(peer.slots.send.taken).toBe(0);
  },
);

test.each(everyProtocol)(
  'a response whose request is never wholly written: the call ends as executed ($protocol)',
  async ({ protocol }) => {
    const { createCodec, limits } = protocolByName(protocol);
    const codec = createCodec(limits);
    const stream: Duplex = new Duplex({
      writableHighWaterMark: 1,
      read() {},
      write(chunk: Buffer) {
        const [request] = codec.push(chunk) as unknown as { tag: string }[];
        this.push(codec.encode(answer(request?.tag, {})));
      },
    });
    const peer = opened<Loose>({ stream, protocol });
    await peer.ready();
    const call = rejection(peer.call('any', {}));
    await settled();
    stream.destroy(new Error('unplugged'));
    expect(await call).toMatchObject({ code: 'LINE_LOST', known: 'executed' });
  },
);

test.each(everyProtocol)('byte by byte in, byte by byte out ($protocol)', async ({ protocol }) => {
  const [ours, line] = memoryPair({ highWaterMark: 1 });
  const peer = opened<Loose>({ stream: ours, protocol, methods: { echo: (params: unknown) => params } });
  const { heard, hear } = farEnd(line, protocol, true);
  const { createCodec, limits } = protocolByName(protocol);
  const codec = createCodec(limits);
  line.on('readable', () => {
    for (let byte = line.read(1) as Buffer | null; byte !== null; byte = line.read(1) as Buffer | null) hear(byte);
  });
  const call = peer.call('any', { text: 'grüße' });
  for (const byte of codec.encode(ask('1', 'echo', { text: '\u{1f600}' }))) {
    line.write(Buffer.of(byte));
    await settled(1);
  }
  for (let i = 0; i < 50 && (answers(heard).length === 0 || asked(heard).length === 0); i++) await settled(5);
  expect(answers(heard)).toMatchObject([{ tag: '1', answer: { value: { text: '\u{1f600}' } } }]);
  for (const byte of codec.encode(answer(asked(heard)[0]?.tag, { ok: 1 }))) line.write(Buffer.of(byte));
  expect(await call).toEqual({ ok: 1 });
});

test.each(everyProtocol)('a hundred thousand responses in one chunk, one of them ours ($protocol)', async ({ protocol }) => {
  const { peer, heard, line } = against({ protocol }, { highWaterMark: 2 ** 30 });
  const call = peer.call('any', {});
  await settled();
  const { createCodec, limits } = protocolByName(protocol);
  const codec = createCodec(limits);
  const noise = Buffer.from(codec.encode(answer('nobody', {})));
  line.write(Buffer.concat([...Array.from({ length: 100_000 }, () => noise), codec.encode(answer(asked(heard)[0]?.tag, { n: 1 }))]));
  expect(await call).toEqual({ n: 1 });
  expect(peer.counters.violations).toBe(100_000);
});
