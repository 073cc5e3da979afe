import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { memoryPair } from '../../transport/index.ts';
import { farSide, type FarSide } from '../support/far-side.ts';
import { everyProtocol, opened, settled, type Loose } from '../support/peers.ts';
import { answer, answers, ask, asked, farEnd, against } from './support.ts';

test.each(everyProtocol)(
  'a response that comes while its request is still being written is delivered once it is ($protocol)',
  async ({ protocol }) => {
    let done: (() => void) | undefined;
    const side: FarSide = farSide(protocol, (bytes) => stream.push(bytes));
    const stream: Duplex = new Duplex({
      writableHighWaterMark: 1,
      read() {},
      write(chunk: Buffer, _encoding, callback) {
        const [request] = side.push(chunk) as unknown as { tag: string }[];
        // Of the greeting.
        if (request === undefined) return callback();
        done = callback;
        // Twice: the second is counted.
        for (const n of [1, 2]) this.push(side.encode(answer(request.tag, { n })));
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
  'a response whose request is never wholly written: the call ends as executed, or with it ($protocol)',
  async ({ protocol }) => {
    const side: FarSide = farSide(protocol, (bytes) => stream.push(bytes));
    const stream: Duplex = new Duplex({
      writableHighWaterMark: 1,
      read() {},
      write(chunk: Buffer, _encoding, callback) {
        const [request] = side.push(chunk) as unknown as { tag: string }[];
        if (request === undefined) return callback();
        this.push(side.encode(answer(request.tag, { n: 1 })));
      },
    });
    const peer = opened<Loose>({ stream, protocol });
    await peer.ready();
    const call = peer.call('any', {}).catch((error: unknown) => error);
    await settled();
    stream.destroy(new Error('unplugged'));
    // In a session what the line did not take is sent on the next: the call was sent, and its response is here.
    const isKept = protocol === 'virtagent-2';
    expect(await call).toMatchObject(isKept ? { n: 1 } : { code: 'LINE_LOST', known: 'executed' });
  },
);

test.each(everyProtocol)('byte by byte in, byte by byte out ($protocol)', async ({ protocol }) => {
  const [ours, line] = memoryPair({ highWaterMark: 1 });
  const peer = opened<Loose>({ stream: ours, protocol, methods: { echo: (params: unknown) => params } });
  const { heard, hear, side } = farEnd(line, protocol, true);
  line.on('readable', () => {
    for (let byte = line.read(1) as Buffer | null; byte !== null; byte = line.read(1) as Buffer | null) hear(byte);
  });
  await peer.ready();
  const call = peer.call('any', { text: 'grüße' });
  await new Promise<void>((resolve) => side.whenMet(resolve));
  for (const byte of side.encode(ask('1', 'echo', { text: '\u{1f600}' }))) {
    line.write(Buffer.of(byte));
    await settled(1);
  }
  for (let i = 0; i < 50 && (answers(heard).length === 0 || asked(heard).length === 0); i++) await settled(5);
  expect(answers(heard)).toMatchObject([{ tag: '1', answer: { value: { text: '\u{1f600}' } } }]);
  for (const byte of side.encode(answer(asked(heard)[0]?.tag, { ok: 1 }))) line.write(Buffer.of(byte));
  expect(await call).toEqual({ ok: 1 });
});

test.each(everyProtocol)('a hundred thousand responses in one chunk, one of them ours ($protocol)', async ({ protocol }) => {
  // Of a session at most 1024 frames are on their way.
  const count = protocol === 'virtagent-2' ? 1_000 : 100_000;
  const { peer, heard, say } = against({ protocol }, { highWaterMark: 2 ** 30 });
  const call = peer.call('any', {});
  await settled();
  say(...Array.from({ length: count }, () => answer('nobody', {})), answer(asked(heard)[0]?.tag, { n: 1 }));
  expect(await call).toEqual({ n: 1 });
  expect(peer.counters.violations).toBe(count);
});
