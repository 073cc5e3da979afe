import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { memoryPair, VirtagentV7Codec, v7Limits, type IncomingMessage } from '../../transport/index.ts';
import type { CreatePeerOptions, Peer } from '../../actors/index.ts';
import { opened, pairOfPeers, rejection, settled, type Loose } from '../support/peers.ts';

type Frame = IncomingMessage & { method?: string; tag?: string };

/** Our end of a v7 line, and what it says to a far end that is written by hand. */
function ourEnd(options: Partial<CreatePeerOptions>): {
  peer: Peer<Loose>;
  heard: Frame[];
  say: (first: string, tag: string, body: object) => void;
  clock: SimulatedClock;
  raw: Buffer[];
} {
  const [ours, line] = memoryPair();
  const clock = new SimulatedClock();
  const heard: Frame[] = [];
  const raw: Buffer[] = [];
  const codec = new VirtagentV7Codec(v7Limits);
  line.on('data', (chunk: Buffer) => {
    raw.push(Buffer.from(chunk));
    heard.push(...(codec.push(chunk) as Frame[]));
  });
  const peer = opened({ stream: ours, protocol: 'virtagent-v7', clock, ...options });
  const say = (first: string, tag: string, body: object): void => {
    const text = JSON.stringify(body);
    line.write(
      Buffer.from(
        `\xff${first}\r\nContent-Type: text/xml\r\nContent-Length: ${text.length}\r\nX-Virtagent-Client-Tag: ${tag}\r\n\r\n${text}\xff`,
        'latin1',
      ),
    );
  };
  return { peer, heard, say, clock, raw };
}

const REQUEST = 'POST /RPC2 HTTP/1.1';
const RESPONSE = 'HTTP/1.1 200 OK';
const spoken = (heard: Frame[]): string[] => heard.map((one) => (one.type === 'request' ? `${one.method}?` : `answer ${one.tag}`));

test('a guest says hello at once and serves from the first byte, whatever becomes of it', async () => {
  const { heard, say, peer } = ourEnd({ role: 'guest' });
  await settled();
  expect(spoken(heard)).toEqual(['hello?']);
  say(REQUEST, '7.7', { method: 'ping' });
  await settled();
  expect(spoken(heard)).toEqual(['hello?', 'answer 7.7']);
  expect(peer.link).toBe('up');
});

test('a guest answers capabilities with its methods and the version of the original', async () => {
  const { heard, say } = ourEnd({ role: 'guest', methods: { shutdown: () => undefined } });
  say(REQUEST, 'c', { method: 'capabilities' });
  await settled();
  expect(heard.at(-1)).toMatchObject({
    tag: 'c',
    answer: { ok: true, value: { version: '1.0', methods: ['ping', 'capabilities', 'shutdown'] } },
  });
});

test('a host says nothing until hello, then asks for capabilities before it answers hello', async () => {
  const { heard, say, peer } = ourEnd({ role: 'host' });
  await settled();
  expect(heard).toEqual([]);
  expect(peer.link).toBe('greeting');
  say(REQUEST, 'h.1', { method: 'hello' });
  await settled();
  expect(spoken(heard)).toEqual(['capabilities?', 'answer h.1']);
  say(RESPONSE, heard[0]?.tag as string, { errnum: 0, return_data: { version: '1.0', methods: ['shutdown', 'ping', 'capabilities'] } });
  await peer.ready();
  expect(peer.remoteMethods).toEqual(['shutdown', 'ping', 'capabilities']);
});

test('a host that hears no hello for 250 ms asks by itself, and again when nobody answers for 5 s', async () => {
  const { heard, clock, peer } = ourEnd({ role: 'host' });
  await settled();
  clock.increment(249);
  await settled();
  expect(spoken(heard)).toEqual([]);
  clock.increment(1);
  await settled();
  expect(spoken(heard)).toEqual(['capabilities?']);
  clock.increment(5_000);
  await settled();
  expect(spoken(heard)).toEqual(['capabilities?', 'capabilities?']);
  expect(peer.link).toBe('greeting');
});

test('calls made before the greeting is over wait for it, and go only to methods that the guest listed', async () => {
  const { heard, say, peer } = ourEnd({ role: 'host' });
  const listed = peer.call('ping');
  const unlisted = rejection(peer.call('getfile', {}));
  await settled();
  expect(heard).toEqual([]);
  say(REQUEST, 'h', { method: 'hello' });
  await settled();
  say(RESPONSE, heard[0]?.tag as string, { errnum: 0, return_data: { methods: ['ping'] } });
  expect(await unlisted).toMatchObject({ code: 'METHOD_NOT_FOUND', known: 'not-sent' });
  await settled();
  expect(spoken(heard)).toEqual(['capabilities?', 'answer h', 'ping?']);
  say(RESPONSE, heard[2]?.tag as string, { errnum: 0 });
  expect(await listed).toBeUndefined();
});

