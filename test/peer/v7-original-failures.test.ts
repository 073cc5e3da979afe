/** The ways in which the original failed that need a whole agent to show; the decoder's are in test/codecs. */
import type { Duplex } from 'node:stream';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { memoryPair, VirtagentV7Codec, v7Limits, type IncomingMessage } from '../../transport/index.ts';
import { deferred, opened, rejection, settled, type Loose } from '../support/peers.ts';
import type { CreatePeerOptions, Peer } from '../../actors/index.ts';

/** A v7 peer of ours on a line whose other end is written by hand. */
function byHand(
  options: Partial<CreatePeerOptions>,
  highWaterMark?: number,
): { peer: Peer<Loose>; line: Duplex; say: (frame: string) => void; heard: IncomingMessage[] } {
  const [ours, line] = memoryPair(highWaterMark === undefined ? {} : { highWaterMark });
  const peer = opened({ stream: ours, protocol: 'virtagent-v7', ...options });
  const heard: IncomingMessage[] = [];
  const codec = new VirtagentV7Codec(v7Limits);
  line.on('error', () => {});
  if (highWaterMark === undefined) line.on('data', (chunk: Buffer) => heard.push(...(codec.push(chunk) as IncomingMessage[])));
  return { peer, line, say: (text) => line.write(Buffer.from(text, 'latin1')), heard };
}

const request = (tag: string | undefined, body: string): string => frame('POST /RPC2 HTTP/1.1', tag, body);
const response = (tag: string, body: string): string => frame('HTTP/1.1 200 OK', tag, body);
function frame(first: string, tag: string | undefined, body: string): string {
  const tagLine = tag === undefined ? '' : `X-Virtagent-Client-Tag: ${tag}\r\n`;
  return `\xff${first}\r\nContent-Type: text/xml\r\nContent-Length: ${body.length}\r\n${tagLine}\r\n${body}\xff`;
}
const answers = (heard: IncomingMessage[]) => heard.filter((one) => one.type === 'response');

const shutdown = {
  shutdown: (params: { shutdown_mode?: unknown } | undefined) => {
    if (params?.shutdown_mode !== 'powerdown') throw new Error('bad shutdown_mode');
  },
};

test('1: shutdown without params, or with params that are no object, is answered', async () => {
  const { say, heard } = byHand({ methods: shutdown });
  say(
    request('a', '{"method": "shutdown"}') +
      request('b', '{"method": "shutdown", "params": [1]}') +
      request('c', '{"method": "shutdown", "params": "x"}'),
  );
  await settled();
  expect(answers(heard)).toMatchObject(
    [
      { tag: 'a', answer: { ok: false } },
      { tag: 'b', answer: { ok: false, error: { code: 'INVALID_PARAMS' } } },
      { tag: 'c', answer: { ok: false, error: { code: 'INVALID_PARAMS' } } },
    ].toSorted((x, y) => order(answers(heard), x.tag) - order(answers(heard), y.tag)),
  );
});

const order = (all: IncomingMessage[], tag: string): number => all.findIndex((one) => (one as { tag: unknown }).tag === tag);

test('2: the same response twice settles the call once and is counted', async () => {
  const { peer, say, heard } = byHand({});
  const call = peer.call('ping');
  await settled();
  const { tag } = heard[0] as unknown as { tag: string };
  say(response(tag, '{"errnum": 0, "return_data": {"n": 1}}') + response(tag, '{"errnum": 0, "return_data": {"n": 2}}'));
  expect(await call).toEqual({ n: 1 });
  await settled();
  expect(peer.counters.violations).toBe(1);
  const again = peer.call('ping');
  await settled();
  say(response((heard.at(-1) as unknown as { tag: string }).tag, '{"errnum": 0}'));
  expect(await again).toBeUndefined();
});

test('7: duplicate, empty and missing tags in flight each get their own answer', async () => {
  const gates = [deferred(), deferred(), deferred(), deferred()];
  let asked = 0;
  const { say, heard } = byHand({
    methods: {
      wait: async ({ n }: { n: number }) => {
        asked++;
        await gates[n]?.promise;
        return { n };
      },
    },
  });
  say(request('same', '{"method":"wait","params":{"n":0}}') + request('same', '{"method":"wait","params":{"n":1}}'));
  say(request('', '{"method":"wait","params":{"n":2}}') + request(undefined, '{"method":"wait","params":{"n":3}}'));
  await settled();
  expect(asked).toBe(4);
  for (const n of [3, 1, 2, 0]) gates[n]?.resolve();
  await settled();
  expect(answers(heard).map(({ tag, answer }) => [tag, answer.ok && (answer.value as { n: number }).n])).toEqual(
    expect.arrayContaining([
      ['same', 0],
      ['same', 1],
      ['', 2],
      [undefined, 3],
    ]),
  );
  expect(answers(heard)).toHaveLength(4);
});

