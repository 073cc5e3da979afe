import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { errorTable, MethodError, VirtagentError, type HandlerContext } from '../../actors/index.ts';
import { deferred, everyProtocol, pairOfPeers, rejection, settled, type Loose } from '../support/peers.ts';

const never = { never: () => new Promise(() => {}) };

test.each(everyProtocol)('a handler that throws is answered without its stack ($protocol)', async ({ protocol }) => {
  const told: unknown[] = [];
  const { host } = await pairOfPeers(
    { protocol },
    {
      methods: {
        sync: () => {
          throw new TypeError('sync trouble');
        },
        later: async () => Promise.reject(new Error('later trouble')),
        odd: () => {
          throw 'a string'; // oxlint-disable-line no-throw-literal, typescript/only-throw-error -- handlers do
        },
      },
      onError: (error) => told.push(error),
    },
  );
  for (const [name, message] of [
    ['sync', 'sync trouble'],
    ['later', 'later trouble'],
    ['odd', 'the handler failed'],
  ] as const) {
    const error = await rejection(host.call(name));
    expect(error).toMatchObject({ code: 'HANDLER_FAILED', known: 'executed', blame: 'peer', retryable: false });
    expect(error.message).toContain(message);
    expect(JSON.stringify([error.message, error.data, error.remote])).not.toMatch(/\.ts|at \w/);
  }
  expect(told).toHaveLength(3);
});

test.each(everyProtocol)('an error that a method means for its caller arrives whole ($protocol)', async ({ protocol }) => {
  const { host } = await pairOfPeers(
    { protocol },
    {
      methods: {
        open: () => {
          throw new MethodError('no such file', { code: -2 });
        },
      },
    },
  );
  expect(await rejection(host.call('open'))).toMatchObject({
    code: 'REMOTE_ERROR',
    known: 'executed',
    remote: { code: -2, message: 'no such file' },
  });
});

test("whatever number a method gives its error, it is the method's, and the method has run", async () => {
  const own = (code: number): never => {
    throw new MethodError('mine', { code, data: { mine: true } });
  };
  const { host } = await pairOfPeers({}, { methods: { own } });
  const numbers = Object.values(errorTable).flatMap((kind) => ('jsonrpc' in kind ? [kind.jsonrpc] : []));
  for (const code of numbers) {
    const remote = { code, message: 'mine', data: { mine: true } };
    expect(await rejection(host.call('own', code))).toMatchObject({ code: 'REMOTE_ERROR', known: 'executed', retryable: false, remote });
  }
});

test('a method that says in its own words that it is busy holds no other call back', async () => {
  const clock = new SimulatedClock();
  const busy = (): never => {
    throw new MethodError('busy', { code: -32_010 });
  };
  const { host } = await pairOfPeers({ clock }, { methods: { busy, ping: () => 'pong' } });
  await rejection(host.call('busy'));
  // Nobody moves the clock: a pause would never end.
  expect(await host.call('ping')).toBe('pong');
});

test('a handler may refuse parameters itself', async () => {
  const { host } = await pairOfPeers(
    {},
    {
      methods: {
        pick: () => {
          throw new VirtagentError('INVALID_PARAMS', 'n is missing', { data: { n: 'missing' } });
        },
      },
    },
  );
  expect(await rejection(host.call('pick'))).toMatchObject({ code: 'INVALID_PARAMS', known: 'refused', data: { n: 'missing' } });
});

test('what a nested call failed with is not passed off as the failure of the outer one', async () => {
  const { host } = await pairOfPeers(
    { methods: never },
    { methods: { outer: (_: unknown, { call }: HandlerContext<Loose>) => call('missing') } },
  );
  expect(await rejection(host.call('outer'))).toMatchObject({ code: 'HANDLER_FAILED', known: 'executed' });
});

test.each(everyProtocol)('a result that can not be written is answered with an error ($protocol)', async ({ protocol }) => {
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  const { host } = await pairOfPeers({ protocol }, { methods: { cyclic: () => cyclic, big: () => ({ n: 1n }) } });
  expect(await rejection(host.call('cyclic'))).toMatchObject({ code: 'HANDLER_FAILED' });
  expect(await rejection(host.call('big'))).toMatchObject({ code: 'HANDLER_FAILED' });
});

test.each(everyProtocol)('parameters that can not be written fail here, and nothing is sent ($protocol)', async ({ protocol }) => {
  const { host } = await pairOfPeers({ protocol }, {});
  const before = host.counters.messagesOut;
  // Of virtagent-2 any JSON value is.
  for (const params of protocol === 'virtagent-2' ? [{ n: 1n }, () => {}] : [{ n: 1n }, 5, 'text'])
    expect(await rejection(host.call('any', params))).toMatchObject({ known: 'not-sent', blame: 'us' });
  expect(host.counters.messagesOut).toBe(before);
  expect(host.slots.client.count).toBe(0);
});

