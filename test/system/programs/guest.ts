// The guest's end in tests of a machine: does work, and on demand gives the host as much. Its arguments: CHANNEL PATH PROTOCOL.
import { readFileSync } from 'node:fs';
import { createPeer } from '../../../actors/index.ts';
import { openChannel, type ChannelName } from '../../../transport/index.ts';
import type { ProtocolName } from '../../../transport/protocols.ts';
import { Traffic, Worker, type TrafficOptions } from '../support/traffic.ts';

const [channel, path, protocol] = process.argv.slice(2) as [ChannelName, string, ProtocolName];
const worker = new Worker();
let traffic: Traffic | undefined;

const peer = createPeer({
  channel: openChannel({ channel, path }),
  protocol,
  ...(protocol === 'virtagent-v7' ? { role: 'guest' as const } : {}),
  retries: true,
  // So that a test of what happens when all of it is taken need not take much.
  maxClientBytes: 4 * 1024 * 1024,
  methods: {
    ...worker.methods,
    /** Calls the host from now on. */
    talk: (options: TrafficOptions) => {
      traffic ??= new Traffic(peer, options);
      return {};
    },
    /** Stops that; all its calls have had their outcome when this is answered. */
    hush: async () => {
      const tally = await traffic?.stop();
      traffic = undefined;
      return { ...tally };
    },
    /** What it has done so far. */
    report: () => ({
      ...traffic?.tally,
      executed: worker.executed,
      running: worker.running,
      twice: worker.twice,
      pid: process.pid,
      memory: memory(),
    }),
  },
});
peer.link$.subscribe(({ state, reason }) => console.log(new Date().toISOString(), state, reason instanceof Error ? reason.message : ''));
console.log('ended:', await peer.ended());
process.exit(1);

function memory(): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
}