test('8: a peer that stops reading makes the sending job time out; its slot comes back when the stream drains', async () => {
  const { peer, line } = byHand({}, 16);
  await settled();
  const first = rejection(peer.call('ping', { pad: 'x'.repeat(200) }, { timeoutMs: 20 }));
  const second = rejection(peer.call('ping', {}, { timeoutMs: 20 }));
  expect(await first).toMatchObject({ code: 'TIMEOUT', known: 'perhaps-executed' });
  expect(await second).toMatchObject({ code: 'TIMEOUT', known: 'not-sent' });
  expect(peer.slots.send).toMatchObject({ taken: 1, waiting: 0 });
  const heard: Buffer[] = [];
  line.on('data', (chunk: Buffer) => heard.push(chunk));
  await settled();
  expect(peer.slots.send.taken).toBe(0);
  const third = peer.call('ping', {}, { timeoutMs: 5_000 });
  await settled();
  const codec = new VirtagentV7Codec(v7Limits);
  const frames = codec.push(Buffer.concat(heard)) as { method: string; tag: string }[];
  expect(frames.map((one) => one.method)).toEqual(['ping', 'ping']);
  line.write(Buffer.from(response(frames[1]?.tag as string, '{"errnum": 0}'), 'latin1'));
  await third;
});

test('9: a peer that closes during a send ends the link, not the process', async () => {
  const { peer, line } = byHand({}, 16);
  const call = rejection(peer.call('ping', { pad: 'x'.repeat(2_000) }));
  await settled();
  line.destroy();
  expect(await call).toMatchObject({ code: 'LINE_LOST', known: 'perhaps-executed' });
  await peer.ended();
});

test('10: a peer that closes costs nothing: no timer and no actor is left', async () => {
  const { peer, line } = byHand({ role: 'host' });
  line.end();
  await peer.ended();
  expect(peer.manager.timers.size).toBe(0);
  expect(peer.manager.jobs).toBe(0);
});

test('11: a stream that is never done writing holds up nobody who reads', async () => {
  const input = new PassThrough();
  const { default: stream } = await import('node:stream');
  // Takes each byte, and says so a turn later: as a slow serial port does.
  const written: Buffer[] = [];
  const output = new stream.Writable({
    highWaterMark: 1,
    write: (chunk: Buffer, _, done) => void (written.push(chunk), setImmediate(done)),
  });
  const peer = opened({
    stream: stream.Duplex.from({ readable: input, writable: output }),
    protocol: 'virtagent-v7',
    methods: { ping: () => undefined },
  });
  await peer.ready();
  for (let i = 0; i < 5; i++) input.write(Buffer.from(request(`t${i}`, '{"method": "ping"}'), 'latin1'));
  await settled(40);
  const codec = new VirtagentV7Codec(v7Limits);
  expect((codec.push(Buffer.concat(written)) as { tag: string }[]).map((one) => one.tag)).toEqual(['t0', 't1', 't2', 't3', 't4']);
});

test('14: a thousand requests leave nothing behind', async () => {
  const { peer, say, heard } = byHand({ methods: { ping: () => undefined } });
  for (let i = 0; i < 1_000; i++) say(request(`${i}`, '{"method": "ping"}'));
  await settled(20);
  expect(answers(heard)).toHaveLength(1_000);
  expect(peer.slots).toMatchObject({ server: { count: 0, bytes: 0 }, send: { taken: 0 }, execute: { taken: 0 } });
  expect(peer.manager.jobs).toBe(0);
});

test('16: twenty thousand pipelined requests are bounded: served up to the queue, refused as busy beyond it', async () => {
  const { peer, line, heard } = byHand({ methods: { wait: () => new Promise(() => {}) }, maxServerJobs: 100 });
  const flood = Buffer.from(request('x', '{"method": "wait"}').repeat(20_000), 'latin1');
  let most = 0;
  for (let at = 0; at < flood.length; at += 65_536) {
    if (!line.write(flood.subarray(at, at + 65_536))) await new Promise((resolve) => line.once('drain', resolve));
    await settled(1);
    most = Math.max(most, peer.manager.jobs);
  }
  await settled(20);
  expect(peer.slots.server.count).toBe(100);
  expect(most).toBeLessThan(1_000);
  expect(answers(heard)).toHaveLength(19_900);
  expect(answers(heard).every(({ answer }) => !answer.ok && answer.error.code === 'BUSY')).toBe(true);
});

test('16: a peer that never reads is cut off, and what it is owed stays bounded', async () => {
  const { peer, line } = byHand({ methods: { big: () => ({ data: 'x'.repeat(1_000) }) }, maxOwedBytes: 50_000, stallTimeoutMs: 50 }, 1_024);
  line.on('close', () => {});
  const flood = Buffer.from(request('x', '{"method": "big"}'), 'latin1');
  let written = 0;
  let most = 0;
  while (peer.link !== 'ended' && written < 20_000) {
    if (!line.write(flood)) await Promise.race([new Promise((resolve) => line.once('drain', resolve)), peer.ended()]);
    written++;
    most = Math.max(most, peer.manager.jobs);
  }
  expect(most).toBeLessThan(120);
  expect(written).toBeLessThan(20_000);
  expect(await peer.ended()).toMatchObject({ message: expect.stringMatching(/stallTimeout/) as string });
});

test('18: a body that is no request is answered at once, also where the original stays silent', async () => {
  const { say, heard } = byHand({ methods: shutdown });
  for (const body of ['{', '[]', '{}', '{"method": 5}', '{"params": {}}']) say(request(body, body));
  await settled();
  expect(answers(heard)).toHaveLength(5);
  expect(answers(heard).every(({ answer }) => !answer.ok && Number(answer.error.number) < 0 && answer.error.message !== '')).toBe(true);
});