test('a message over the limit fails here in either direction', async () => {
  const limits = { maxMessageBytes: 1_024 };
  const { host } = await pairOfPeers({ limits }, { limits, methods: { big: () => 'x'.repeat(2_000) } });
  expect(await rejection(host.call('any', { x: 'x'.repeat(2_000) }))).toMatchObject({ code: 'MESSAGE_TOO_LARGE', known: 'not-sent' });
  expect(await rejection(host.call('big'))).toMatchObject({ code: 'MESSAGE_TOO_LARGE', known: 'executed' });
});

test.each(everyProtocol)(
  'of an error that is too long its number arrives, and as much of its text as fits ($protocol)',
  async ({ protocol }) => {
    const methods = {
      own: (data: { data?: string }) => {
        throw new MethodError('é'.repeat(1_000), { code: -2, ...data });
      },
      fails: () => {
        throw new Error('e'.repeat(5_000));
      },
    };
    const { host } = await pairOfPeers({ protocol }, { limits: { maxMessageBytes: 1_024 }, methods });
    const text = expect.stringMatching(/^é{300,500}$/) as string;
    expect(await rejection(host.call('own', {}))).toMatchObject({ code: 'REMOTE_ERROR', message: text, remote: { code: -2 } });
    // Its data would leave no room for anything else.
    expect(await rejection(host.call('own', { data: 'd'.repeat(900) }))).toMatchObject({ code: 'REMOTE_ERROR', remote: { code: -2 } });
    const fails = expect.stringMatching(/^e{700,1000}$/) as string;
    expect(await rejection(host.call('fails'))).toMatchObject({ code: 'HANDLER_FAILED', known: 'executed', message: fails });
  },
);

test.each(everyProtocol)('a request for which there is never room is not worth repeating ($protocol)', async ({ protocol }) => {
  let ran = 0;
  const { host } = await pairOfPeers({ protocol }, { maxServerBytes: 10_000, methods: { take: () => ({ ran: ++ran }) } });
  const error = await rejection(host.call('take', { x: 'x'.repeat(9_000) }));
  // Only virtagent-2 marks that it was the request, and not what it came to.
  const known = protocol === 'virtagent-2' ? 'refused' : 'perhaps-executed';
  expect(error).toMatchObject({ code: 'MESSAGE_TOO_LARGE', known, retryable: false });
  expect(error.message).toMatch(/of 9\d{3} bytes .* maxServerBytes is 10000/);
  expect(ran).toBe(0);
  expect(await host.call('take', { x: 'x'.repeat(7_000) })).toEqual({ ran: 1 });
});

test('a deadline passes in the queue, on the line, and not after the response', async () => {
  const clock = new SimulatedClock();
  const { host, guest } = await pairOfPeers({ window: 1, clock, heartbeatMs: Infinity }, { clock, methods: { ...never, quick: () => 1 } });
  const sent = rejection(host.call('never', undefined, { timeoutMs: 30 }));
  const queued = rejection(host.call('quick', undefined, { timeoutMs: 10 }));
  await settled();
  clock.increment(10);
  expect(await queued).toMatchObject({ code: 'TIMEOUT', known: 'not-sent' });
  clock.increment(20);
  expect(await sent).toMatchObject({ code: 'TIMEOUT', known: 'perhaps-executed' });
  expect(await host.call('quick', undefined, { timeoutMs: 5_000 })).toBe(1);
  expect(host.manager.timers.size).toBe(0);
  expect(guest.slots.execute.taken).toBe(1);
});

test('a signal cancels a call in the queue, on the line, and before it began', async () => {
  const { host } = await pairOfPeers({ window: 1 }, { methods: never });
  const aborts = [new AbortController(), new AbortController()];
  const sent = rejection(host.call('never', undefined, { signal: aborts[0]?.signal }));
  const queued = rejection(host.call('never', undefined, { signal: aborts[1]?.signal }));
  await settled();
  for (const abort of aborts.toReversed()) abort.abort(new Error('changed my mind'));
  expect(await queued).toMatchObject({ code: 'CANCELLED', known: 'not-sent', cause: { message: 'changed my mind' } });
  expect(await sent).toMatchObject({ code: 'CANCELLED', known: 'perhaps-executed' });
  expect(await rejection(host.call('never', undefined, { signal: AbortSignal.abort() }))).toMatchObject({
    code: 'CANCELLED',
    known: 'not-sent',
  });
});

