/** `printf REQUESTS | program`: what was asked is answered, then the line is done with, at once and not after a time-out. */
import type { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { memoryPair, type Channel } from '../../transport/index.ts';
import { deferred, everyProtocol, opened, rejection, settled, type Loose } from '../support/peers.ts';
import { answers, ask, farEnd, timeless, type Against } from './support.ts';

function halfOpen(highWaterMark = 16_384): { channel: Channel; ours: Duplex; line: Duplex } {
  const [ours, line] = memoryPair({ highWaterMark });
  return { channel: { name: 'test', reopens: false, halfOpen: true, open: async () => ours, close: async () => {} }, ours, line };
}

function scene(options: object, highWaterMark?: number, deaf = false): Against & { ours: Duplex } {
  const { channel, ours, line } = halfOpen(highWaterMark);
  const { protocol = 'jsonrpc-lines' } = options as { protocol?: 'jsonrpc-lines' };
  const peer = opened<Loose>({ channel, clock: new SimulatedClock(), ...timeless, ...options, protocol });
  return { peer, ours, ...farEnd(line, protocol, deaf) };
}

test.each(everyProtocol)(
  'the answers that it waits for are all sent, and nothing is waited for after them ($protocol)',
  async ({ protocol }) => {
    const gates = [deferred<void>(), deferred<void>()];
    const { peer, line, say, heard } = scene({ protocol, methods: { wait: ({ n }: { n: number }) => gates[n]?.promise } });
    await peer.ready();
    await settled();
    say(ask('0', 'wait', { n: 0 }), ask('1', 'wait', { n: 1 }));
    line.end();
    await settled();
    expect(peer.link).toBe('finishing');
    gates[1]?.resolve();
    await settled();
    expect(peer.link).toBe('finishing');
    gates[0]?.resolve();
    await peer.ended();
    await settled();
    expect(answers(heard).map(({ tag }) => tag)).toEqual(['1', '0']);
    expect(peer.manager.timers.size).toBe(0);
  },
);

test('a notification that is still handled is waited for, no longer', async () => {
  const gate = deferred<void>();
  const { peer, line, say } = scene({ methods: { told: () => gate.promise } });
  say({ type: 'notification', method: 'told', params: {} });
  line.end();
  await settled();
  expect(peer.link).toBe('finishing');
  gate.resolve();
  await peer.ended();
});

test('with nothing asked it is over at once, and our calls end', async () => {
  const { peer, line } = scene({});
  await peer.ready();
  const sent = rejection(peer.call('any'));
  await settled();
  line.end();
  expect(await sent).toMatchObject({ code: 'LINE_LOST', known: 'perhaps-executed' });
  await peer.ended();
});

test('a call that is made while the last answers leave is told that it was not sent, and they still leave', async () => {
  const clock = new SimulatedClock();
  const { peer, line, say, heard, listen } = scene({ clock, methods: { big: () => 'x'.repeat(5_000) } }, 64, true);
  say(ask(1, 'big'));
  line.end();
  await settled();
  const late = rejection(peer.call('late', {}, { timeoutMs: 4_000 }));
  await settled();
  listen();
  await settled(20);
  expect(await late).toMatchObject({ known: 'not-sent' });
  expect(answers(heard)).toMatchObject([{ tag: 1, answer: { ok: true } }]);
  await peer.ended();
});

test('one that does not read them is left after five seconds', async () => {
  const clock = new SimulatedClock();
  const { peer, line, say, ours } = scene({ clock, methods: { big: () => 'x'.repeat(5_000) } }, 64, true);
  say(ask(1, 'big'));
  line.end();
  await settled();
  clock.increment(4_999);
  expect(peer.link).toBe('finishing');
  clock.increment(1);
  await peer.ended();
  clock.increment(1_000);
  expect(ours.destroyed).toBe(true);
});

test('a handler that never returns is left after five seconds', async () => {
  const clock = new SimulatedClock();
  const aborted = deferred<unknown>();
  const { peer, line, say } = scene({
    clock,
    methods: {
      hang: (_: unknown, { signal }: { signal: AbortSignal }) => {
        signal.addEventListener('abort', () => aborted.resolve(signal.reason));
        return new Promise(() => {});
      },
    },
  });
  say(ask(1, 'hang'));
  line.end();
  await settled();
  clock.increment(5_000);
  expect(await aborted.promise).toMatchObject({ code: 'LINE_LOST' });
  await peer.ended();
});

test('a stream that could not be opened is not tried again, whatever the options say', async () => {
  const stream = memoryPair()[0];
  stream.destroy();
  const peer = opened<Loose>({ stream, retries: true });
  expect(await peer.ended()).toMatchObject({ code: 'CHANNEL_UNUSABLE' });
});
