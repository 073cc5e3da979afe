import { expect, it } from 'vitest';
import { vmPrograms } from '../../scripts/vm/programs.ts';
import { qemuChardev } from '../../transport/index.ts';
import { opened } from '../support/peers.ts';
import { HostProcess } from './support/host-process.ts';
import { needs } from './support/needs.ts';
import { settled, Traffic, Worker, type Tally } from './support/traffic.ts';
import { onIsaSerial, testVm } from './support/vm.ts';

for (const protocol of ['virtagent-v7', 'virtagent-2'] as const)
  needs(...vmPrograms)(`a machine on isa-serial, at 115200 baud, with ${protocol}`, () => {
    const machine = testVm([onIsaSerial(protocol)]);
    const worker = new Worker();
    const host = () =>
      opened({
        channel: qemuChardev({ path: machine.vm.sockets.serial }),
        protocol,
        role: 'host',
        retries: true,
        methods: worker.methods,
      });

    it('calls and is called at once', async () => {
      const peer = host();
      // None fails, on a busy machine neither.
      await peer.call('talk', { width: 2, timeoutMs: 100_000 });
      const traffic = new Traffic(peer, { width: 2, timeoutMs: 100_000 });
      await traffic.goesOn(40);
      await expect.poll(() => worker.executed).toBeGreaterThan(10);
      const theirs = (await peer.call('hush')) as Tally;
      const ours = await traffic.stop();
      expect([ours, theirs].every(settled), JSON.stringify({ ours, theirs })).toBe(true);
      expect([ours.failed, theirs.failed]).toEqual([{}, {}]);
      expect(worker.twice).toEqual([]);
    });

    it('goes on when the host process is killed and restarted: nothing on this line tells the guest', async () => {
      const first = host();
      await first.call('talk', { width: 2, timeoutMs: 2000 });
      first.close();
      for (let times = 0; times < 5; times++) {
        const process = new HostProcess(machine.programs.host, machine.vm.sockets.serial, protocol);
        expect((await process.report()).wrong).toBe(0);
        await process.kill();
      }
      const last = host();
      await new Traffic(last).goesOn();
      const theirs = (await last.call('hush')) as Tally;
      expect(settled(theirs), JSON.stringify(theirs)).toBe(true);
      expect(((await last.call('report')) as { twice: unknown }).twice).toEqual([]);
    });
  });