test('a guest that lists nothing usable may be asked anything', async () => {
  const { heard, say, peer } = ourEnd({ role: 'host' });
  say(REQUEST, 'h', { method: 'hello' });
  await settled();
  say(RESPONSE, heard[0]?.tag as string, { errnum: -1, errstr: 'no such method' });
  await peer.ready();
  expect(peer.remoteMethods).toBeUndefined();
});

test('a second hello, of a guest that restarted on the same line, is greeted anew', async () => {
  const { heard, say, peer } = ourEnd({ role: 'host' });
  say(REQUEST, 'h1', { method: 'hello' });
  await settled();
  say(RESPONSE, heard[0]?.tag as string, { errnum: 0, return_data: { methods: ['ping'] } });
  await peer.ready();
  say(REQUEST, 'h2', { method: 'hello' });
  await settled();
  say(RESPONSE, heard[2]?.tag as string, { errnum: 0, return_data: { methods: ['ping', 'getfile'] } });
  await settled();
  expect(spoken(heard)).toEqual(['capabilities?', 'answer h1', 'capabilities?', 'answer h2']);
  expect(peer.remoteMethods).toEqual(['ping', 'getfile', 'capabilities']);
});

test('two thousand hellos leave one question out, not two thousand', async () => {
  const { say, peer } = ourEnd({ role: 'host' });
  for (let i = 0; i < 2_000; i++) say(REQUEST, `${i}`, { method: 'hello' });
  await settled(30);
  expect(peer.slots.client.count).toBe(1);
  expect(peer.slots.server.count).toBe(0);
});

test('both roles of ours greet each other', async () => {
  const { host, guest } = await pairOfPeers(
    { protocol: 'virtagent-v7', role: 'host' },
    { role: 'guest', methods: { getdmesg: () => ({ text: '' }) } },
  );
  expect(host.remoteMethods).toEqual(['ping', 'capabilities', 'getdmesg']);
  expect(await Promise.all([host.call('getdmesg'), guest.call('ping')])).toEqual([{ text: '' }, undefined]);
});

test('what the original guest put on the line greets our host and is understood to the end', async () => {
  const [ours, line] = memoryPair();
  const peer = opened({ stream: ours, protocol: 'virtagent-v7', role: 'host', random: () => 0 });
  const heard: Frame[] = [];
  const codec = new VirtagentV7Codec(v7Limits);
  line.on('data', (chunk: Buffer) => heard.push(...(codec.push(chunk) as Frame[])));
  line.write(readFileSync(join(import.meta.dirname, '../fixtures/v7/01-start-hello.guest-out.bin')));
  await settled();
  expect(spoken(heard)[0]).toBe('capabilities?');
  expect(spoken(heard)[1]).toMatch(/^answer \d+\.\d+$/);
  expect(peer.counters).toMatchObject({ damaged: 0, violations: 0 });
});

/** The seconds at which hello was said, of so many. */
async function hellos({ heard, clock, peer }: ReturnType<typeof ourEnd>, seconds: number): Promise<number[]> {
  const said: number[] = [];
  for (let second = 0; second <= seconds; second++) {
    if (second > 0) clock.increment(1_000);
    await settled();
    const count = spoken(heard).filter((one) => one === 'hello?').length;
    while (said.length < count) said.push(second);
    expect(peer.slots.client.count).toBeLessThan(2);
  }
  return said;
}

test('a guest that finds no host says hello again, at a pace that slows down to once in 65 s, and never two at once', async () => {
  const end = ourEnd({ role: 'guest' });
  // Each waits 5 s for its answer, then 5, 10, 20, 40, 60, 60 ... s.
  expect(await hellos(end, 300)).toEqual([0, 10, 25, 50, 95, 160, 225, 290]);
});

test.each<[string, (end: ReturnType<typeof ourEnd>) => void]>([
  ['answers it', ({ heard, say }) => say(RESPONSE, heard.at(-1)?.tag as string, { errnum: 0 })],
  ['does not know it', ({ heard, say }) => say(RESPONSE, heard.at(-1)?.tag as string, { errnum: -1, errstr: 'no such method' })],
  ['asks for capabilities', ({ say }) => say(REQUEST, 'c', { method: 'capabilities' })],
])('hello is not said again to a host that %s', async (_name, act) => {
  const end = ourEnd({ role: 'guest' });
  expect(await hellos(end, 25)).toEqual([0, 10, 25]);
  act(end);
  expect(await hellos(end, 300)).toHaveLength(3);
  expect(end.peer.link).toBe('up');
});

test('a host that asks while the guest pauses ends the pause for good', async () => {
  const end = ourEnd({ role: 'guest' });
  expect(await hellos(end, 6)).toEqual([0]);
  end.say(REQUEST, 'c', { method: 'capabilities' });
  await settled();
  expect(await hellos(end, 100)).toEqual([0]);
  expect(end.peer.manager.timers.size).toBe(0);
});

test('a guest that stops does not say hello again', async () => {
  const end = ourEnd({ role: 'guest' });
  expect(await hellos(end, 6)).toEqual([0]);
  await end.peer.stop();
  expect(await hellos(end, 100)).toEqual([0]);
  expect(end.clock.now()).toBe(106_000);
});
