import type { Duplex } from 'node:stream';
import { expect, it } from 'vitest';
import { vmPrograms } from '../../scripts/vm/programs.ts';
import { qemuChardev, type Channel } from '../../transport/index.ts';
import { opened } from '../support/peers.ts';
import { needs } from './support/needs.ts';
import { settled, Traffic, Worker, type Tally } from './support/traffic.ts';
import { onIsaSerial, testVm } from './support/vm.ts';

needs(...vmPrograms)('a machine on isa-serial, with virtagent-2', () => {
  const machine = testVm([onIsaSerial('virtagent-2')]);

  /** QEMU's end of the port, which can be cut under its peer. */
  function cuttable(): { channel: Channel; cut: () => void } {
    const inner = qemuChardev({ path: machine.vm.sockets.serial });
    let line: Duplex | undefined;
    const open = async (signal: AbortSignal): Promise<Duplex> => (line = await inner.open(signal));
    return {
      channel: { name: inner.name, reopens: true, open, close: () => inner.close() },
      cut: () => void line?.destroy(),
    };
  }

  it('calls in both directions survive a host that is cut off and comes back, and none is executed twice', async () => {
    const worker = new Worker();
    const { channel, cut } = cuttable();
    const peer = opened({ channel, protocol: 'virtagent-2', retries: true, methods: worker.methods });
    await peer.call('talk', { width: 2, timeoutMs: 100_000 });
    const traffic = new Traffic(peer, { width: 2, timeoutMs: 100_000, ms: 50 });
    for (let times = 0; times < 5; times++) {
      await traffic.goesOn(5);
      cut();
    }
    await traffic.goesOn(10);
    const theirs = (await peer.call('hush')) as Tally;
    const ours = await traffic.stop();
    expect([ours.failed, theirs.failed]).toEqual([{}, {}]);
    expect([ours, theirs].every(settled), JSON.stringify({ ours, theirs })).toBe(true);
    expect([worker.twice, ((await peer.call('report')) as { twice: unknown }).twice]).toEqual([[], []]);
    expect(peer.sessions).toBe(1);
  });

  it('another host is another session: what the first had asked is lost there, and the second is served', async () => {
    const first = cuttable();
    const peer = opened({ channel: first.channel, protocol: 'virtagent-2', retries: true });
    const lost = peer.call('work', { id: 'lost', ms: 60_000 }, { timeoutMs: 60_000 }).catch((error: { code: string }) => error.code);
    await peer.call('report');
    peer.close();
    const second = opened({ channel: cuttable().channel, protocol: 'auto', retries: true });
    await new Traffic(second).goesOn(5);
    expect(second.protocol).toBe('virtagent-2');
    expect(await lost).toBe('STOPPED');
  });
});
