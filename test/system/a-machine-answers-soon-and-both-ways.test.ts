import { expect, it } from 'vitest';
import { vmPrograms } from '../../scripts/vm/programs.ts';
import { opened } from '../support/peers.ts';
import { unixConnect } from '../../transport/index.ts';
import { needs } from './support/needs.ts';
import { settled, Traffic, Worker, type Tally } from './support/traffic.ts';
import { onVirtioSerial, testVm } from './support/vm.ts';

needs(...vmPrograms)('a machine on virtio-serial, with virtagent-v7', () => {
  const machine = testVm([onVirtioSerial('virtagent-v7')]);
  const worker = new Worker();
  const host = () =>
    opened({
      channel: unixConnect(machine.vm.sockets.agent),
      protocol: 'virtagent-v7',
      role: 'host',
      retries: true,
      methods: worker.methods,
    });

  it('answers its first call, which is made while it starts', async () => {
    const poweredOn = performance.now();
    await machine.reboot();
    const { answer } = (await host().call('work', { id: 'first' }, { timeoutMs: 400_000 })) as { answer: string };
    expect(answer).toBe('tsrif/0');
    console.log(`its first call was answered ${((performance.now() - poweredOn) / 1000).toFixed(1)} s after power-on`);
  });

  it('calls and is called at once', async () => {
    const peer = host();
    // None fails, on a busy machine neither.
    await peer.call('talk', { width: 4, timeoutMs: 100_000 });
    const traffic = new Traffic(peer, { width: 4, timeoutMs: 100_000 });
    await traffic.goesOn(150);
    await expect.poll(() => worker.executed).toBeGreaterThan(50);
    const theirs = (await peer.call('hush')) as Tally;
    const ours = await traffic.stop();
    expect([ours, theirs].every(settled), JSON.stringify({ ours, theirs })).toBe(true);
    expect([ours.failed, theirs.failed]).toEqual([{}, {}]);
    expect(worker.twice).toEqual([]);
  });
});
