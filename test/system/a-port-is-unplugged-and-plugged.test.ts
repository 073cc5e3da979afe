import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { vmPrograms } from '../../scripts/vm/programs.ts';
import { opened } from '../support/peers.ts';
import { needs } from './support/needs.ts';
import { settled, Traffic, Worker, type Tally } from './support/traffic.ts';
import { onVirtioSerial, testVm } from './support/vm.ts';

needs(...vmPrograms)('a machine on virtio-serial, with jsonrpc-lines and calls both ways all the time', () => {
  const machine = testVm([onVirtioSerial('jsonrpc-lines')]);

  it('goes on when its port is unplugged and plugged again', async () => {
    const worker = new Worker();
    const host = opened({ channel: machine.channel, protocol: 'jsonrpc-lines', retries: true, methods: worker.methods });
    const traffic = new Traffic(host, { width: 3 });
    await traffic.goesOn();
    await host.call('talk', { width: 2 });
    for (let times = 0; times < 5; times++) {
      await traffic.goesOn(10);
      await machine.vm.unplug();
      // At once, and after the guest has seen it.
      await pause(times * 100);
      await machine.vm.plug();
      const executed = worker.executed;
      await traffic.goesOn();
      await expect.poll(() => worker.executed).toBeGreaterThan(executed);
    }
    const ours = await traffic.stop();
    const theirs = (await host.call('hush')) as Tally;
    expect([ours, theirs].every(settled), JSON.stringify({ ours, theirs })).toBe(true);
    expect(Object.keys(theirs.failed)).toContain('LINE_LOST, perhaps-executed');
    expect(((await host.call('report')) as { twice: unknown }).twice).toEqual([]);
    expect(worker.twice).toEqual([]);
  });
});