test('a late reply to a call that was given up is counted and harms nobody', async () => {
  const gate = deferred<number>();
  // Where the deadline travels, the other side gives the request up by itself.
  const { host } = await pairOfPeers({ protocol: 'jsonrpc-lines' }, { methods: { late: () => gate.promise, quick: () => 'quick' } });
  expect(await rejection(host.call('late', undefined, { timeoutMs: 10 }))).toMatchObject({ code: 'TIMEOUT' });
  gate.resolve(1);
  expect(await host.call('quick')).toBe('quick');
  await settled();
  expect(host.counters.late).toBe(1);
});

test('a full queue on this side fails the call at once', async () => {
  const { host } = await pairOfPeers({ maxClientJobs: 2 }, { methods: never });
  const two = [host.call('never'), host.call('never')].map((call) => call.catch(() => {}));
  expect(await rejection(host.call('never'))).toMatchObject({ code: 'QUEUE_FULL', known: 'not-sent', retryable: true });
  host.close();
  await Promise.all(two);
});

test('a call that this side never has room for says which limit that is', async () => {
  const { host } = await pairOfPeers({ maxClientBytes: 4_000 }, { methods: { size: ({ text }: { text: string }) => text.length } });
  const failure = await rejection(host.call('size', { text: 'x'.repeat(4_000) }));
  expect(failure).toMatchObject({ code: 'MESSAGE_TOO_LARGE', known: 'not-sent', retryable: false });
  expect(failure.message).toMatch(/maxClientBytes \(4000\)/);
  expect(await host.call('size', { text: 'x' })).toBe(1);
});

test('a full queue on the other side answers busy, where nothing else keeps calls back, and calls after it back off and then go', async () => {
  const protocol = 'jsonrpc-lines' as const;
  const gate = deferred();
  const { host, guest } = await pairOfPeers(
    { protocol },
    { protocol, maxServerJobs: 2, methods: { wait: () => gate.promise, quick: () => 'quick' } },
  );
  const two = [host.call('wait'), host.call('wait')];
  const third = await rejection(host.call('wait'));
  expect(third).toMatchObject({ code: 'BUSY', known: 'refused', retryable: true });
  const fourth = host.call('quick');
  expect(host.slots.send.waiting).toBe(1);
  gate.resolve();
  await Promise.all(two);
  expect(await fourth).toBe('quick');
  expect(guest.slots.server.count).toBe(0);
});

test('stop finishes what runs, refuses what is new, and closes', async () => {
  const gate = deferred<string>();
  const { host, guest } = await pairOfPeers(
    { methods: { help: () => 'helped' } },
    { methods: { slow: async (_: unknown, { call }: HandlerContext<Loose>) => `${await gate.promise} ${await call('help')}` } },
  );
  const running = host.call('slow');
  await settled();
  const stopped = guest.stop();
  expect(await rejection(host.call('slow'))).toMatchObject({ code: 'STOPPING', known: 'refused', retryable: true });
  expect(await rejection(guest.call('help'))).toMatchObject({ code: 'STOPPING', known: 'not-sent' });
  gate.resolve('done and');
  expect(await running).toBe('done and helped');
  await stopped;
  expect(guest.link).toBe('ended');
  await host.ended();
});

test('stop with a limit ends what does not finish', async () => {
  const { host, guest } = await pairOfPeers({}, { methods: never });
  const running = rejection(host.call('never'));
  await settled();
  await guest.stop({ timeoutMs: 20 });
  expect(await running).toMatchObject({ code: 'LINE_LOST', known: 'perhaps-executed' });
});

test('a cancel of the caller reaches the handler where the protocol carries it, and is answered as cancelled', async () => {
  const aborted = deferred<unknown>();
  const { host, guest } = await pairOfPeers(
    { protocol: 'jsonrpc-headers' },
    {
      executeSlots: 1,
      methods: {
        hang: (_: unknown, { signal }: HandlerContext) =>
          new Promise(() => signal.addEventListener('abort', () => aborted.resolve(signal.reason))),
      },
    },
  );
  const abort = new AbortController();
  const call = rejection(host.call('hang', undefined, { signal: abort.signal }));
  await settled();
  abort.abort();
  expect(await call).toMatchObject({ code: 'CANCELLED', known: 'perhaps-executed' });
  expect(await aborted.promise).toMatchObject({ code: 'CANCELLED' });
  await settled();
  // The job was answered; its handler ignores the signal, so it still holds its slot.
  expect(guest.slots).toMatchObject({ execute: { taken: 1 }, server: { count: 1 } });
});
