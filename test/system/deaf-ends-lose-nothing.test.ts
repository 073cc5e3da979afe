import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { VirtagentError } from '../../actors/index.ts';
import { vmPrograms } from '../../scripts/vm/programs.ts';
import { opened } from '../support/peers.ts';
import { HostProcess } from './support/host-process.ts';
import { needs } from './support/needs.ts';
import { settled, type Tally } from './support/traffic.ts';
import { onVirtioSerial, testVm } from './support/vm.ts';

const MiB = 1024 * 1024;

needs(...vmPrograms)('a machine on virtio-serial, with jsonrpc-lines', () => {
  const machine = testVm([onVirtioSerial('jsonrpc-lines')]);

  it('loses nothing while the guest is deaf, and the memory of the host is bounded', async () => {
    const host = opened({ channel: machine.channel, retries: true, maxClientBytes: 16 * MiB });
    await host.call('work', { id: 'ready' });
    await machine.vm.control.sh('agent signal test STOP');
    const before = process.memoryUsage().rss;
    const pad = 'x'.repeat(65_536);
    const outcomes = new Map<string, number>();
    const count = (name: string) => outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
    const calls = Array.from({ length: 4000 }, (_, index) =>
      host.call('work', { id: `deaf ${index}`, pad }, { timeoutMs: 110_000 }).then(
        (result) => count((result as { id: string }).id === `deaf ${index}` ? 'right' : 'wrong'),
        (error: unknown) => count(error instanceof VirtagentError ? `${error.code}, ${error.known}` : String(error)),
      ),
    );
    await pause(2000);
    const grown = process.memoryUsage().rss - before;
    await machine.vm.control.sh('agent signal test CONT');
    await Promise.all(calls);
    expect([...outcomes.keys()].toSorted()).toEqual(['QUEUE_FULL, not-sent', 'right']);
    expect(outcomes.get('right')).toBeGreaterThan(200);
    // Of 256 MB that were asked for, 16 are held, in frames and in what they were made of.
    expect(grown).toBeLessThan(96 * MiB);
  });

  it('loses nothing while the host is deaf, and the memory of the guest is bounded', async () => {
    const first = opened({ channel: machine.channel, retries: true });
    await first.call('talk', { width: 100, bytes: 65_536, timeoutMs: 110_000 });
    first.close();
    const host = new HostProcess(machine.programs.host, machine.vm.sockets.agent, 'jsonrpc-lines', '1');
    await host.report();
    host.signal('SIGSTOP');
    await pause(4000);
    const pid = (await machine.vm.control.sh('cat /run/agents/test.pid')).trim();
    const memory = await machine.vm.control.sh(`grep VmRSS /proc/${pid}/status`);
    host.signal('SIGCONT');
    await host.report();
    const ours = await host.finish();
    const last = opened({ channel: machine.channel, retries: true });
    const theirs = (await last.call('hush')) as Tally;
    console.log({ memory, ours, theirs });
    expect(settled(ours), JSON.stringify(ours)).toBe(true);
    expect(settled(theirs), JSON.stringify(theirs)).toBe(true);
  });
});
