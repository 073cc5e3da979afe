import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { vmPrograms } from '../../scripts/vm/programs.ts';
import { opened } from '../support/peers.ts';
import { needs } from './support/needs.ts';
import { settled, Traffic, Worker, type Tally } from './support/traffic.ts';
import { onVirtioSerial, testVm } from './support/vm.ts';

needs(...vmPrograms)('a machine on virtio-serial, in the middle of calls both ways', () => {
  describe.each([{ protocol: 'virtagent-v7' }, { protocol: 'jsonrpc-lines' }] as const)('with $protocol', ({ protocol }) => {
    const machine = testVm([onVirtioSerial(protocol)]);
    const worker = new Worker();
    const host = () =>
      opened({
        channel: machine.channel,
        protocol,
        ...(protocol === 'virtagent-v7' ? { role: 'host' as const } : {}),
        retries: true,
        methods: worker.methods,
      });

    it('is restored to an earlier moment, again and again, and no wrong answer is delivered', async () => {
      const peer = host();
      const traffic = new Traffic(peer, { width: 4, ms: 50 });
      await traffic.goesOn();
      await peer.call('talk', { width: 3, ms: 50 });
      await traffic.goesOn();
      const saved = join(machine.folder, `saved-${protocol}`);
      await machine.vm.save(saved);
      for (let times = 0; times < 3; times++) {
        // What the guest does in this time it will not have done.
        await traffic.goesOn(5 + times * 7);
        await machine.reboot(saved);
        const executed = worker.executed;
        await traffic.goesOn();
        await expect.poll(() => worker.executed).toBeGreaterThan(executed);
      }
      const theirs = (await peer.call('hush')) as Tally;
      const ours = await traffic.stop();
      expect([ours, theirs].every(settled), JSON.stringify({ ours, theirs })).toBe(true);
      expect(Object.keys(ours.failed)).toContain('LINE_LOST, perhaps-executed');
    });

    it('is reset in mid-call: the call has one outcome, and calls go on', async () => {
      const peer = host();
      // The line is there: the deadline of the calls is that of what the guest does.
      await peer.call('report');
      const outcomes: string[] = [];
      const slow = Array.from({ length: 3 }, (_, index) =>
        peer.call('work', { id: `slow ${index}`, ms: 600_000 }, { timeoutMs: 5000 }).then(
          () => outcomes.push('answered'),
          ({ code, known }: { code: string; known: string }) => outcomes.push(`${code}, ${known}`),
        ),
      );
      while (((await peer.call('report')) as { running: number }).running < 3) await pause(50);
      await machine.vm.reset();
      await Promise.all(slow);
      expect(outcomes).toHaveLength(3);
      for (const outcome of outcomes) expect(outcome).toBeOneOf(['TIMEOUT, perhaps-executed', 'LINE_LOST, perhaps-executed']);
      const traffic = new Traffic(peer);
      await traffic.goesOn();
      expect(settled(await traffic.stop())).toBe(true);
    });
  });
});
