import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import type { OutgoingMessage } from '../../transport/index.ts';
import { everyProtocol, settled } from '../support/peers.ts';
import { against, answer, ask, answers, asked } from './support.ts';

const busy = (tag: unknown): OutgoingMessage => ({
  type: 'response',
  tag: tag as string,
  answer: { ok: false, error: { code: 'BUSY', message: 'later' } },
});

test.each(everyProtocol)(
  'is asked ever more rarely, served all the while, and asked at once when it is not busy any more ($protocol)',
  async ({ protocol }) => {
    const clock = new SimulatedClock();
    const { peer, say, heard } = against({ protocol, clock, random: () => 0, window: 1, methods: { ping: () => undefined } });
    await peer.ready();
    const outcomes: string[] = [];
    for (let i = 0; i < 20; i++)
      peer.call('any', {}, { timeoutMs: Infinity }).then(
        () => outcomes.push('value'),
        ({ code, known }: { code: string; known: string }) => outcomes.push(`${code} ${known}`),
      );
    await settled();
    const pauses: number[] = [];
    for (let i = 1; i <= 10; i++) {
      say(busy(asked(heard)[i - 1]?.tag));
      await settled();
      let waited = 0;
      while (asked(heard).length === i) {
        clock.increment(10);
        waited += 10;
        await settled(1);
      }
      pauses.push(waited);
    }
    expect(pauses).toEqual([20, 40, 80, 160, 320, 640, 1280, 2000, 2000, 2000]);
    expect(new Set(outcomes)).toEqual(new Set(['BUSY refused']));
    say(ask('1', 'ping'));
    await settled();
    expect(answers(heard)).toHaveLength(1);
    for (let i = 10; i < 20; i++) {
      say(answer(asked(heard)[i]?.tag, {}));
      await settled();
    }
    expect(outcomes.filter((one) => one === 'value')).toHaveLength(10);
    say(busy('nobody'), busy(asked(heard)[0]?.tag));
    await settled();
    expect(peer.manager.timers.size).toBe(0);
  },
);

test('its pause ends with the peer', async () => {
  const clock = new SimulatedClock();
  const { peer, say, heard } = against({ clock });
  const calls = [peer.call('any').catch(() => {}), peer.call('any').catch(() => {})];
  await settled();
  say(busy(asked(heard)[0]?.tag));
  await settled();
  expect(peer.manager.timers.size).toBe(2);
  peer.close();
  await Promise.all(calls);
  expect(peer.manager.timers.size).toBe(0);
});
