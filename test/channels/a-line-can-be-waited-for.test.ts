import { join } from 'node:path';
import { SimulatedClock } from 'xstate';
import { expect, test } from 'vitest';
import { unixConnect, waitingChannel, type Channel } from '../../transport/channels/index.ts';
import { VirtagentError } from '../../transport/errors.ts';
import { closing, ending, failure, folder, never, server, turns } from './support.ts';

/** A channel that fails as told, and says when it was asked. */
function failing(
  clock: SimulatedClock,
  code: 'CHANNEL_NOT_FOUND' | 'CHANNEL_DENIED' | 'CHANNEL_IN_USE',
): { channel: Channel; asked: number[] } {
  const asked: number[] = [];
  const open = async (): Promise<never> => {
    asked.push(clock.now());
    throw new VirtagentError(code, 'test: not now');
  };
  return { asked, channel: { name: 'test', reopens: true, open, close: async () => {} } };
}

async function pass(clock: SimulatedClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    await turns(1);
    clock.increment(50);
  }
  await turns(1);
}

test('it is tried again with pauses that grow to a second, until the wait is over', async () => {
  const clock = new SimulatedClock();
  const { channel, asked } = failing(clock, 'CHANNEL_NOT_FOUND');
  const error = failure(waitingChannel(channel, { waitMs: 5_000, clock, random: () => 0 }).open(never));
  await pass(clock, 5_000);
  expect(await error).toMatchObject({ code: 'CHANNEL_NOT_FOUND', message: 'test: not now; waited 5 s' });
  expect(asked).toEqual([0, 50, 150, 350, 750, 1550, 2550, 3550, 4550]);
});

test('pauses are spread at random, so that many do not come at once', async () => {
  const clock = new SimulatedClock();
  const { channel, asked } = failing(clock, 'CHANNEL_IN_USE');
  const error = failure(waitingChannel(channel, { waitMs: 2_000, clock, random: () => 0.5 }).open(never));
  await pass(clock, 2_000);
  await error;
  // Three quarters of 50, 100, 200 and 400 ms, as far as a clock of 50 ms tells.
  expect(asked.slice(0, 5)).toEqual([0, 50, 150, 300, 600]);
});

test('what will not pass by itself is not waited for', async () => {
  const clock = new SimulatedClock();
  const { channel, asked } = failing(clock, 'CHANNEL_DENIED');
  const error = await failure(waitingChannel(channel, { waitMs: 5_000, clock }).open(never));
  expect([error.message, asked]).toEqual(['test: not now', [0]]);
});

test('an attempt without an end is ended with the wait', async () => {
  const clock = new SimulatedClock();
  let ended: unknown;
  const channel: Channel = {
    name: 'test',
    reopens: true,
    open: (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject((ended = signal.reason)))),
    close: async () => {},
  };
  const error = failure(waitingChannel(channel, { waitMs: 2_000, clock }).open(never));
  await pass(clock, 2_000);
  expect(await error).toMatchObject({ code: 'CHANNEL_FAILED', message: 'test: there is nobody at the other end yet; waited 2 s' });
  expect(ended).toBeDefined();
});

test('the caller can end it in a pause and in an attempt', async () => {
  const clock = new SimulatedClock();
  const { channel, asked } = failing(clock, 'CHANNEL_NOT_FOUND');
  const abort = new AbortController();
  const opening = waitingChannel(channel, { waitMs: Infinity, clock, random: () => 0 }).open(abort.signal);
  await pass(clock, 100);
  abort.abort('enough');
  await expect(opening).rejects.toBe('enough');
  await pass(clock, 5_000);
  expect(asked).toEqual([0, 50]);
});

test('a socket that appears meanwhile is connected to', async () => {
  const path = join(folder(), 's');
  const clock = new SimulatedClock();
  const channel = closing(waitingChannel(unixConnect(path), { waitMs: 10_000, clock }));
  const opening = channel.open(never);
  await pass(clock, 500);
  await server({ path });
  let line: unknown;
  void opening.then((opened) => (line = ending(opened)));
  while (line === undefined) await pass(clock, 50);
  expect([channel.name, channel.reopens]).toEqual([`unix-connect ${path}`, true]);
});

test('how long is checked', () => {
  for (const waitMs of [-1, Number.NaN, '5' as never]) {
    expect(() => waitingChannel(unixConnect('/s'), { waitMs })).toThrow(/^waitMs is .*; it takes milliseconds from 0, or Infinity/);
  }
});
