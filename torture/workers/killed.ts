/** A process that is going to be killed: serves and calls, and notes what it executes before it does. */
import { appendFileSync } from 'node:fs';
import { createPeer } from '../../actors/index.ts';
import { unixConnect, unixListen } from '../../transport/index.ts';

const [socket, log, place] = process.argv.slice(2) as [string, string, 'listen' | 'connect'];

process.on('disconnect', () => process.exit());

process.once('message', () => {
  let said = 0;
  let isUp = false;
  const peer = createPeer<{ note: (params: { id: string }) => unknown }>({
    channel: place === 'listen' ? unixListen(socket) : unixConnect(socket),
    protocol: 'virtagent-2',
    retries: true,
    executeSlots: 8,
    methods: {
      work: async ({ id }: { id: string }) => {
        appendFileSync(log, `${id}\n`);
        // Some are at it when the end comes.
        if (id.endsWith('7')) await new Promise((resolve) => setTimeout(resolve, 5));
        return id;
      },
    },
  });
  const keepCalling = async (): Promise<void> => {
    for (;;) {
      await peer.call('note', { id: `${process.pid} ${said++}` });
      if (!isUp) process.send?.('up');
      isUp = true;
    }
  };
  for (let i = 0; i < 8; i++) keepCalling().catch(() => {});
});
