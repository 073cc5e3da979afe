import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { memoryPair } from '../../transport/index.ts';
import { encodeData } from '../../transport/codecs/virtagent-2-frames.ts';
import type { CreatePeerOptions, Peer } from '../../actors/index.ts';
import { opened, rejection, settled, type Loose } from '../support/peers.ts';
import { SessionEnd } from '../support/session-end.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

interface Against {
  readonly peer: Peer<Loose>;
  readonly far: SessionEnd;
  readonly clock: SimulatedClock;
}

async function against(options: Partial<CreatePeerOptions> = {}, limits: Record<string, number> = {}): Promise<Against> {
  const clock = new SimulatedClock();
  const [ours, theirs] = memoryPair();
  const peer = opened<Loose>({ stream: ours, protocol: 'virtagent-2', clock, timeoutMs: 1e6, heartbeatMs: 1e6, ...options });
  const far = new SessionEnd(theirs);
  await far.greet(limits);
  await peer.ready();
  await settled();
  return { peer, far, clock };
}

test('a HELLO that is repeated has what was sent before sent again, but not each time', async () => {
  const { peer, far, clock } = await against();
  // It takes nothing that it is sent, so all of it stays to be sent again.
  const calls = Array.from({ length: 20 }, (_, n) => peer.call('any', { n, text: 'x'.repeat(10_000) }).catch(() => {}));
  await settled();
  const before = far.bytes;
  expect(before).toBeGreaterThan(200_000);
  // As if it began anew each time: that is when everything would be sent again.
  for (let n = 0; n < 2_000; n++) far.hello({ line: `e${String(n).padStart(11, '0')}` });
  await settled(30);
  expect(far.bytes - before).toBeLessThan(2.5 * before);
  for (let second = 0; second < 100; second++) {
    for (let n = 0; n < 20; n++) far.hello({ line: `e1${String(second * 20 + n).padStart(10, '0')}` });
    await settled();
    clock.increment(100);
  }
  // Ten seconds of that: at half the pauses of who repeats himself, some eight times.
  expect((far.bytes - before) / before).toBeLessThan(12);
  peer.close();
  await Promise.all(calls);
});

test('who says HELLO and does not read is not answered into memory', async () => {
  const { peer, far, clock } = await against();
  const call = peer.call('any', { text: 'x'.repeat(200_000) }).catch(() => {});
  await settled();
  far.line.pause();
  const stream = peer.transport;
  const before = stream.counters.bytesOut;
  for (let second = 0; second < 500; second++) {
    for (let n = 0; n < 20; n++) {
      far.hello();
      far.hello({ seen: '', other: '' });
      far.hello({ line: `e2${String(second * 20 + n).padStart(10, '0')}` });
      far.status({ ask: true });
    }
    await settled(2);
    clock.increment(1_000);
  }
  // One window may be on its way a second time, and a frame of each kind.
  expect(stream.counters.bytesOut - before).toBeLessThan(600_000);
  peer.close();
  await call;
});

test('who asks for the limits over and over gets them no faster than it reads them', async () => {
  const { peer, far } = await against();
  far.line.pause();
  for (let n = 0; n < 20_000; n++) far.message({ method: '$/limits', params: { again: 1 } });
  await settled(100);
  // What was not sent for want of a window has not been kept for later either.
  far.line.resume();
  for (let round = 0; round < 30; round++) {
    await settled(3);
    far.status({ next: far.count('data') % 16_384 });
  }
  expect(far.count('data')).toBeLessThan(2_000);
  expect(peer.link).toBe('up');
});

test('limits that nobody can mean are not kept to', async () => {
  const { peer, far } = await against({}, { frame: 0, messages: 0, message: 2 ** 40 });
  const call = rejection(peer.call('any', { text: 'x'.repeat(50_000) }, { timeoutMs: 10 }));
  await settled(30);
  expect(far.count('data')).toBeGreaterThan(100);
  peer.close();
  expect(await call).toMatchObject({ known: 'perhaps-executed' });
});

test('pieces of one byte, and of none, take the memory of their bytes', async () => {
  const { peer, far } = await against();
  const total = 16 * 1024 * 1024;
  const piece = (number: number, first: boolean, payload: Buffer): Buffer =>
    encodeData(
      { seq: far.sent++ % 16_384, first, last: false, bytes: false, drop: false, number, total: first ? total : undefined },
      payload,
      0,
      payload.length,
      far.seed,
    );
  const one = Buffer.from('x');
  const chunk: Buffer[] = [];
  for (let number = 0; number < 8; number++) chunk.push(piece(number, true, one));
  far.line.write(Buffer.concat(chunk));
  await settled();
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let round = 0; round < 100; round++) {
    const pieces: Buffer[] = [];
    for (let n = 0; n < 1_000; n++) pieces.push(piece(n % 8, false, one));
    far.line.write(Buffer.concat(pieces));
    await settled(2);
  }
  collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(8 * 1024 * 1024);
  const damaged = peer.counters.damaged;
  far.line.write(piece(0, false, Buffer.alloc(0)));
  await settled();
  expect(peer.counters.damaged).toBe(damaged + 1);
});

test('of what follows the end of a session in one chunk nothing is looked at', async () => {
  const methods = { any: () => 'no' };
  const { peer, far } = await against({ methods });
  const violations = peer.counters.violations;
  const bytes = [far.messageBytes({ method: 'any' })];
  // Another version ends it; behind that there are thousands more of it, a new session, and requests.
  bytes.push(...Array.from({ length: 1_000 }, () => far.helloBytes({ version: 9 })));
  bytes.push(far.helloBytes({ half: 'f00000000002' }), far.messageBytes({ id: 'x', method: 'any' }));
  far.line.write(Buffer.concat(bytes));
  await settled(20);
  expect(peer.link).toBe('ended');
  expect(far.count('bye')).toBe(1);
  expect(peer.counters.violations).toBe(violations);
  expect(peer.manager.timers.size).toBe(0);
});

test('a message that was kept behind a gap is not handed on when the one before it has ended the session', async () => {
  const { peer, far } = await against({ reliable: true, maxServerJobs: 1 });
  const first = far.messageBytes({ id: '1', method: 'never' });
  // The first is missing until the others are there: they go beyond the credit, and the last are limits and a HELLO of nobody.
  const kept = [2, 3, 4].map((n) => far.messageBytes({ id: String(n), method: 'any' }));
  kept.push(far.messageBytes({ method: '$/limits', params: {} }));
  far.line.write(Buffer.concat([...kept, first]));
  await settled(20);
  expect(peer.link).toBe('ended');
  expect(far.count('bye')).toBe(1);
});
