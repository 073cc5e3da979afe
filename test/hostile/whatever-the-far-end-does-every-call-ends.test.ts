import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { createPeer, type HandlerContext } from '../../actors/index.ts';
import { memoryPair, protocolByName, type Channel, type OutgoingMessage, type ProtocolName } from '../../transport/index.ts';
import { actorWatch } from '../support/actors.ts';
import { deferred, settled, type Loose } from '../support/peers.ts';
import { farEnd, type Against } from './support.ts';
import { runs } from '../property.ts';

type Step =
  | { do: 'say'; what: OutgoingMessage }
  | { do: 'answer'; which: number; with: unknown }
  | { do: 'refuse'; which: number; number: number }
  | { do: 'progress'; which: number }
  | { do: 'raw'; text: string }
  | { do: 'cut' | 'hang up' | 'deaf' | 'hear' | 'release' | 'turn' }
  | { do: 'call'; method: string; timeoutMs: number | undefined; withProgress: boolean }
  | { do: 'abort' | 'notify' }
  | { do: 'wait'; ms: number };

const tag = fc.constantFrom('a', 'b', '', '__proto__', 'c');
const method = fc.constantFrom('echo', 'fail', 'held', 'nested', 'talk', 'missing', 'toString', 'leave');
const params = fc.constantFrom({}, { n: 1 }, { workDoneToken: 'p' }, { workDoneToken: 5 }, undefined);
const number = fc.constantFrom(-1, -5, -11, -22, -110, -125, -32_010, -32_011, -32_601, -32_800, 7);
const plain = (what: 'cut' | 'hang up' | 'deaf' | 'hear' | 'release' | 'turn' | 'abort' | 'notify', weight: number) => ({
  weight,
  arbitrary: fc.constant({ do: what } as Step),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ type: fc.constant('request' as const), tag, method, params }).map((what) => ({ do: 'say', what }) as Step),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('notification' as const), method, params }).map((what) => ({ do: 'say', what }) as Step),
  },
  { weight: 5, arbitrary: tag.map((of) => ({ do: 'say', what: { type: 'cancel', tag: of } }) as Step) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('answer' as const), which: fc.nat(30), with: fc.constantFrom({}, { n: 1 }, undefined) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('refuse' as const), which: fc.nat(30), number }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('progress' as const), which: fc.nat(30) }) },
  { weight: 2, arbitrary: fc.string({ maxLength: 30 }).map((text) => ({ do: 'raw', text }) as Step) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('\xff', '\n', 'Content-Length: 5\r\n\r\n', '{}\n', '[]\n').map((text) => ({ do: 'raw', text }) as Step),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      method,
      timeoutMs: fc.constantFrom(undefined, undefined, 0, 30, 500),
      withProgress: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.constantFrom(1, 30, 500, 11_000).map((ms) => ({ do: 'wait', ms }) as Step) },
  plain('cut', 1),
  plain('hang up', 1),
  plain('deaf', 2),
  plain('hear', 3),
  plain('release', 3),
  plain('turn', 10),
  plain('abort', 2),
  plain('notify', 2),
);

