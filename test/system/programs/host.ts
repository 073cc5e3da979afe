// A host in a process of its own, to be killed or stopped: works and gives work. Its arguments: SOCKET PROTOCOL [TIMEOUT_MS].
// Prints a line of JSON each time that its calls have gone on, and at the end of its standard input what became of them all,
// and of those that the guest made.
import { createPeer } from '../../../actors/index.ts';
import { unixConnect } from '../../../transport/index.ts';
import type { ProtocolName } from '../../../transport/protocols.ts';
import { Traffic, Worker } from '../support/traffic.ts';

const [path, protocol, timeoutMs = '3000'] = process.argv.slice(2) as [string, ProtocolName, string?];
const worker = new Worker();
const peer = createPeer({
  channel: unixConnect(path),
  protocol,
  ...(protocol === 'virtagent-v7' ? { role: 'host' as const } : {}),
  retries: true,
  methods: worker.methods,
});
const traffic = new Traffic(peer, { timeoutMs: Number(timeoutMs) });
let isOn = true;
process.stdin.resume().once('end', () => (isOn = false));
while (isOn) {
  await Promise.race([traffic.goesOn(3), new Promise((resolve) => process.stdin.once('end', resolve))]);
  console.log(JSON.stringify({ ...traffic.tally, executed: worker.executed }));
}
const ours = await traffic.stop();
const theirs = await peer.call('hush');
console.log(JSON.stringify({ ...ours, executed: worker.executed, twice: worker.twice, theirs }));
process.exit(0);
