import { expect, it, onTestFinished } from 'vitest';
import { createPeer, type Peer } from '../../actors/index.ts';
import { vmPrograms } from '../../scripts/vm/programs.ts';
import { qemuChardev } from '../../transport/index.ts';
import { failure, never, until } from '../channels/support.ts';
import type { Loose } from '../support/peers.ts';
import { needs } from './support/needs.ts';
import { onVirtioSerial, testVm } from './support/vm.ts';

needs(...vmPrograms)('the host end with a real QEMU and its monitor', () => {
  const machine = testVm([onVirtioSerial('jsonrpc-lines')]);

  it('opens when the guest opens its port, ends when it closes it, and opens again', async () => {
    const { vm } = machine;
    const path = vm.sockets.agent;
    const qmp = { path: vm.sockets.qmp };
    const host = createPeer<Loose>({
      channel: qemuChardev({ path, qmp, waitMs: 60_000 }),
      protocol: 'jsonrpc-lines',
      retries: true,
    }) as Peer<Loose>;
    onTestFinished(() => host.close());
    const downs: string[] = [];
    host.link$.subscribe(({ state, reason }) => state === 'down' && reason instanceof Error && downs.push(reason.message));

    const { pid } = (await host.call('report', {}, { timeoutMs: 60_000 })) as { pid: number };
    for (let n = 1; n <= 3; n++) {
      const { pid: now } = (await host.call('report', {}, { timeoutMs: 60_000 })) as { pid: number };
      await vm.control.run(`kill -9 ${now}`, AbortSignal.timeout(30_000));
      await until(() => downs.length === n);
      // The next line is that of the agent that was started anew; no call was made to nobody.
      const next = (await host.call('report', {}, { timeoutMs: 60_000 })) as { pid: number };
      expect(next.pid).not.toBe(now);
    }
    expect(pid).toBeGreaterThan(0);
    for (const why of downs) expect(why).toMatch(/the guest closed its port/);

    // A chardev serves one client, and its monitor another.
    const second = await failure(qemuChardev({ path, waitMs: 0 }).open(never));
    expect(second.code).toBe('CHANNEL_IN_USE');
    expect((await failure(qemuChardev({ path: vm.sockets.spare, qmp, waitMs: 0 }).open(never))).code).toBe('CHANNEL_IN_USE');
    host.close();
    // Nobody has that port open in the guest.
    const spare = qemuChardev({ path: vm.sockets.spare, qmp, waitMs: 2_000 });
    expect(await failure(spare.open(never))).toMatchObject({
      code: 'CHANNEL_REFUSED',
      message: expect.stringMatching(/the guest has not opened its port.*; waited 2 s$/),
    });
    await spare.close();
  });
});
