/** A cancel is a short message; however many requests share its tag, saying it again costs nothing. */
import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { settled } from '../support/peers.ts';
import { against, answers, ask } from './support.ts';

test('a thousand cancels of a tag that a thousand unread requests share tell each of them once', async () => {
  const { peer, say, listen, heard } = against(
    { protocol: 'jsonrpc-headers', clock: new SimulatedClock(), methods: { never: () => new Promise(() => {}) } },
    { deaf: true, highWaterMark: 64 },
  );
  say(...Array.from({ length: 1_000 }, () => ask('same', 'never')));
  await settled();
  let told = 0;
  const system = peer.ref.system as unknown as { inspect(see: (event: { type: string; event?: { type: string } }) => void): void };
  system.inspect((event) => {
    if (event.type === '@xstate.event' && event.event?.type === 'abort') told++;
  });
  say(...Array.from({ length: 1_000 }, () => ({ type: 'cancel', tag: 'same' }) as const));
  await settled();
  // Each is told to the manager, and by it to the job.
  expect(told).toBe(2_000);
  listen();
  await settled(30);
  expect(answers(heard)).toHaveLength(1_000);
  expect(answers(heard).every(({ answer }) => answer?.error?.code === 'CANCELLED')).toBe(true);
});

test('a tag that is used again after a cancel can be cancelled again', async () => {
  const signals: AbortSignal[] = [];
  const { say, heard } = against({
    protocol: 'jsonrpc-headers',
    methods: {
      never: (_: unknown, { signal }: { signal: AbortSignal }) => {
        signals.push(signal);
        return new Promise(() => {});
      },
    },
  });
  for (let round = 1; round <= 3; round++) {
    say(ask(1, 'never'), { type: 'cancel', tag: 1 }, { type: 'cancel', tag: 1 }, { type: 'cancel', tag: 2 });
    await settled();
    expect(answers(heard)).toHaveLength(round);
    expect(signals.map((signal) => signal.aborted)).toEqual(Array(round).fill(true));
  }
});
