import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { VirtagentError } from '../../actors/index.ts';
import { vmPrograms } from '../../scripts/vm/programs.ts';
import { opened } from '../support/peers.ts';
import { HostProcess } from './support/host-process.ts';
import { needs } from './support/needs.ts';
import { settled, Worker, type Tally } from './support/traffic.ts';
import { onVirtioSerial, testVm } from './support/vm.ts';

const MiB = 1024 * 1024;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

needs(...vmPrograms)('a machine on virtio-serial, with jsonrpc-lines', () => {
  const machine = testVm([onVirtioSerial('jsonrpc-lines')]);

  it('loses nothing while the guest is deaf, and the memory of the host is bounded', async () => {
    const host = opened({ channel: machine.channel, protocol: 'jsonrpc-lines', retries: true, maxClientBytes: 16 * MiB });
    await host.call('work', { id: 'ready' });
    await machine.vm.control.sh('agent signal test STOP');
    const before = await held();
    const pad = 'x'.repeat(65_536);
    const outcomes = new Map<string, number>();
    const count = (name: string) => outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
    const calls = Array.from({ length: 4000 }, (_, index) =>
      host.call('work', { id: `deaf ${index}`, pad }, { timeoutMs: 200_000 }).then(
        (result) => count((result as { id: string }).id === `deaf ${index}` ? 'right' : 'wrong'),
        (error: unknown) => count(error instanceof VirtagentError ? `${error.code}, ${error.known}` : String(error)),
      ),
    );
    await pause(2000);
    const grown = (await held()) - before;
    await machine.vm.control.sh('agent signal test CONT');
    await Promise.all(calls);
    expect([...outcomes.keys()].toSorted()).toEqual(['QUEUE_FULL, not-sent', 'right']);
    expect(outcomes.get('right')).toBeGreaterThan(200);
    // Of 256 MB that were asked for, 16 are held, in frames and in what they were made of.
    expect(grown).toBeLessThan(64 * MiB);
  });

  it('loses nothing while the host is deaf, and the memory of the guest is bounded', async () => {
    const worker = new Worker();
    const first = opened({ channel: machine.channel, protocol: 'jsonrpc-lines', retries: true, methods: worker.methods });
    await first.call('talk', { width: 100, bytes: 65_536, timeoutMs: 200_000 });
    first.close();
    // Its answers come behind all that the guest has to say.
    const host = new HostProcess(machine.programs.host, machine.vm.sockets.agent, 'jsonrpc-lines', '200000');
    await host.report();
    host.signal('SIGSTOP');
    await pause(4000);
    const pid = (await machine.vm.control.sh('cat /run/agents/test.pid')).trim();
    const kilobytes = Number(/VmRSS:\s+(\d+) kB/.exec(await machine.vm.control.sh(`cat /proc/${pid}/status`))?.[1]);
    host.signal('SIGCONT');
    await host.report();
    const ours = await host.finish();
    const theirs = ours.theirs as Tally;
    expect(settled(ours), JSON.stringify(ours)).toBe(true);
    expect(settled(theirs), JSON.stringify(theirs)).toBe(true);
    // Lines were lost when hosts changed; of what was sent to the deaf one, nothing was, and of the rest it is known.
    expect(Object.keys(theirs.failed)).toEqual(expect.arrayContaining(['QUEUE_FULL, not-sent']));
    for (const failure of Object.keys(theirs.failed)) expect(failure).toBeOneOf(['QUEUE_FULL, not-sent', 'LINE_LOST, perhaps-executed']);
    expect(theirs.right).toBeGreaterThan(64);
    expect(ours.twice).toEqual([]);
    // Node itself takes 70 MB there.
    expect(kilobytes * 1024).toBeLessThan(128 * MiB);
  });
});

async function held(): Promise<number> {
  await pause(10);
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
