/** Rule 15: queued jobs wait for the next link. A stream can be broken for some time before it says so. */
import { expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import type { Duplex } from 'node:stream';
import { memoryPair, type Channel } from '../../transport/index.ts';
import { everyProtocol, opened, settled, type Loose } from '../support/peers.ts';
import { farEnd, answer, asked } from './support.ts';

// In a session nothing fails: what was given to a broken stream is sent again on the next line.
test.each(everyProtocol.filter(({ protocol }) => protocol !== 'virtagent-2'))(
  'a send that finds the stream broken fails alone ($protocol)',
  async ({ protocol }) => {
    const clock = new SimulatedClock();
    const pairs: [Duplex, Duplex][] = [];
    const channel: Channel = {
      name: 'test',
      reopens: true,
      open: async () => {
        const pair = memoryPair();
        pairs.push(pair);
        return pair[0];
      },
      close: async () => {},
    };
    const peer = opened<Loose>({ channel, protocol, clock, window: 1 });
    await peer.ready();
    const outcomes: unknown[] = [];
    const call = (n: number): void =>
      void peer.call('any', { n }).then(
        (value) => outcomes.push(value),
        (error: { known: string }) => outcomes.push(error.known),
      );
    call(1);
    call(2);
    call(3);
    await settled();
    // It is gone, and says so in a later tick; the answer that opens the window was read before.
    const far = farEnd(pairs[0]?.[1] as Duplex, protocol);
    await settled();
    far.line.pause();
    peer.messages$.subscribe(({ direction, message }) => {
      if (direction === 'in' && (message as { type: string }).type === 'response') pairs[0]?.[0].destroy();
    });
    far.say(answer(asked(far.heard)[0]?.tag, { n: 1 }));
    await settled();
    clock.increment(0);
    await settled();
    expect(pairs).toHaveLength(2);
    const next = farEnd(pairs[1]?.[1] as Duplex, protocol);
    await settled();
    for (let i = 0; i < 3; i++) {
      next.say(
        ...asked(next.heard)
          .slice(i, i + 1)
          .map(({ tag, params }) => answer(tag, { again: params?.['n'] })),
      );
      await settled();
    }
    expect(outcomes).toEqual([{ n: 1 }, 'not-sent', { again: 3 }]);
  },
);
