import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { memoryPair } from '../../transport/index.ts';
import { opened, rejection, settled, type Loose } from '../support/peers.ts';
import { encodeBye } from '../../transport/codecs/virtagent-2-frames.ts';
import { SessionEnd } from '../support/session-end.ts';
import { held, SessionPeers } from './session-peers.ts';

test('who stops answers what runs, says so, and is not waited for', async () => {
  const work = held();
  const peers = await SessionPeers.up({}, { methods: work.methods });
  const reasons: unknown[] = [];
  peers.left.link$.subscribe(({ state, reason }) => state === 'down' && reasons.push(reason));
  const call = peers.left.call('held', 1);
  await settled();
  const stopped = peers.right.stop();
  expect(await rejection(peers.left.call('held', 2))).toMatchObject({ code: 'STOPPING', known: 'refused' });
  work.release();
  // The answer and the farewell may come in one chunk.
  expect(await call).toBe('released');
  await stopped;
  await settled();
  expect(reasons).toMatchObject([{ code: 'LINE_LOST', message: 'the other side has stopped' }]);
  // Nothing is kept for who will not come back.
  const next = rejection(peers.left.call('held', 3, { timeoutMs: 1_000 }));
  await peers.pass(1_500);
  expect(await next).toMatchObject({ code: 'TIMEOUT', known: 'not-sent' });
});

test('answers that came with a farewell are taken before it', async () => {
  const clock = new SimulatedClock();
  const [ours, theirs] = memoryPair();
  const peer = opened<Loose>({ stream: ours, protocol: 'virtagent-2', clock });
  const far = new SessionEnd(theirs);
  await far.greet();
  await peer.ready();
  const calls = [peer.call('a'), rejection(peer.call('b'))] as const;
  await settled();
  const requests = far.frames.flatMap((frame) =>
    frame.kind === 'data' ? [JSON.parse(frame.payload.toString()) as { id?: string; method: string }] : [],
  );
  const id = requests.find(({ method }) => method === 'a')?.id;
  theirs.write(Buffer.concat([far.messageBytes({ id, result: 'in time' }), encodeBye({ seen: far.their.line, code: 1, text: '' })]));
  expect(await calls[0]).toBe('in time');
  expect(await calls[1]).toMatchObject({ code: 'LINE_LOST', known: 'perhaps-executed' });
});

test('another version is told, and named, whichever side has it', async () => {
  for (const says of ['hello', 'bye'] as const) {
    const [ours, theirs] = memoryPair();
    const peer = opened<Loose>({ stream: ours, protocol: 'virtagent-2', clock: new SimulatedClock() });
    const far = new SessionEnd(theirs);
    const call = rejection(peer.call('any'));
    await settled();
    if (says === 'hello') far.hello({ version: 3 });
    else {
      theirs.write(encodeBye({ seen: '', code: 4, text: 'virtagent-3 is spoken here' }));
    }
    const reason = (await peer.ended()) as { code: string; message: string };
    expect(reason.code).toBe('PROTOCOL_MISMATCH');
    expect(reason.message).toContain('virtagent-');
    // Who called is told the same.
    expect(await call).toMatchObject({ code: 'PROTOCOL_MISMATCH', known: 'not-sent' });
    if (says === 'hello') expect(far.frames.at(-1)).toMatchObject({ kind: 'bye', code: 4 });
  }
});

test('a farewell that is not meant for this line is nobody’s', async () => {
  const [ours, theirs] = memoryPair();
  const peer = opened<Loose>({
    stream: ours,
    protocol: 'virtagent-2',
    clock: new SimulatedClock(),
    methods: { echo: (params: unknown) => params },
  });
  const far = new SessionEnd(theirs);
  await far.greet();
  await peer.ready();
  for (const code of [1, 2, 3, 4]) theirs.write(encodeBye({ seen: 'abcdefabcdef', code, text: 'of another line' }));
  await settled();
  expect(peer.link).toBe('up');
});

test('a limit that is exceeded ends the session, and both sides say which', async () => {
  const peers = await SessionPeers.up({ limits: { maxMessageBytes: 4_000 } }, {});
  // What is announced is kept to: the call fails where it is made.
  expect(await rejection(peers.right.call('any', 'x'.repeat(5_000)))).toMatchObject({ code: 'MESSAGE_TOO_LARGE', known: 'not-sent' });
  expect(peers.right.slots.send.taken).toBe(0);
  const [ours, theirs] = memoryPair();
  const peer = opened<Loose>({
    stream: ours,
    protocol: 'virtagent-2',
    clock: new SimulatedClock(),
    maxServerJobs: 8,
    executeSlots: 1,
    methods: { ...held().methods },
  });
  const far = new SessionEnd(theirs);
  await far.greet();
  await peer.ready();
  for (let n = 0; n < 9; n++) far.message({ id: `${n}`, method: 'held' });
  expect(await peer.ended()).toMatchObject({ code: 'LIMIT_EXCEEDED' });
  expect(far.frames.at(-1)).toMatchObject({ kind: 'bye', code: 2, text: expect.stringContaining('requests') as string });
});

test('a line that loses frames ends only what was lost: the call of a lost frame at its deadline, and no credit with it', async () => {
  const ran: unknown[] = [];
  const peers = await SessionPeers.up({}, { methods: { run: (n: unknown) => (ran.push(n), n) }, maxServerJobs: 8, executeSlots: 1 });
  const before = peers.left.slots.credit?.requests;
  let seen = 0;
  peers.relay.filter = (from, chunk) => {
    const isRequest = from === 0 && chunk.includes('"run"');
    return isRequest && ++seen % 3 === 0 ? undefined : chunk;
  };
  const outcomes: string[] = [];
  for (let n = 0; n < 60; n++) {
    const call = peers.left.call('run', n, { timeoutMs: 500 }).then(
      (value) => outcomes.push(String(value)),
      (error: { code: string; known: string }) => outcomes.push(`${error.code} ${error.known}`),
    );
    await peers.until(call);
  }
  expect(outcomes.filter((outcome) => outcome === 'TIMEOUT perhaps-executed')).toHaveLength(20);
  expect(outcomes).toHaveLength(60);
  expect(ran).toHaveLength(40);
  await peers.pass(10_000);
  peers.relay.filter = (_, chunk) => chunk;
  for (let n = 0; n < 20; n++) await peers.until(peers.left.call('run', n));
  expect(peers.left.slots.credit?.requests).toBeGreaterThanOrEqual((before ?? 0) / 2);
  expect(peers.left.counters).toMatchObject({ violations: 0 });
});
