import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Peer } from '../../actors/index.ts';
import { vmPrograms } from '../../scripts/vm/programs.ts';
import { qemuChardev, unixConnect } from '../../transport/index.ts';
import { opened } from '../support/peers.ts';
import { HostProcess } from './support/host-process.ts';
import { needs } from './support/needs.ts';
import { settled, Traffic, Worker, type Tally } from './support/traffic.ts';
import { onVirtioSerial, testVm } from './support/vm.ts';

needs(...vmPrograms)('a machine on virtio-serial, with virtagent-v7 and calls both ways all the time', () => {
  const machine = testVm([onVirtioSerial('virtagent-v7')]);
  const worker = new Worker();
  const hostHere = () =>
    opened({
      channel: unixConnect(machine.vm.sockets.agent),
      protocol: 'virtagent-v7',
      role: 'host',
      retries: true,
      methods: worker.methods,
    });

  it('goes on when the host process is killed and restarted, 20 times', async () => {
    const first = hostHere();
    await first.call('talk', { width: 2, timeoutMs: 3000 });
    first.close();
    for (let times = 0; times < 20; times++) {
      const host = new HostProcess(machine.programs.host, machine.vm.sockets.agent, 'virtagent-v7');
      const { wrong } = await host.report();
      expect(wrong).toBe(0);
      // In the middle of something, and each time of something else.
      await pause(times * 3);
      await host.kill();
    }
    const last = hostHere();
    const executedBefore = worker.executed;
    await new Traffic(last).goesOn();
    // A host that was replaced soon is not seen to have left: what the guest had asked it waits for its deadline.
    await expect.poll(() => worker.executed).toBeGreaterThan(executedBefore);
    const theirs = (await last.call('hush')) as Tally;
    expect(settled(theirs), JSON.stringify(theirs)).toBe(true);
    expect(((await last.call('report')) as { twice: unknown }).twice).toEqual([]);
  });

  it('goes on when the guest agent is killed and restarted, 5 times', async () => {
    const host = hostHere();
    const traffic = new Traffic(host, { width: 3 });
    const pids = new Set<unknown>();
    for (let times = 0; times < 5; times++) {
      await traffic.goesOn();
      pids.add(await pidOf(host));
      await host.call('talk', { width: 1 });
      await machine.vm.control.sh('agent signal test KILL');
      // Nothing tells the host of it on this line: what was out ends with its deadline.
      while (pids.has(await pidOf(host))) await pause(50);
    }
    await traffic.goesOn();
    const ours = await traffic.stop();
    expect(settled(ours), JSON.stringify(ours)).toBe(true);
    expect(pids.size).toBe(5);
    expect(worker.twice).toEqual([]);
  });

  it("is told at once by QEMU's monitor that the guest agent was killed: no call waits for its deadline", async () => {
    const { agent, qmp } = machine.vm.sockets;
    const channel = qemuChardev({ path: agent, qmp: { path: qmp } });
    const host = opened({ channel, protocol: 'virtagent-v7', role: 'host', retries: true });
    for (let times = 0; times < 2; times++) {
      const pid = await pidOf(host);
      const slow = host.call('work', { id: `slow ${times}`, ms: 600_000 }, { timeoutMs: 600_000 });
      while (((await host.call('report')) as { running: number }).running === 0) await pause(50);
      await Promise.all([
        expect(slow).rejects.toMatchObject({ code: 'LINE_LOST', known: 'perhaps-executed' }),
        machine.vm.control.sh('agent signal test KILL'),
      ]);
      expect(await pidOf(host)).not.toBe(pid);
    }
  });
});

needs(...vmPrograms)('a machine on virtio-serial, with virtagent-2 and calls both ways all the time', () => {
  const machine = testVm([onVirtioSerial('virtagent-2')]);

  it('a guest agent that is killed and restarted is another session: what was out ends at once, and nothing is executed twice', async () => {
    const worker = new Worker();
    const channel = unixConnect(machine.vm.sockets.agent);
    const host = opened({ channel, protocol: 'virtagent-2', role: 'host', retries: true, methods: worker.methods });
    const traffic = new Traffic(host, { width: 3 });
    const pids = new Set<unknown>();
    for (let times = 0; times < 5; times++) {
      await traffic.goesOn();
      pids.add(await pidOf(host));
      await host.call('talk', { width: 1 });
      const slow = host.call('work', { id: `slow ${times}`, ms: 600_000 }, { timeoutMs: 600_000 });
      while (((await host.call('report')) as { running: number }).running === 0) await pause(50);
      const lost = expect(slow).rejects.toMatchObject({ code: 'LINE_LOST', known: 'perhaps-executed' });
      await machine.vm.control.sh('agent signal test KILL');
      // The next agent's first word on the line says that it is another.
      await lost;
      await expect.poll(() => host.sessions).toBe(times + 2);
      while (pids.has(await pidOf(host))) await pause(50);
    }
    await traffic.goesOn();
    const ours = await traffic.stop();
    expect(settled(ours), JSON.stringify(ours)).toBe(true);
    expect(pids.size).toBe(5);
    expect(worker.twice).toEqual([]);
  });
});

async function pidOf(host: Peer): Promise<number> {
  for (;;) {
    const report = await host.call('report', undefined, { timeoutMs: 2000 }).catch(() => undefined);
    if (report !== undefined) return (report as { pid: number }).pid;
  }
}