async function play(
  protocol: ProtocolName,
  role: 'host' | undefined,
  steps: readonly Step[],
  end: 'stop' | 'close' | 'cut',
): Promise<void> {
  const clock = new SimulatedClock();
  const actors = actorWatch();
  const { createCodec, limits } = protocolByName(protocol);
  const encoder = createCodec(limits);
  const held: ReturnType<typeof deferred<void>>[] = [];
  let far: Omit<Against, 'peer'> | undefined;
  let lines = 0;
  const channel: Channel = {
    name: 'test',
    reopens: true,
    open: async () => {
      const [ours, line] = memoryPair({ highWaterMark: 200 });
      far = farEnd(line, protocol);
      lines++;
      return ours;
    },
    close: async () => {},
  };
  const nested = (context: HandlerContext<Loose>): Promise<unknown> => context.call('back', {}, { timeoutMs: 2_000 });
  const methods = {
    echo: (value: unknown) => value,
    fail: () => Promise.reject(new Error('as asked')),
    held: async () => {
      const wait = deferred<void>();
      held.push(wait);
      await wait.promise;
    },
    // Calls back late, whatever has become of its job; some of it after its end.
    nested: async (_: unknown, context: HandlerContext<Loose>) => {
      nested(context).catch(() => {});
      const wait = deferred<void>();
      held.push(wait);
      await wait.promise;
      await nested(context).catch(() => {});
    },
    leave: (_: unknown, context: HandlerContext<Loose>) => void settled(3).then(() => nested(context).catch(() => {})),
    talk: async (_: unknown, { progress, notify }: HandlerContext<Loose>) => {
      for (let i = 0; i < 3; i++) progress({ i });
      await notify('said', {}).catch(() => {});
      progress('last');
    },
  };
  const peer = createPeer<Loose>({
    channel,
    protocol,
    ...(role === undefined ? {} : { role }),
    clock,
    methods,
    inspect: actors.inspect,
    retries: true,
    executeSlots: 2,
    maxServerJobs: 10,
    maxClientJobs: 12,
    maxNestedCalls: 2,
    maxOwedBytes: 12_000,
    timeoutMs: 20_000,
    random: () => 0.5,
  });
  let made = 0;
  const outcomes: string[] = [];
  const note = (promise: Promise<unknown>): void => {
    made++;
    promise.then(
      () => outcomes.push('value'),
      (error: { code?: string; known?: string }) => outcomes.push(`${error.code} ${error.known}`),
    );
  };
  const aborts: AbortController[] = [];
  const askedTag = (which: number): string | undefined => {
    const all = (far?.heard ?? []).filter(({ type }) => type === 'request');
    return all.length === 0 ? undefined : String(all[which % all.length]?.tag);
  };
  const say = (message: OutgoingMessage): void => {
    try {
      const frame = encoder.encode(message);
      if (far?.line.writable === true) far.line.write(frame);
    } catch {
      // The protocol has no such message.
    }
  };
  const actions: { [K in Step['do']]: (one: Extract<Step, { do: K }>) => unknown } = {
    say: ({ what }) => say(what),
    answer: ({ which, with: value }) => say({ type: 'response', tag: askedTag(which), answer: { ok: true, value } }),
    refuse: ({ which, number: code }) =>
      say({ type: 'response', tag: askedTag(which), answer: { ok: false, error: { code: 'REMOTE_ERROR', message: 'no', number: code } } }),
    progress: ({ which }) => say({ type: 'progress', token: askedTag(which) ?? 'x', value: 1 }),
    raw: ({ text }) => far?.line.writable === true && far.raw(text),
    cut: () => far?.line.destroy(),
    'hang up': () => far?.line.end(),
    deaf: () => far?.line.pause(),
    hear: () => far?.line.resume(),
    release: () => held.shift()?.resolve(),
    turn: () => settled(1),
    wait: ({ ms }) => clock.increment(ms),
    abort: () => aborts.shift()?.abort(),
    notify: () => note(peer.notify('said', {})),
    call: ({ method: name, timeoutMs, withProgress }) => {
      const abort = new AbortController();
      aborts.push(abort);
      const onProgress = withProgress && protocol === 'jsonrpc-headers' ? { onProgress: () => {} } : {};
      note(peer.call(name, {}, { timeoutMs, signal: abort.signal, ...onProgress }));
    },
  };
  for (const one of steps) {
    await (actions[one.do] as (of: Step) => unknown)(one);
    expect(peer.slots.send.taken).toBeLessThanOrEqual(1);
    expect(peer.slots.execute.taken).toBeLessThanOrEqual(2);
    expect(peer.slots.server.count).toBeLessThanOrEqual(10 + 12_000 / 2_048 + 2);
    expect(peer.slots.client.count).toBeLessThanOrEqual(12);
  }
  // It hears again, handlers are let go, deadlines pass: every call has ended, and no slot is held.
  const isBusy = (): boolean => outcomes.length < made || peer.manager.jobs > 0 || peer.slots.execute.taken + peer.slots.send.taken > 0;
  for (let round = 0; round < 60 && isBusy(); round++) {
    far?.line.resume();
    for (const wait of held.splice(0)) wait.resolve();
    await settled(2);
    clock.increment(1_000);
    await settled(2);
  }
  const isGreeting = role === 'host' && peer.link === 'greeting';
  expect(outcomes.filter((one) => /undefined/.test(one))).toEqual([]);
  expect(outcomes).toHaveLength(made);
  expect(peer.slots.execute).toMatchObject({ taken: 0, parked: 0, waiting: 0 });
  if (!isGreeting && peer.link === 'up' && far?.line.destroyed === false)
    expect(peer.slots).toMatchObject({ server: { count: 0, bytes: 0 }, send: { taken: 0 } });
  expect(lines).toBeLessThan(steps.length + 30);
  if (end === 'stop') await Promise.race([peer.stop({ timeoutMs: 10 }), settled(20).then(() => clock.increment(20))]);
  else if (end === 'cut') far?.line.destroy();
  await settled();
  peer.close();
  await settled();
  clock.increment(1_000);
  expect(peer.manager.jobs).toBe(0);
  expect(peer.manager.timers.size).toBe(0);
  expect((clock as unknown as { timeouts: Map<number, unknown> }).timeouts.size).toBe(0);
  expect(actors.active()).toEqual([]);
  far?.line.destroy();
}

const cases: [ProtocolName, 'host' | undefined][] = [
  ['jsonrpc-lines', undefined],
  ['jsonrpc-headers', undefined],
  ['virtagent-v7', undefined],
  ['virtagent-v7', 'host'],
];

test.each(cases)('%s %s', async (protocol, role) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80 }), fc.constantFrom('stop', 'close', 'cut'), (steps, end) =>
      play(protocol, role, steps, end),
    ),
    runs(40),
  );
});
