import { expect, test } from 'vitest';
import { SessionPeers } from './session-peers.ts';

test.each([false, true])(
  'one that waits for its source, and calls its caller meanwhile (%s), holds a slot when an item is there',
  async (calls) => {
    const clocked = (ms: number): Promise<void> => new Promise((resolve) => void peers.clock.setTimeout(resolve, ms));
    const methods = {
      async *slow(_: unknown, { call }: { call: (method: string) => Promise<unknown> }) {
        await clocked(250);
        if (calls) await call('ping');
        await clocked(50);
        yield 'item';
        await new Promise(() => {});
      },
    };
    const peers: SessionPeers = await SessionPeers.up({ methods: { ping: () => 'pong' } }, { methods, executeSlots: 1 });
    // Steps so small that it has not waited long for the next when this one has come.
    const fine = { steps: 10_000, ms: 0.1 };
    const stream = peers.left.stream('slow');
    expect(await peers.until(stream.next(), fine)).toMatchObject({ value: 'item' });
    expect(peers.right.slots.execute).toMatchObject({ taken: 1, parked: 0 });
    stream.cancel();
    peers.left.close();
    peers.right.close();
  },
);
