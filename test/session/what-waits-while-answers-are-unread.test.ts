import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import type { Line } from '../../transport/line.ts';
import type { Codec, IncomingMessage } from '../../transport/messages.ts';
import { Reading } from '../../transport/reading.ts';
import { Timers } from '../../transport/timers.ts';
import { settled } from '../support/peers.ts';

const most = 512 * 1024;
const bytes = 52;

/** A session's reading, which goes off again after so many messages; and its line. */
function made(offEach: number, mostNestedBytes = 0) {
  const line = {
    isDestroyed: false,
    isPaused: false,
    pause: () => (line.isPaused = true),
    resume: () => (line.isPaused = false),
  };
  const counts = { came: 0, handedOn: 0 };
  const reading: Reading = new Reading({
    timers: new Timers(new SimulatedClock()),
    line: line as unknown as Line,
    hasSession: true,
    stallTimeoutMs: Infinity,
    mostNestedBytes,
    handOn: () => {
      if (++counts.handedOn % offEach === 0) reading.pause();
    },
    onEmpty: () => {},
    onStalled: () => {},
  });
  const take = (count: number, message: object): void => {
    counts.came += count;
    const push = (): IncomingMessage[] => Array.from({ length: count }, (_, n) => ({ tag: `t${n}`, bytes, ...message }) as IncomingMessage);
    reading.decode(Buffer.alloc(1), { push } as unknown as Codec);
  };
  return { reading, line, counts, take };
}

test('it is bounded however often answers are read and left unread in turn', async () => {
  const { reading, line, counts, take } = made(1_000);
  reading.pause();
  for (let cycle = 0; cycle < 50; cycle++) {
    for (let n = 0; n < 40 && !line.isPaused; n++) take(500, { type: 'status', of: 'x' });
    reading.resume();
    await settled(20);
    expect((counts.came - counts.handedOn) * bytes).toBeLessThan(most + 501 * bytes);
  }
});

test('once it is within the bound again the line is read on, though answers are unread', async () => {
  const { reading, line, take } = made(50);
  reading.pause();
  take(10_100, { type: 'cancel' });
  expect(line.isPaused).toBe(true);
  reading.resume();
  await settled(20);
  expect([reading.isOn, line.isPaused]).toEqual([false, false]);
});

test('what handlers ask has a bound of its own', () => {
  const { reading, line, take } = made(Infinity, 1_000_000);
  reading.pause();
  take(1, { type: 'request', method: 'm', params: null, nested: true, bytes: 900_000 });
  expect(line.isPaused).toBe(false);
  take(1, { type: 'request', method: 'm', params: null, nested: true, bytes: 100_000 });
  expect(line.isPaused).toBe(true);
});
